"""The campaign's thresholds: which figures let a picture go out, and which send it to people or back to
work."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class Thresholds(BaseModel):
    """All fields may be given in the campaign file; ``null`` switches a check off.

    **rework** is for what a machine can tell is wrong (nothing happened, kept pixels were damaged, another
    colour came out); **review** for what it cannot vouch for.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    min_kept_psnr: float | None = Field(
        default=60.0,
        ge=0,
        description="PSNR (dB) of the pixels that must not change; below: rework. Identical pixels have 100.",
    )
    max_lpips_kept: float | None = Field(
        default=0.02,
        ge=0,
        description="Perceptual distance outside the region; above: rework. 0 = identical.",
    )
    min_region_change: float | None = Field(
        default=2.0,
        ge=0,
        description="Mean CIEDE2000 inside the region; below: rework, nothing happened. 1 = just visible.",
    )
    rework_chroma_error: float | None = Field(
        default=45.0,
        ge=0,
        description="Distance (CIELAB a, b) to the named colour; above: rework, it is another colour.",
    )
    max_chroma_error: float | None = Field(
        default=25.0, ge=0, description="Distance (CIELAB a, b) to the named colour; above: review."
    )
    max_delta_e: float | None = Field(
        default=18.0,
        ge=0,
        description="CIEDE2000 to the named colour; above: review. Unlike chroma error it counts lightness.",
    )
    min_clip_text: float | None = Field(
        default=None,
        ge=-1,
        le=1,
        description="CLIP similarity of picture and words; below: review. Depends on the CLIP model.",
    )
    min_clip_direction: float | None = Field(
        default=0.0,
        ge=-1,
        le=1,
        description="CLIP directional similarity; below: review, the picture moved away from the words.",
    )
    review_mask_doubts: bool = Field(
        default=True, description="Send pictures with a doubtful mask (column mask_doubt) to review."
    )
    review_range_outliers: bool = Field(
        default=True,
        description="Send pictures that stand out from the other rows of their recipe (column range_doubt) to review.",
    )
    review_warnings: bool = Field(
        default=True,
        description="Send pictures whose edit gave warnings, such as words never seen, to review.",
    )
