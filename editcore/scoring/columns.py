"""Every score column in one place: what it means, its unit and range, and which way is better.

``nullable`` columns are null where the question does not arise (no colour was named, every pixel may
change, the profile has no CLIP model). Scores never judge: thresholds are in ``editcore.routing``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Better = Literal["higher", "lower", "neither"]


@dataclass(frozen=True)
class Column:
    name: str
    type: Literal["float64", "int64", "string"]
    better: Better
    meaning: str
    nullable: bool = True


COLUMNS: tuple[Column, ...] = (
    Column(
        "kept_psnr",
        "float64",
        "higher",
        "PSNR in dB over pixels that must not change, at most 100 (= identical; infinity does not average).",
    ),
    Column(
        "kept_ssim", "float64", "higher", "SSIM (Wang et al. 2004) of luma over the kept pixels, [-1, 1]."
    ),
    Column("kept_max_diff", "int64", "lower", "Largest difference of a kept pixel's channel, 0-255."),
    Column("kept_changed", "float64", "lower", "Share of the kept pixels that differ at all, [0, 1]."),
    Column(
        "region_change",
        "float64",
        "neither",
        "Mean CIEDE2000 between before and after inside the region: 0 = nothing happened, 1 = just visible.",
    ),
    Column("lpips", "float64", "neither", "LPIPS of the whole picture before and after: size of the edit."),
    Column("lpips_kept", "float64", "lower", "LPIPS with the region's pixels put back: damage elsewhere."),
    Column("lpips_model", "string", "neither", "Which weights measured LPIPS; values of two do not compare."),
    Column("clip_text", "float64", "higher", "Cosine of the edited picture and the target text, [-1, 1]."),
    Column(
        "clip_direction",
        "float64",
        "higher",
        "Cosine of the change of the picture and the change of the text, [-1, 1] (StyleGAN-NADA, "
        "Gal et al. 2022; used for edits in InstructPix2Pix, Brooks et al. 2023).",
    ),
    Column("clip_image", "float64", "neither", "Cosine of the picture before and after, [-1, 1]."),
    Column("clip_model", "string", "neither", "Name of the CLIP model; values of two do not compare."),
    Column(
        "chroma_error",
        "float64",
        "lower",
        "Mean distance in CIELAB a, b of the region's mid-tones to the named colour in their shade.",
    ),
    Column("delta_e", "float64", "lower", "Mean CIEDE2000 of the region's mid-tones to the named colour."),
    Column(
        "background_l", "float64", "neither", "Median lightness L of the result's background, CIELAB, 0-100."
    ),
    Column("background_a", "float64", "neither", "Median CIELAB a of the result's background."),
    Column("background_b", "float64", "neither", "Median CIELAB b of the result's background."),
    Column("product_share", "float64", "neither", "Share of the result that the product takes, [0, 1]."),
    Column(
        "shadow_angle",
        "float64",
        "neither",
        "Where the shadow lies seen from the product, degrees: 0 = right, 90 = down, 180 = left; null without one.",
    ),
    Column("score_seconds", "float64", "lower", "Seconds spent on this row's scores.", nullable=False),
)
BY_NAME: dict[str, Column] = {column.name: column for column in COLUMNS}
NAMES: tuple[str, ...] = tuple(BY_NAME)
