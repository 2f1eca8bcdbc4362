"""The square of a picture that the transformer sees: around the product, or the whole picture."""

from __future__ import annotations

import cv2
import numpy as np
import torch
from torch import Tensor

from editcore.editors.base import Exemplar
from editcore.editors.crop import Box, object_box, picture_box, take

FILL = 0.6
"""Share of the square that the product's longer side takes; room for it to grow and to move."""


def box_of(alpha: np.ndarray, whole: bool) -> Box:
    """The square of a picture with this matte, (H, W) uint8. ValueError for an empty matte."""
    return picture_box(*alpha.shape) if whole else object_box(alpha, FILL)


def pair_box(exemplar: Exemplar, whole: bool) -> Box:
    """One square for both pictures of a pair, or a change of place would be lost."""
    return box_of(np.maximum(exemplar.before_alpha, exemplar.after_alpha), whole)


def square(picture: np.ndarray, box: Box, pixels: int) -> Tensor:
    """(H, W, 3) uint8 to (3, pixels, pixels) float32 in [0, 1]; reflected where the box reaches outside."""
    shown = take(picture, box, pixels, cv2.BORDER_REFLECT_101) / 255
    return torch.from_numpy(np.ascontiguousarray(shown.transpose(2, 0, 1))).float().clamp(0, 1)
