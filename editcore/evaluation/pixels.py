"""Pixel measures of one edit. Pictures are (H, W, 3) uint8 sRGB, masks (H, W) bool."""

from __future__ import annotations

import numpy as np
from skimage.metrics import structural_similarity

from editcore.lexicon.colour import delta_e
from editcore.scoring.preservation import PSNR_CAP


def only(picture: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """The picture with everything outside ``mask`` black, as PIE-Bench multiplies by its masks."""
    return np.where(mask[..., None], picture, np.uint8(0))


def kept(before: np.ndarray, after: np.ndarray, outside: np.ndarray) -> dict[str, float | None]:
    """``psnr_``, ``mse_`` and ``ssim_unedit_part`` as PIE-Bench defines them; None when nothing had to stay.

    Both pictures are multiplied by the mask of kept pixels and then compared over the whole picture, zeros
    included. SSIM is torchmetrics' with default settings (Gaussian window of 11 x 11, sigma 1.5, per channel), whose
    mean also leaves out a border of half a window.
    """
    names = ("psnr_unedit_part", "mse_unedit_part", "ssim_unedit_part")
    if not outside.any():
        return dict.fromkeys(names)
    a, b = (only(picture, outside).astype(np.float64) / 255 for picture in (before, after))
    mse = float(np.square(a - b).mean())
    psnr = min(PSNR_CAP, -10 * float(np.log10(mse))) if mse else PSNR_CAP
    ssim = structural_similarity(
        a, b, data_range=1.0, channel_axis=2, gaussian_weights=True, sigma=1.5, use_sample_covariance=False
    )
    return dict(zip(names, (psnr, mse, float(ssim)), strict=True))


def errors(after: np.ndarray, truth: np.ndarray, inside: np.ndarray) -> dict[str, float | None]:
    """``rmse_region`` and ``delta_e_to_truth``; None for an empty region."""
    if not inside.any():
        return {"rmse_region": None, "delta_e_to_truth": None}
    a, b = after[inside], truth[inside]
    rmse = float(np.sqrt(np.square((a.astype(np.float64) - b) / 255).mean()))
    return {"rmse_region": rmse, "delta_e_to_truth": float(delta_e(a, b).mean())}
