"""Made-up cases and engines that cost nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np

from editcore.editors.base import EditRequest, EditResult
from editcore.evaluation.cases import Case
from editcore.evaluation.columns import all_columns
from editcore.evaluation.methods import Edited

NAVY = (22, 33, 63)


def made_up(number: int = 0, kind: str = "recolour", truth: bool = True, side: int = 48) -> Case:
    """A noisy grey square on a noisy ground, to be painted navy."""
    rng = np.random.default_rng(number)
    image = rng.integers(100, 160, (side, side, 3), np.uint8)
    region = np.zeros((side, side), np.uint8)
    region[side // 4 : 3 * side // 4, side // 4 : 3 * side // 4] = 255
    target = image.copy()
    target[region > 0] = np.clip(np.array(NAVY) + rng.integers(-4, 5, (int((region > 0).sum()), 3)), 0, 255)
    return Case(
        f"case-{number}", kind, image, region, region, "product", "make it navy", "a grey mug", "a navy mug",
        target if truth else None, NAVY,
    )  # fmt: skip


class Painter:
    """An engine: the region in navy with noise from the seed; fails on words that say so."""

    batch_size = 3

    def __init__(self, profile: Any) -> None:
        self.amount = int(profile.options.get("amount", 10))
        self.identity = {"name": "painter"}

    def edit(self, requests: Sequence[EditRequest]) -> list[EditResult]:
        return [self._edit(request) for request in requests]

    def _edit(self, request: EditRequest) -> EditResult:
        if "impossible" in request.words:
            raise ValueError("nobody can do that")
        rng = np.random.default_rng(request.seed)
        noise = rng.integers(-self.amount, self.amount + 1, request.image.shape)
        painted = np.clip(np.array(NAVY) + noise, 0, 255).astype(np.uint8)
        image = np.where(request.alpha[..., None] > 0, painted, request.image)
        raw = np.full((8, 8, 3), NAVY, np.uint8)
        return EditResult(image, request.alpha, raw, (4, 4, 44, 44))


class Ruler:
    """Measures only what costs nothing, and counts its calls."""

    networks: ClassVar = {"lpips": "none"}

    def __init__(self) -> None:
        self.calls = 0

    def measure(self, cases: Sequence[Case], edits: Sequence[Edited]) -> list[dict[str, float | None]]:
        self.calls += 1
        rows = []
        for case, edit in zip(cases, edits, strict=True):
            row: dict[str, float | None] = dict.fromkeys(all_columns())
            if edit.image is not None and case.truth is not None:
                row["rmse_region"] = float(np.abs(edit.image.astype(float) - case.truth)[case.inside].mean())
            rows.append(row)
        return rows


class MadeUp:
    """A set of made-up cases."""

    kinds = ("recolour", "material")
    identity: ClassVar = {"cases": "made up"}

    def __init__(self, count: int = 4) -> None:
        self.count = count

    def load(self, kind: str) -> list[Case]:
        return [made_up(number, kind) for number in range(self.count)]
