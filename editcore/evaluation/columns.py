"""Every column that is measured: meaning, unit, which way is better, and how the page shows it.

The first block carries PIE-Bench's names and definitions (``PnPInversion/evaluation``, Ju et al. 2024): kept pixels
are compared on both pictures times (1 - mask), over the whole picture. **Values compare with published ones only when
the same networks measured them**; which ones did stands in every result (``networks``).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from editcore.scoring.columns import COLUMNS as NIGHT_COLUMNS

Better = Literal["higher", "lower", "neither"]


@dataclass(frozen=True)
class Measured:
    """One column; null where the question does not arise (no truth, nothing kept, no colour named)."""

    name: str
    label: str
    """Heading on the page."""
    better: Better
    scale: float
    """What the page multiplies by, as PIE-Bench's tables do."""
    digits: int
    meaning: str


COLUMNS: tuple[Measured, ...] = (
    Measured("rmse_region", "RMSE", "lower", 1, 3, "Root mean square error to the truth in the region, [0, 1]."),
    Measured(
        "lpips_to_truth", "LPIPS to truth ×10³", "lower", 1e3, 0,
        "LPIPS to the truth, on the square around the region, everything outside the region taken from the truth.",
    ),
    Measured("delta_e_to_truth", "ΔE to truth", "lower", 1, 1, "Mean CIEDE2000 to the truth in the region."),
    Measured(
        "chroma_to_named", "chroma error", "lower", 1, 1,
        "CIELAB a, b distance of the region's mid-tones to the named colour in their shade (scoring.colour).",
    ),
    Measured(
        "clip_direction", "CLIP direction", "higher", 1, 3,
        "Cosine of the pictures' and the captions' change (Gal et al. 2022, eq. 3), whole picture.",
    ),
    Measured(
        "structure_distance", "structure ×10³", "lower", 1e3, 2,
        "PIE-Bench: mean squared difference of key self-similarities (Tumanyan et al. 2022, eq. 3), DINO ViT-B/8. "
        "Only with a local ViT-B/8; else empty.",
    ),
    Measured(
        "structure_distance_other", "structure (not DINO) ×10³", "lower", 1e3, 2,
        "The same over the keys of another network. Does not compare with published values.",
    ),
    Measured("psnr_unedit_part", "PSNR kept", "higher", 1, 2, "dB over kept pixels, at most 100 (= identical)."),
    Measured("lpips_unedit_part", "LPIPS kept ×10³", "lower", 1e3, 1, "LPIPS of the kept pixels, the others black."),
    Measured("mse_unedit_part", "MSE kept ×10⁴", "lower", 1e4, 2, "Mean squared error of kept pixels, [0, 1]."),
    Measured("ssim_unedit_part", "SSIM kept ×10²", "higher", 1e2, 2, "SSIM (11 x 11 Gaussian, sigma 1.5) likewise."),
    Measured(
        "clip_similarity_source_image", "CLIP source", "neither", 1, 2,
        "100 x cosine of the source and its caption, not below 0.",
    ),
    Measured(
        "clip_similarity_target_image", "CLIP whole", "higher", 1, 2,
        "100 x cosine of the result and the target caption, not below 0.",
    ),
    Measured(
        "clip_similarity_target_image_edit_part", "CLIP edited", "higher", 1, 2,
        "The same with everything outside the region black.",
    ),
)  # fmt: skip
NAMES: tuple[str, ...] = tuple(column.name for column in COLUMNS)
BY_NAME: dict[str, Measured] = {column.name: column for column in COLUMNS}
ERRORS: tuple[str, ...] = ("delta_e_to_truth", "lpips_to_truth", "rmse_region")
"""Errors to the exact result."""
RAW = "raw_"
"""Prefix of the same columns for the model's own output, before composition put the source's pixels back."""
SCORE = "score_"
"""Prefix of the night's own scores (``scoring.columns``), measured as the night measures them."""
NIGHT: tuple[str, ...] = tuple(
    column.name for column in NIGHT_COLUMNS if column.type != "string" and column.name != "score_seconds"
)
"""The night's figures that are measured again here, to be compared with the truth (``agreement``)."""


def all_columns() -> list[str]:
    """Names of every measured column, in order."""
    return [*NAMES, *(RAW + name for name in NAMES), *(SCORE + name for name in NIGHT)]
