"""Matte algebra: the pure colours on either side of a soft rim, and the promise about untouched pixels.

A rim pixel is I = alpha F + (1 - alpha) B. Putting the product on a new background (or giving it a new
colour) needs F without B, or the old background stays as a halo. F and B come from blur fusion (Forte 2021,
"Approximate Fast Foreground Colour Estimation", ICIP): weighted box means of either side, corrected by the
residual, once wide and once narrow. Two passes cost four box filters each.
"""

from __future__ import annotations

import cv2
import numpy as np

from editcore.editors.crop import bounds


def check(image: np.ndarray, alpha: np.ndarray) -> None:
    """Refuse what cannot be composed, with a ValueError that says what was found and what was expected."""
    if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8:
        raise ValueError(f"image is {image.dtype} {image.shape}; expected uint8 (H, W, 3) sRGB.")
    if alpha.shape != image.shape[:2] or alpha.dtype != np.uint8:
        raise ValueError(
            f"alpha is {alpha.dtype} {alpha.shape}; expected uint8 {image.shape[:2]} like the image."
        )
    bounds(alpha)


def foreground(image: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    """Pure product colours: (H, W, 3) float32 sRGB in [0, 1] for image uint8, alpha uint8.

    Where alpha is 255 it is the source exactly. Works for any sizes; meaningless where alpha is 0.
    """
    source = image.astype(np.float32) / 255
    reach = max(min(alpha.shape) // 14, 3)
    window = _around(alpha, reach)
    near, alpha_f = source[window], (alpha[window].astype(np.float32) / 255)[..., None]
    fore, back = _blur_fusion(near, near, near, alpha_f, reach)
    fore, _ = _blur_fusion(near, fore, back, alpha_f, max(reach // 12, 2))
    source[window] = np.where(alpha_f >= 1, near, fore)
    return source


def over(image: np.ndarray, fore: np.ndarray, alpha: np.ndarray, back: np.ndarray) -> np.ndarray:
    """alpha fore + (1 - alpha) back as uint8; where alpha is 255, the source's own bytes."""
    alpha_f = (alpha.astype(np.float32) / 255)[..., None]
    out = to_uint8(fore * alpha_f + back * (1 - alpha_f))
    return np.where((alpha == 255)[..., None], image, out)


def keep_outside(image: np.ndarray, edited: np.ndarray, region: np.ndarray) -> np.ndarray:
    """The contract, by construction: ``edited`` where region > 0, the source's bytes everywhere else."""
    return np.where((region > 0)[..., None], edited, image)


def to_uint8(picture: np.ndarray) -> np.ndarray:
    """[0, 1] float to uint8, rounded."""
    return np.clip(np.rint(picture * 255), 0, 255).astype(np.uint8)


def _blur_fusion(
    image: np.ndarray, fore: np.ndarray, back: np.ndarray, alpha: np.ndarray, reach: int
) -> tuple[np.ndarray, np.ndarray]:
    """One pass of Forte's algorithm 1 with a (2 reach + 1) box."""
    size = (2 * reach + 1, 2 * reach + 1)
    mean_alpha = cv2.blur(alpha[..., 0], size)[..., None]
    mean_fore = cv2.blur(fore * alpha, size) / (mean_alpha + 1e-5)
    mean_back = cv2.blur(back * (1 - alpha), size) / (1 - mean_alpha + 1e-5)
    fore = mean_fore + alpha * (image - alpha * mean_fore - (1 - alpha) * mean_back)
    return np.clip(fore, 0, 1), np.clip(mean_back, 0, 1)


def _around(alpha: np.ndarray, margin: int) -> tuple[slice, slice]:
    """The matte's bounds with a margin, as slices."""
    left, top, right, bottom = bounds(alpha, 1)
    return slice(max(top - margin, 0), bottom + margin), slice(max(left - margin, 0), right + margin)
