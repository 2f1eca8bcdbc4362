"""The engine of before/after pairs: what a pair shows is made of every request's picture.

Pair and picture are framed alike (``frame``), the model paints a square (``painter``), and what changes decides the
composition (``change``): recolours and backgrounds keep the source's detail as the text editor's do; another tone of
the whole picture, and another stance of the product, are reckoned, not painted; anything else takes the model's pixels
where its result differs from the picture, and nowhere else.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
import torch
from torch import Tensor

from editcore.editors.base import EditRequest, EditResult, Exemplar
from editcore.editors.compose import compose
from editcore.editors.crop import Box, give_back, picture_box
from editcore.editors.place import Stance, compose_place, stays_inside
from editcore.editors.recolour import colour_shown
from editcore.editors.transfer.bundled import load_painter
from editcore.editors.transfer.change import Kind, change_of
from editcore.editors.transfer.frame import box_of, pair_box, square
from editcore.editors.transfer.grade import Grade
from editcore.editors.transfer.painter import Painter, PairPanels
from editcore.editors.transfer.pick import Judge, Pick, along_the_pairs, nearest_to_all
from editcore.editors.transfer.plain import is_plain, typical_colour
from editcore.editors.transfer.region import changed_region

SHARED = Path(__file__).parents[2] / "bundled" / "editor"
BUNDLED = Path(__file__).parents[2] / "bundled" / "transfer"
STEPS = 1
"""Better than more: trained mostly on noise alone, the model says nearly all in the first (docs/evaluation.md)."""
NOTHING = "the model changed nothing visible here"
TONE, STANCE = "the pair's tone", "the pair's stance"
UNHEARD = "the pair's change is reckoned, not painted, and no words take part in it: they were not followed"
CUT = "the product is cut off by the picture's border, and the cut may show where it stands now"
OUTSIDE = "the product does not fit into the picture as the pair has it: part of it is cut off"
HIDDEN = "what was behind the product is filled in from around it, on a background that is not plain"
SOFT = "the change is painted by the small model: softer than the photograph around it"


RGB = tuple[int, int, int]


class Shown(NamedTuple):
    """What a pair asks of the composition."""

    kind: Kind
    colour: RGB | None
    """Of a recolour: what the product's colour becomes. Of a plain new background: its colour. Else None."""
    grade: Grade | None
    """Of kind ``grade``."""
    stance: Stance | None
    """Of kind ``stance``."""

    @property
    def reckoned(self) -> bool:
        """Whether nothing is to be painted for it."""
        return bool(self.grade or self.stance)


