"""The square the model looks at, and the way back to the full-resolution picture.

Two framings. **Around the object** (recolour, material, region): a square in which the object's longer side
fills ``OBJECT_FILL`` of the frame; what lies outside the picture is filled by reflection, as the model wants
a picture there. **The whole picture** (background): the smallest square containing the picture, with the
object cut out on grey. What lies outside the picture is grey too, i.e. just more background to invent; it is
thrown away afterwards, so that a picture of any aspect ratio gets one seamless background.

Boxes are (left, top, right, bottom) in source pixels, right and bottom exclusive, and may reach outside the
picture.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

import cv2
import numpy as np

from editcore.editors.base import Target

Box = tuple[int, int, int, int]

MODEL_SIZE = 128
OBJECT_FILL = 0.66
"""Share of the frame that the object's longer side takes; the training pictures lie between 0.4 and 0.8."""
CUT_OUT_GREY = 0.5
CutOut = bool | Literal["always"]
"""True: backgrounds are shown as the product on grey. ``always``: whatever may change is grey, as for inpainting."""


class ModelInput(NamedTuple):
    """What the model is given for one request."""

    picture: np.ndarray
    """(size, size, 3) float32 sRGB in [0, 1]."""
    region: np.ndarray
    """(size, size) float32 in [0, 1], 1 = may change."""
    box: Box


def object_box(alpha: np.ndarray, fill: float = OBJECT_FILL) -> Box:
    """Square around what ``alpha`` ((H, W) uint8) covers, the longer side filling ``fill`` of it.

    Raises ValueError if the matte is empty.
    """
    left, top, right, bottom = bounds(alpha)
    side = max(round(max(right - left, bottom - top) / fill), 8)
    x0 = (left + right - side) // 2
    y0 = (top + bottom - side) // 2
    return x0, y0, x0 + side, y0 + side


def picture_box(height: int, width: int) -> Box:
    """Smallest square containing the whole picture, centred on it."""
    side = max(height, width)
    x0, y0 = -((side - width) // 2), -((side - height) // 2)
    return x0, y0, x0 + side, y0 + side


def bounds(alpha: np.ndarray, threshold: int = 128) -> Box:
    """Tight box of ``alpha >= threshold`` (``alpha > 0`` if nothing is that solid). ValueError if empty."""
    solid = alpha >= threshold
    if not solid.any():
        solid = alpha > 0
    rows, columns = np.flatnonzero(solid.any(axis=1)), np.flatnonzero(solid.any(axis=0))
    if rows.size == 0:
        raise ValueError(
            "the mask is empty (no pixel above 0): nothing to edit. "
            "Give a mask for this picture or skip the row."
        )
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1


def model_input(
    image: np.ndarray, alpha: np.ndarray, target: Target, size: int = MODEL_SIZE, cut_out: CutOut = True
) -> ModelInput:
    """Crop a request for the model.

    image: (H, W, 3) uint8 sRGB; alpha: (H, W) uint8, 255 = product (or named region).
    Background: the object cut out on grey, region = everything else. Otherwise: the picture as it is, region
    = alpha. cut_out False shows a background's model the whole photograph too, reflected beyond its borders;
    ``always`` shows grey where the product was too.
    """
    bounds(alpha)
    if target == "background":
        box = picture_box(*alpha.shape)
        coverage = take(alpha, box, size, cv2.BORDER_CONSTANT)
        if not cut_out:
            return ModelInput(take(image, box, size, cv2.BORDER_REFLECT_101) / 255, 1 - coverage / 255, box)
        # Premultiplied shrinking: otherwise the old background bleeds into the rim of the cut-out.
        premultiplied = cv2.multiply(image, cv2.merge([alpha] * 3), scale=1 / 255)
        shown = take(premultiplied, box, size, cv2.BORDER_CONSTANT) / 255
        coverage = coverage / 255
        return ModelInput(shown + CUT_OUT_GREY * (1 - coverage[..., None]), 1 - coverage, box)
    box = object_box(alpha)
    picture = take(image, box, size, cv2.BORDER_REFLECT_101) / 255
    region = take(alpha, box, size, cv2.BORDER_CONSTANT) / 255
    if cut_out == "always":
        picture += (CUT_OUT_GREY - picture) * region[..., None]
    return ModelInput(picture, region, box)


def take(array: np.ndarray, box: Box, size: int, border: int) -> np.ndarray:
    """Cut ``box`` from (H, W[, C]) uint8, resize to (size, size[, C]) float32 in [0, 255]; ``border`` as in
    cv2."""
    height, width = array.shape[:2]
    left, top, right, bottom = box
    inside = array[max(top, 0) : min(bottom, height), max(left, 0) : min(right, width)]
    pad = (max(-top, 0), max(bottom - height, 0), max(-left, 0), max(right - width, 0))
    if any(pad):
        inside = _pad(inside, pad, border)
    scale = inside.shape[0] / size
    method = cv2.INTER_AREA if scale > 1 else cv2.INTER_CUBIC
    return cv2.resize(inside, (size, size), interpolation=method).astype(np.float32)


def give_back(model_output: np.ndarray, box: Box, shape: tuple[int, int]) -> np.ndarray:
    """Bring the model's square back to the picture.

    model_output: (h, h[, C]) float32; shape: (H, W) of the picture.
    Returns (H, W[, C]) float32; bicubic; pixels outside the box repeat its edge.
    """
    height, width = shape
    left, top, right, _ = box
    size = model_output.shape[0]
    side = right - left
    if side < size:  # shrinking needs an area filter, or it aliases
        model_output = cv2.resize(model_output, (side, side), interpolation=cv2.INTER_AREA)
        size = side
    scale = size / side
    # Pixel centres: source x + 0.5 lies at (x + 0.5 - left) * scale in the model's square.
    matrix = np.array(
        [[scale, 0, (0.5 - left) * scale - 0.5], [0, scale, (0.5 - top) * scale - 0.5]], np.float32
    )
    return cv2.warpAffine(
        np.ascontiguousarray(model_output, dtype=np.float32),
        matrix,
        (width, height),
        flags=cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )


def _pad(array: np.ndarray, pad: tuple[int, int, int, int], border: int) -> np.ndarray:
    """``cv2.copyMakeBorder`` that also reflects further than the array is large (it is never asked to by
    cv2)."""
    top, bottom, left, right = pad
    if border == cv2.BORDER_REFLECT_101:
        widths = ((top, bottom), (left, right)) + ((0, 0),) * (array.ndim - 2)
        return np.pad(array, widths, mode="reflect" if min(array.shape[:2]) > 1 else "edge")
    return cv2.copyMakeBorder(array, top, bottom, left, right, border)
