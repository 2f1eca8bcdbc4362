"""Where the model's result differs from the picture, for edits whose region nobody can name beforehand."""

from __future__ import annotations

import cv2
import numpy as np
from torch import Tensor

from editcore.lexicon.colour import delta_e

VISIBLE = 9.0
"""CIEDE2000 from which a difference counts: the model repaints everything, a little off."""
SPECK = 0.003
"""Smallest patch that counts, in shares of the square."""
MARGIN = 0.03
"""How far beyond the difference the region reaches, and over how much of that it fades, in shares of the square."""


def changed_region(before_3HW: Tensor, after_3HW: Tensor) -> np.ndarray:
    """(H, W) float32 in [0, 255] of two pictures in [0, 1] that went through the same autoencoder; 0 is unchanged.

    Comparing with the picture itself would count what the autoencoder blurs as a change.
    """
    before, after = (
        cv2.GaussianBlur(np.ascontiguousarray(p.permute(1, 2, 0).numpy()), (0, 0), 1.5)
        for p in (before_3HW, after_3HW)
    )
    differs = (delta_e(before, after) > VISIBLE).astype(np.uint8)
    side = differs.shape[0]
    differs = cv2.morphologyEx(differs, cv2.MORPH_CLOSE, _disc(round(MARGIN * side)))
    count, label, stats, _ = cv2.connectedComponentsWithStats(differs)
    large = [n for n in range(1, count) if stats[n, cv2.CC_STAT_AREA] >= SPECK * side * side]
    grown = cv2.dilate(np.isin(label, large).astype(np.uint8), _disc(round(MARGIN * side)))
    inner = cv2.distanceTransform(grown, cv2.DIST_L2, 3) / (MARGIN * side)
    return np.asarray(255 * np.clip(inner, 0, 1), np.float32)


def _disc(radius: int) -> np.ndarray:
    return cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1))
