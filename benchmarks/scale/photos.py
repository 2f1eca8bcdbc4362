"""Pictures with detail at several scales, so that coding and decoding them costs what photographs cost."""

from __future__ import annotations

import cv2
import numpy as np


def photo(noise: np.random.Generator, side: int) -> np.ndarray:
    """(side, side, 3) uint8."""
    picture_HW3 = np.full((side, side, 3), 128, np.float32)
    for cells, strength in ((6, 90), (24, 50), (96, 30), (side // 2, 12)):
        grid = noise.standard_normal((cells, cells, 3)).astype(np.float32)
        picture_HW3 += strength * cv2.resize(grid, (side, side), interpolation=cv2.INTER_CUBIC)
    return picture_HW3.clip(0, 255).astype(np.uint8)
