"""What every engine does with a model's square: compose it at full resolution, and say how it went.

Recolours and backgrounds keep the source's detail, shading and rims whoever painted the square (``compose``).
"""

from __future__ import annotations

import numpy as np

from editcore.editors.base import EditRequest, EditResult
from editcore.editors.compose import compose
from editcore.editors.crop import ModelInput
from editcore.editors.floor import floor_detail
from editcore.lexicon import Instruction
from editcore.lexicon.colour import chroma_distance
from editcore.outcomes import Outcome, RowError

Notes = dict[str, float | str]


def finish(
    request: EditRequest,
    instruction: Instruction,
    given: ModelInput,
    painted: np.ndarray,
    notes: Notes,
    warnings: tuple[str, ...] = (),
    studio_floor: bool = False,
) -> EditResult:
    """The finished picture.

    given: what the model saw. painted: (h, h, 3) float32 in [0, 1], what it made of ``given.box``; h is the side of
    ``given.picture`` or a multiple of it. notes: the engine's own columns. studio_floor: whether a floor named in the
    words is repainted from the studio's textures (``floor.floor_detail``). Raises ValueError for an empty mask, and
    ``RowError`` for a picture with NaN in it.
    """
    if not np.isfinite(painted).all():
        raise RowError(
            Outcome.MODEL_ERROR, "not_finite",
            "the model's picture is not a number somewhere; half precision overflowed: "
            "set dtype to bfloat16 or float32 in the profile",
        )  # fmt: skip
    asked = instruction.colour.rgb if instruction.colour and instruction.kind == "recolour" else None
    floor = None
    if studio_floor:
        floor = floor_detail(instruction, request.alpha, painted, given.box, request.seed)
    composite = compose(
        instruction.kind, request.image, request.alpha, painted, given.box,
        seed=request.seed, target_rgb=asked, strength=request.strength, setting=instruction.setting,
        detail=floor.detail if floor else None,
    )  # fmt: skip
    notes = composite.notes | notes
    if floor:
        notes |= floor.notes
    if asked:
        notes["raw_chroma_error"] = _raw_chroma_error(painted, given.region, asked)
    raw = (painted * 255).round().astype(np.uint8)
    return EditResult(composite.image, composite.region, raw, given.box, warnings, notes)


def _raw_chroma_error(painted: np.ndarray, region: np.ndarray, asked: tuple[int, int, int]) -> float:
    """Distance in CIELAB's a*b* plane of the model's own mean colour in the region to the colour asked for."""
    small = painted.reshape(
        region.shape[0], -1, region.shape[1], painted.shape[0] // region.shape[0], 3
    ).mean((1, 3))
    weight = (region > 0.9).astype(float) + 1e-9
    mean = (small * weight[..., None]).sum((0, 1)) / weight.sum()
    return float(chroma_distance(tuple(float(c) for c in mean), asked))
