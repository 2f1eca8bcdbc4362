"""What is compared: copying, words alone, the published attention, and ours with more or fewer steps and seeds.

A row turns cases into pictures at 256 pixels, (3, 256, 256) float32 in [0, 1]: what a model paints, not composed with
the query, so that figures are the model's own; one row is what the engine hands out.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import cv2
import numpy as np
import torch
from torch import Tensor

from editcore.editors.base import EditRequest, Exemplar
from editcore.editors.bundled import BUNDLED as TEXT
from editcore.editors.pipeline import LocalEditPipeline
from editcore.editors.transfer.bundled import load_painter
from editcore.editors.transfer.engine import BUNDLED, STEPS, TransferEditor
from editcore.editors.transfer.painter import Painter, PairPanels
from editcore.editors.transfer.pick import Judge, Pick, along_the_pairs, nearest_to_all
from editcore.evaluation.exemplars.cases import ExemplarCase
from editcore.scoring import BUNDLED_CLIP
from editcore.scoring.clip import Clip

BATCH = 16
OURS, FINISHED = "pair", "pair, finished"
"""The rows of the bundled engine: painted, and handed out."""
SAID = f"{STEPS} step{'s' * (STEPS > 1)}"
OTHER_STEPS = {"2 steps": 2, "4 steps": 4, "8 steps": 8, "35 steps": 35}
Paint = Callable[[Sequence[ExemplarCase], int], Tensor]
"""Cases and the number of the noise to pictures (B, 3, 256, 256)."""


@dataclass(frozen=True)
class ExemplarRow:
    """One line of the table."""

    name: str
    about: str
    paint: Paint
    seeded: bool = True
    """False: the same whatever the noise."""
    most_pairs: int = 2
    """Pairs it can follow at once; cases with more are left out of its line."""


def standard_rows(
    folder: Path = BUNDLED, reference: Path | None = None, alike: Path | None = None
) -> list[ExemplarRow]:
    """The rows of docs/evaluation.md.

    reference: a transformer trained with full attention on the same data; alike: one with ours, trained as long."""
    ours = load_painter(folder, TEXT)
    rows = [
        ExemplarRow("copy", "the query as it is", lambda cases, _: _large(_stack([c.query for c in cases])), False),
        ExemplarRow("autoencoder", "the right answer through it: nobody can paint better", _floor(ours), False),
        ExemplarRow("text only", "the text editor told the words, and where to change what", _text_only()),
        ExemplarRow(OURS, f"as the engine paints: {SAID}, one seed", _pair(ours, STEPS)),
        ExemplarRow(FINISHED, "as the engine hands it out, composed; told the exact mattes", _finished(ours)),
        *(ExemplarRow(f"pair, {name}", "ours", _pair(ours, n)) for name, n in OTHER_STEPS.items()),
        ExemplarRow("pair and words", f"ours, {SAID}", _pair(ours, STEPS, words=True)),
        *(
            ExemplarRow(f"pair, best of {n}{by}", f"{SAID}, {about}", _pair(ours, STEPS, seeds=n, judge=judge))
            for by, about, judge in (
                ("", "the sample nearest to all", None),
                (" by CLIP", "the sample that moves as the pair does", Clip(BUNDLED_CLIP).images),
            )
            for n in (4, 16)
        ),
    ]  # fmt: skip
    for name, about, place, most in (
        ("full attention", "the published attention, trained for less long", reference, 1),
        ("pair, trained alike", "ours, trained for as long as full attention", alike, 2),
    ):
        if place:
            painter = load_painter(place, TEXT)
            rows.append(ExemplarRow(name, f"{about}; {SAID}", _pair(painter, STEPS), most_pairs=most))
    return rows


def _pair(
    painter: Painter, steps: int, words: bool = False, seeds: int = 1, judge: Judge | None = None
) -> Paint:
    def paint(cases: Sequence[ExemplarCase], noise: int) -> Tensor:
        pictures = []
        for case in cases:
            panels = [
                PairPanels(f"{case.case_id}-{n}", _unit(before), _unit(after))
                for n, (before, after) in enumerate(case.pairs)
            ]
            numbers = [1000 * noise + 7919 * n + _number(case) for n in range(seeds)]
            query = painter.encode(_unit(case.query)[None])
            pick: Pick = nearest_to_all
            if judge:
                ends = [(pair.before_3HW, pair.after_3HW) for pair in panels]
                pick = along_the_pairs(judge, painter.decode, ends, _unit(case.query)[None])
            pictures.append(painter.paint(panels, query, [numbers], steps, case.words if words else "", pick))
        return painter.decode(torch.cat(pictures))

    return paint


def _finished(painter: Painter) -> Paint:
    engine = TransferEditor(painter=painter)

    def paint(cases: Sequence[ExemplarCase], noise: int) -> Tensor:
        requests = [_request(case, 1000 * noise + _number(case)) for case in cases]
        made = np.stack([result.image.transpose(2, 0, 1) for result in engine.edit(requests)])
        return _large(torch.from_numpy(made).float() / 255)

    return paint


def _request(case: ExemplarCase, seed: int) -> EditRequest:
    """As a night would ask for it. ValueError for a case without mattes."""
    if case.query_matte is None:
        raise ValueError(f"case {case.case_id} has no mattes; photograph the cases anew, in another folder")
    exemplars = tuple(
        Exemplar(_rows(before), _rows(after), was, now, f"{case.case_id}-{n}")
        for n, ((before, after), (was, now)) in enumerate(zip(case.pairs, case.pair_mattes, strict=True))
    )
    query = _rows(case.query)
    return EditRequest(case.case_id, query, case.query_matte, "", "product", seed, exemplars=exemplars)


def _rows(picture_3HW: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(picture_3HW.transpose(1, 2, 0))


def _text_only() -> Paint:
    pipeline = LocalEditPipeline.from_pretrained(TEXT, dtype=torch.float32)
    pipeline.set_progress_bar_config(disable=True)

    def paint(cases: Sequence[ExemplarCase], noise: int) -> Tensor:
        source = torch.stack([_unit(case.query) for case in cases])
        region = torch.stack([_where(case) for case in cases])
        seeds = [1000 * noise + _number(case) for case in cases]
        painted: Tensor = pipeline(source, region, [case.words for case in cases], seeds)
        return painted

    return paint


def _floor(painter: Painter) -> Paint:
    return lambda cases, _: painter.decode(painter.encode(torch.stack([_unit(case.truth) for case in cases])))


def batches(cases: Sequence[ExemplarCase]) -> list[list[ExemplarCase]]:
    """At most ``BATCH`` cases with as many pairs each."""
    made = []
    for _, group in groupby(sorted(cases, key=lambda c: len(c.pairs)), key=lambda c: len(c.pairs)):
        rows = list(group)
        made += [rows[start : start + BATCH] for start in range(0, len(rows), BATCH)]
    return made


def _where(case: ExemplarCase) -> Tensor:
    """(1, 128, 128): the exact place of the change, a little wider. More than a user could say."""
    differs = (np.abs(case.truth.astype(int) - case.query).max(axis=0) > 8).astype(np.uint8)
    return torch.from_numpy(cv2.dilate(differs, np.ones((9, 9), np.uint8))).float()[None]


def _number(case: ExemplarCase) -> int:
    return int.from_bytes(case.case_id.encode()[-4:], "big") % 100_003 + int(case.case_id[:5])


def _unit(picture: np.ndarray) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(picture)).float() / 255


def _stack(pictures: Sequence[np.ndarray]) -> Tensor:
    return torch.stack([_unit(picture) for picture in pictures])


def _large(rgb_B3HW: Tensor) -> Tensor:
    """Twice the side, pixels repeated: shrinking gives the picture back."""
    return rgb_B3HW.repeat_interleave(2, 2).repeat_interleave(2, 3)
