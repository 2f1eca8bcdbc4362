"""Was kept what had to be kept? Pixel measures over everything outside the region."""

from __future__ import annotations

import numpy as np
from skimage.metrics import structural_similarity

PSNR_CAP = 100.0
"""dB recorded for identical pixels. One step of one channel in a 4-megapixel picture is 119 dB away from
nothing, but anything above 60 dB is invisible; a finite cap keeps means, plots and Parquet statistics
usable."""
_WINDOW = 7


def preservation(before: np.ndarray, after: np.ndarray, region: np.ndarray) -> dict[str, float | int | None]:
    """Columns ``kept_*`` of one edit; all None when every pixel may change.

    before, after: (H, W, 3) uint8 sRGB; region: (H, W) uint8, 0 = must not change.
    Raises ``ValueError`` on shapes that do not fit.
    """
    check(before, after, region)
    kept = region == 0
    if not kept.any():
        return dict.fromkeys(("kept_psnr", "kept_ssim", "kept_max_diff", "kept_changed"))
    difference = np.abs(before[kept].astype(np.int16) - after[kept].astype(np.int16))
    if not difference.any():
        return {"kept_psnr": PSNR_CAP, "kept_ssim": 1.0, "kept_max_diff": 0, "kept_changed": 0.0}
    mse = float(np.square(difference, dtype=np.float64).mean())
    return {
        "kept_psnr": min(PSNR_CAP, 10 * float(np.log10(255**2 / mse))),
        "kept_ssim": _ssim(before, after, kept),
        "kept_max_diff": int(difference.max()),
        "kept_changed": float(difference.any(axis=1).mean()),
    }


def check(before: np.ndarray, after: np.ndarray, region: np.ndarray) -> None:
    """Refuse arrays that are not one edit."""
    if before.shape != after.shape or before.ndim != 3 or before.shape[2] != 3 or before.dtype != after.dtype:
        raise ValueError(
            f"before is {before.shape} {before.dtype}, after {after.shape} {after.dtype}; "
            "expected two (H, W, 3) uint8 pictures of one size."
        )
    if before.dtype != np.uint8 or region.shape != before.shape[:2]:
        raise ValueError(f"region is {region.shape}; expected {before.shape[:2]}, and uint8 pictures.")


def _ssim(before: np.ndarray, after: np.ndarray, kept: np.ndarray) -> float:
    """Mean SSIM of luma over kept pixels; changed pixels are put back first, or windows at the rim would
    see them."""
    after = np.where(kept[..., None], after, before)
    a, b = (x @ np.array([0.299, 0.587, 0.114]) for x in (before, after))
    if min(a.shape) < _WINDOW:
        return 1.0 if np.array_equal(a, b) else 0.0
    _, map_ = structural_similarity(a, b, data_range=255, win_size=_WINDOW, full=True)
    return float(map_[kept].mean())
