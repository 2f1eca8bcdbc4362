"""Material, pattern and other edits: here the model's own pixels are wanted, as far as they are sharp.

Best effort by nature. A 256 px picture holds the material's colours and coarse texture; fine relief, print
and the fall of light come from the source. ``compose_pixels`` (parts and anything else) trusts the model
entirely.
"""

from __future__ import annotations

import cv2
import numpy as np

from editcore.editors import matte
from editcore.editors.colourspace import oklab_from_srgb, srgb_from_oklab
from editcore.editors.crop import Box, give_back

Notes = dict[str, float | str]

SOURCE_LIGHT = 0.45
"""How much of the source's shading (below the model's resolution) stays under the new material."""
SOURCE_DETAIL = 0.6
"""How much of the source's relief finer than the model's pixels stays."""


def compose_material(
    image: np.ndarray,
    alpha: np.ndarray,
    model_crop: np.ndarray,
    crop_box: Box,
    strength: float = 1.0,
    seed: int = 0,
    source_light: float = SOURCE_LIGHT,
    source_detail: float = SOURCE_DETAIL,
) -> tuple[np.ndarray, np.ndarray, Notes]:
    """Dress the product in the model's material or pattern.

    Arguments and result as ``recolour.compose_recolour``. Colour and texture are the model's; the source adds
    its shading relative to the model's (``source_light``) and its relief finer than the model sees
    (``source_detail``).
    """
    matte.check(image, alpha)
    drawn, fore = oklab_from_srgb(_upsampled(model_crop, crop_box, alpha)), matte.foreground(image, alpha)
    source = oklab_from_srgb(fore)[..., 0]
    weight = alpha.astype(np.float32) / 255
    pixel = max((crop_box[2] - crop_box[0]) / model_crop.shape[0], 1.0)
    fine = source - _inside_blur(source, weight, 1.5 * pixel)
    wide = 12 * pixel
    shading = _inside_blur(source, weight, wide) - float((source * weight).sum() / weight.sum())
    shading -= _inside_blur(drawn[..., 0], weight, wide) - float(
        (drawn[..., 0] * weight).sum() / weight.sum()
    )
    base = np.maximum(drawn[..., :1], 0.02)
    light = np.clip(drawn[..., 0] + source_light * shading + source_detail * fine, 0.02, 1.0)[..., None]
    painted = srgb_from_oklab(np.dstack([light, drawn[..., 1:] * np.clip(light / base, 0.5, 1.3)]))
    return _put(image, alpha, fore, painted, strength, {"anchored": "model"})


def compose_pixels(
    image: np.ndarray,
    alpha: np.ndarray,
    model_crop: np.ndarray,
    crop_box: Box,
    strength: float = 1.0,
    seed: int = 0,
) -> tuple[np.ndarray, np.ndarray, Notes]:
    """The model's pixels inside the matte as they are. Arguments and result as ``compose_material``."""
    matte.check(image, alpha)
    drawn = _upsampled(model_crop, crop_box, alpha)
    return _put(image, alpha, image.astype(np.float32) / 255, drawn, strength, {"anchored": "model"})


def _upsampled(model_crop: np.ndarray, box: Box, alpha: np.ndarray) -> np.ndarray:
    return np.clip(give_back(np.clip(model_crop, 0, 1), box, (alpha.shape[0], alpha.shape[1])), 0, 1)


def _put(
    image: np.ndarray, alpha: np.ndarray, fore: np.ndarray, painted: np.ndarray, strength: float, notes: Notes
) -> tuple[np.ndarray, np.ndarray, Notes]:
    coverage = (alpha.astype(np.float32) / 255)[..., None]
    edited = matte.to_uint8(image.astype(np.float32) / 255 + strength * coverage * (painted - fore))
    region = np.where(alpha > 0, 255, 0).astype(np.uint8)
    return matte.keep_outside(image, edited, region), region, notes


def _inside_blur(values: np.ndarray, weight: np.ndarray, sigma: float) -> np.ndarray:
    """Gaussian mean of (H, W) values over the matte only; run on a smaller picture when sigma is large."""
    step = max(int(sigma // 3), 1)
    size = (max(values.shape[1] // step, 1), max(values.shape[0] // step, 1))
    small_w = cv2.resize(weight, size, interpolation=cv2.INTER_AREA)
    small_v = cv2.resize(values * weight, size, interpolation=cv2.INTER_AREA)
    mean = cv2.GaussianBlur(small_v, (0, 0), sigma / step) / (
        cv2.GaussianBlur(small_w, (0, 0), sigma / step) + 1e-5
    )
    return cv2.resize(mean, values.shape[1::-1], interpolation=cv2.INTER_LINEAR)
