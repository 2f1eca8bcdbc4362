"""Before and after tuning: the last panel rebuilt from the other three, against copying the query.

Errors are root mean squares over the pixels of decoded panels in [0, 1], the target decoded too: what the autoencoder
loses is nobody's fault here. The adapter is read from its file, as at work.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from statistics import mean
from typing import Any, NamedTuple

import numpy as np
import torch
from PIL import Image, ImageDraw, ImageFont
from torch import Tensor

from editcore.editors.transfer.engine import STEPS
from editcore.editors.transfer.painter import Painter, PairPanels
from editcore.studio.groups import Made

SEEDS, MOST = (0, 1, 2), 32
"""Errors are means over the seeds, pictures show the first. Most samples that are compared."""
HELPED = 0.98
"""Share of the error before from which tuning has changed something."""
SHOWN, CELL, LINE = 10, 128, 16
COLUMNS = ("example before", "example after", "query", "target", "before tuning", "after tuning")


class Sample(NamedTuple):
    """Four panels, (3, S, S) float32 in [0, 1]; the last is to be rebuilt."""

    edit: str
    name: str
    held_out: bool
    pair: PairPanels
    query: Tensor
    target: Tensor


class Rebuilt(NamedTuple):
    """Decoded panels, (3, H, W)."""

    query: Tensor
    target: Tensor
    before: Tensor
    after: Tensor


def samples_of(groups: Iterable[Made]) -> list[Sample]:
    """The last two members of each group; of the held-out groups if there are any."""
    groups = list(groups)
    chosen = [group for group in groups if group.held_out] or groups
    return [_sample(group) for group in chosen[:MOST]]


def compare(
    samples: Sequence[Sample], before: Painter, after: Painter
) -> tuple[dict[str, Any], list[Rebuilt]]:
    """Figures, and the pictures painted without words.

    ``held_out``: whether the last panels were kept from training. ``copy``, ``before``, ``after``: mean errors of the
    query itself and of both models; ``before_told`` and ``after_told`` with the edit's words. ``of_copy``: the
    models' over the copy's. ``pairs``: the same for each sample.
    """
    rows: list[dict[str, Any]] = []
    pictures: list[Rebuilt] = []
    for sample in samples:
        row, rebuilt = _rebuild(sample, before, after)
        rows.append({"edit": sample.edit, "pair": sample.name, **row})
        pictures.append(rebuilt)
    names = ("copy", "before", "after", "before_told", "after_told")
    means = {name: mean(row[name] for row in rows) for name in names}
    figures = {
        "held_out": all(sample.held_out for sample in samples), "steps": STEPS, "seeds": len(SEEDS),
        **{name: round(value, 5) for name, value in means.items()},
        "of_copy": {name: round(means[name] / means["copy"], 4) for name in names[1:]},
        "pairs": [{k: round(v, 5) if isinstance(v, float) else v for k, v in row.items()} for row in rows],
    }  # fmt: skip
    return figures, pictures


def verdict(figures: dict[str, Any]) -> str:
    """What ``compare`` found, in a sentence or two."""
    kind = "never trained on" if figures["held_out"] else "it was trained on"
    before, after = figures["of_copy"]["before"], figures["of_copy"]["after"]
    said = (
        f"error of the last panel on {len(figures['pairs'])} pairs {kind}, copying the query being 1: "
        f"{before:.2f} before tuning, {after:.2f} after"
    )
    if after > HELPED * before:
        return f"{said}. It did not help: do not use this adapter; add pairs, or look at pictures.png for what is odd"
    if after >= 1:
        return f"{said}. It helped, but leaving the picture as it is would be nearer: more pairs, or more minutes"
    return said


def draw(samples: Sequence[Sample], pictures: Sequence[Rebuilt], file: Path) -> None:
    """One row a sample, a line of words above each; the first ``SHOWN``."""
    rows = list(zip(samples, pictures, strict=True))[:SHOWN]
    sheet = Image.new("RGB", (len(COLUMNS) * CELL, len(rows) * (CELL + LINE) + LINE), "white")
    pen, font = ImageDraw.Draw(sheet), ImageFont.load_default(11)
    for column, title in enumerate(COLUMNS):
        pen.text((column * CELL + 2, 1), title, fill="black", font=font)
    for row, (sample, rebuilt) in enumerate(rows):
        top = LINE + row * (CELL + LINE)
        pen.text((2, top + 1), f"{sample.edit} ({sample.name})", fill="black", font=font)
        panels = (sample.pair.before_3HW, sample.pair.after_3HW, sample.query, sample.target, *rebuilt[2:])
        for column, panel in enumerate(panels):
            sheet.paste(_picture(panel), (column * CELL, top + LINE))
    sheet.save(file)


def _sample(group: Made) -> Sample:
    (before, after), (query, target) = torch.from_numpy(group.pictures[-2:]).float() / 255
    pair = PairPanels(group.products[-2], before, after)
    return Sample(" and ".join(group.words), group.products[-1], group.held_out, pair, query, target)


def _rebuild(sample: Sample, before: Painter, after: Painter) -> tuple[dict[str, float], Rebuilt]:
    latents = before.encode(torch.stack([sample.query, sample.target]))
    query, target = before.decode(latents)
    queries, seeds = latents[:1].expand(len(SEEDS), -1, -1, -1), [[seed] for seed in SEEDS]
    errors, painted = {"copy": _error(query[None], target)}, {}
    for name, painter in {"before": before, "after": after}.items():
        for told, words in {"": "", "_told": sample.edit}.items():
            made = painter.decode(painter.paint([sample.pair], queries, seeds, STEPS, words))
            painted[name + told], errors[name + told] = made[0], _error(made, target)
    return errors, Rebuilt(query, target, painted["before"], painted["after"])


def _error(panel_B3HW: Tensor, target_3HW: Tensor) -> float:
    return float((panel_B3HW - target_3HW).square().mean(dim=(1, 2, 3)).sqrt().mean())


def _picture(panel_3HW: Tensor) -> Image.Image:
    rgb = (panel_3HW.permute(1, 2, 0).numpy() * 255).round().astype(np.uint8)
    return Image.fromarray(rgb).resize((CELL, CELL), Image.Resampling.LANCZOS)