class TransferEditor:
    """See ``base.Editor``. Requests without exemplars are refused with ValueError: the text editor does those."""

    def __init__(
        self,
        folder: Path | str = BUNDLED,
        shared: Path | str = SHARED,
        steps: int = STEPS,
        seeds: int = 1,
        batch_size: int = 8,
        device: str = "cpu",
        memory_mb: int = 1024,
        adapters: Mapping[str, float] | None = None,
        painter: Painter | None = None,
        judge: Judge | None = None,
    ) -> None:
        """seeds: samples a picture, of which one is kept. memory_mb: for what pairs mean to the model. adapters: LoRA
        files and their scales. painter: another model in place of the bundled one's folders, device and memory. judge:
        picks among the seeds; None keeps the sample that is nearest to all."""
        self.painter = painter or load_painter(Path(folder), Path(shared), device, memory_mb << 20, adapters)
        self.steps, self.seeds, self.batch_size, self.judge = steps, seeds, batch_size, judge
        self._shown: dict[str, Shown] = {}
        self.identity = {
            "name": "transfer", "steps": str(steps), "seeds": str(seeds), "adapters": str(dict(adapters or {})),
        }  # fmt: skip

    @property
    def figures(self) -> dict[str, int]:
        """Pairs computed, reused and dropped so far, and the memory they take."""
        return self.painter.memory.figures

    def edit(self, requests: Sequence[EditRequest]) -> list[EditResult]:
        """Edit a batch; see ``base.Editor.edit``. Requests that follow the same pairs are painted together."""
        results: dict[int, EditResult] = {}
        order = sorted(range(len(requests)), key=lambda n: _following(requests[n]))
        for _, group in groupby(order, key=lambda n: _following(requests[n])):
            rows = list(group)
            results |= zip(rows, self._follow([requests[n] for n in rows]), strict=True)
        return [results[n] for n in range(len(requests))]

    def _follow(self, requests: Sequence[EditRequest]) -> list[EditResult]:
        exemplars, words = requests[0].exemplars, requests[0].words
        if not exemplars:
            raise ValueError(
                "found a request without a before/after pair; expected exemplars, or the text editor"
            )
        asked = [self._show(exemplar) for exemplar in exemplars]
        if all(one.reckoned for one in asked):
            return [_reckoned(request, asked) for request in requests]
        whole = "background" in [one.kind for one in asked]
        boxes = [box_of(request.alpha, whole) for request in requests]
        pixels = self.painter.pixels
        shown = torch.stack([square(r.image, box, pixels) for r, box in zip(requests, boxes, strict=True)])
        query = self.painter.encode(shown)
        seeds = [[request.seed + 7919 * n for n in range(self.seeds)] for request in requests]
        shown_by = [e for e, one in zip(exemplars, asked, strict=True) if not one.reckoned]
        panels = [self._panels(exemplar, whole) for exemplar in shown_by]
        pick: Pick = nearest_to_all
        if self.judge and self.seeds > 1:
            ends = [(pair.before_3HW, pair.after_3HW) for pair in panels]
            pick = along_the_pairs(self.judge, self.painter.decode, ends, shown)
        painted = self.painter.decode(self.painter.paint(panels, query, seeds, self.steps, words, pick))
        unchanged = self.painter.decode(query)
        return [
            self._finish(request, asked, box, before, after)
            for request, box, before, after in zip(requests, boxes, unchanged, painted, strict=True)
        ]

    def _show(self, exemplar: Exemplar) -> Shown:
        """Found once a pair and not once a batch."""
        if exemplar.key not in self._shown:
            change, colour = change_of(exemplar), None
            kind = change.kind
            if kind == "recolour":
                colour = colour_shown(exemplar.before, exemplar.before_alpha, exemplar.after)
            elif kind == "background":
                around = exemplar.after_alpha == 0
                if is_plain(exemplar.after, around):
                    red, green, blue = (int(c) for c in typical_colour(exemplar.after, around))
                    colour = red, green, blue
            self._shown[exemplar.key] = Shown(kind, colour, change.grade, change.stance)
        return self._shown[exemplar.key]

    def _panels(self, exemplar: Exemplar, whole: bool) -> PairPanels:
        box = pair_box(exemplar, whole)
        before, after = (square(p, box, self.painter.pixels) for p in (exemplar.before, exemplar.after))
        return PairPanels(f"{exemplar.key}:{int(whole)}", before, after)

    def _finish(
        self, request: EditRequest, asked: Sequence[Shown], box: Box, before_3HW: Tensor, after_3HW: Tensor
    ) -> EditResult:
        """before, after: the query through the autoencoder, and what the model made of it, (3, h, h)."""
        kinds = [one.kind for one in asked]
        painted = np.ascontiguousarray(after_3HW.permute(1, 2, 0).numpy())
        raw = (painted * 255).round().astype(np.uint8)
        notes: dict[str, float | str] = {"steps": self.steps, "change": "+".join(sorted(set(kinds)))}
        image, region = request.image, np.zeros(request.alpha.shape, np.uint8)
        warnings: tuple[str, ...] = ()
        if "other" in kinds:
            square_region = changed_region(before_3HW, after_3HW)
            soft = np.clip(give_back(square_region, box, request.alpha.shape), 0, 255).astype(np.uint8)
            kinds, warnings = ["other"], (SOFT if soft.any() else NOTHING,)
            if soft.any():
                made = compose(
                    "other", image, soft, painted, box, seed=request.seed, strength=request.strength
                )
                image, region, notes = made.image, made.region, notes | made.notes
        # The background first: a recolour keeps what is then around the product.
        for kind in [kind for kind in ("background", "recolour") if kind in kinds]:
            # The pair says a colour better than the model does; two pairs of one kind say two.
            colours = [one.colour for one in asked if one.kind == kind]
            colour = colours[0] if len(colours) == 1 else None
            made = compose(
                kind, image, request.alpha, painted, box, seed=request.seed, strength=request.strength,
                target_rgb=colour, setting="studio" if kind == "background" and colour else None,
            )  # fmt: skip
            image, region, notes = made.image, np.maximum(region, made.region), notes | made.notes
            if colour:
                notes["anchored"] = "the pair's colour"
        return _reckon(EditResult(image, region, raw, box, warnings, notes), request, asked)


def _reckoned(request: EditRequest, asked: Sequence[Shown]) -> EditResult:
    """A request whose pairs ask for nothing that is painted; there is no model's output."""
    box, unheard = picture_box(*request.alpha.shape), (UNHEARD,) if request.words else ()
    kinds = "+".join(sorted({one.kind for one in asked}))
    nothing = np.zeros_like(request.alpha)
    return _reckon(EditResult(request.image, nothing, None, box, unheard, {"change": kinds}), request, asked)


def _reckon(made: EditResult, request: EditRequest, asked: Sequence[Shown]) -> EditResult:
    """With every pair's stance, and then its tone, one after the other."""
    image, region, warnings, notes = made.image, made.region, made.warnings, dict(made.notes)
    for stance in [one.stance for one in asked if one.stance]:
        stance = stance.by(request.strength)
        image, changed = compose_place(image, request.alpha, stance)
        region, notes["anchored"] = np.maximum(region, changed), STANCE
        if not is_plain(request.image, request.alpha == 0):
            warnings = (*warnings, HIDDEN)
        if max(edge.max() for edge in (*request.alpha[[0, -1]], *request.alpha[:, [0, -1]].T)) > 127:
            warnings = (*warnings, CUT)
        if not stays_inside(request.alpha, stance):
            warnings = (*warnings, OUTSIDE)
    for grade in [one.grade for one in asked if one.grade]:
        image = cv2.addWeighted(grade(image), request.strength, image, 1 - request.strength, 0)
        region, notes["anchored"] = np.full_like(region, 255), TONE
    return EditResult(image, region, made.raw, made.crop, warnings, notes)


def _following(request: EditRequest) -> tuple[tuple[str, ...], str]:
    """What requests must share to be painted together."""
    return tuple(exemplar.key for exemplar in request.exemplars), request.words
