"""From the model's small picture to the finished photograph: one entrance for every kind of edit.

Whatever the kind, ``image[region == 0]`` equals the source bit for bit, by construction (source pixels are
copied last) and checked before the result leaves.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np

from editcore.editors.backdrop import Setting, compose_background
from editcore.editors.crop import Box
from editcore.editors.material import compose_material, compose_pixels
from editcore.editors.recolour import compose_recolour

Kind = Literal["recolour", "background", "material", "pattern", "part", "other"]
Notes = dict[str, float | str]

__all__ = [
    "Composite",
    "compose",
    "compose_background",
    "compose_material",
    "compose_pixels",
    "compose_recolour",
]


class Composite(NamedTuple):
    """A finished picture with what is needed to judge it."""

    image: np.ndarray
    """(H, W, 3) uint8 sRGB at the source's size."""
    region: np.ndarray
    """(H, W) uint8, 255 = was allowed to change, 0 = the source's own bytes."""
    notes: Notes
    """Columns for the manifest: what anchored the colour, where the shadow came from, whether detail is
    procedural."""


def compose(
    kind: Kind,
    image: np.ndarray,
    alpha: np.ndarray,
    model_crop: np.ndarray,
    crop_box: Box,
    *,
    seed: int,
    target_rgb: tuple[int, int, int] | None = None,
    strength: float = 1.0,
    detail: np.ndarray | None = None,
    setting: Setting | None = None,
) -> Composite:
    """Compose one edit at full resolution.

    kind: as in ``lexicon.Instruction.kind``. image: (H, W, 3) uint8; alpha: (H, W) uint8, 255 = product or
    named region; model_crop: (h, h, 3) float sRGB in [0, 1], what the model made of ``crop_box``. target_rgb:
    known colour of a recolour, or of a studio background. detail, setting: see ``compose_background``. strength
    in (0, 1] mixes the edit with the source inside the region; a background is always replaced in full. Raises
    ValueError for an empty mask, shapes that do not match or a strength out of range.
    """
    if not 0 < strength <= 1:
        raise ValueError(f"strength is {strength}; expected a number above 0 and at most 1.")
    if kind == "background":
        parts = compose_background(
            image, alpha, model_crop, crop_box, seed, detail, setting, colour=target_rgb
        )
    elif kind == "recolour":
        parts = compose_recolour(image, alpha, model_crop, crop_box, target_rgb, strength, seed)
    elif kind in ("material", "pattern"):
        parts = compose_material(image, alpha, model_crop, crop_box, strength, seed)
    else:
        parts = compose_pixels(image, alpha, model_crop, crop_box, strength, seed)
    result = Composite(*parts)
    kept = result.region == 0
    if not np.array_equal(result.image[kept], image[kept]):  # a bug in this package, never the user's fault
        raise AssertionError("composition changed pixels outside its region")
    return result
