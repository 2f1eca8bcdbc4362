"""``page.html``: sampled triples to look at, on one page that stands alone.

Pictures are data URIs; a Content-Security-Policy allows nothing else; Jinja escapes every word. The sample is
spread over the kinds of edit and is the same every time.
"""

from __future__ import annotations

import base64
import io
import random
from collections.abc import Mapping
from typing import Any

import numpy as np
from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from PIL import Image

from editcore import images
from editcore.training.pairs.dataset import example
from editcore.training.pairs.run import PairRun, Row

SHOWN = 60
"""Triples on the page."""
SIDE = 192
"""Side of its pictures, pixels."""
_TINT = np.array([255, 0, 120], np.float32)


def render(run: PairRun, summary: Mapping[str, Any]) -> str:
    """The page as HTML text."""
    environment = Environment(
        loader=PackageLoader("editcore.training.pairs"),
        autoescape=select_autoescape(enabled_extensions=("html", "j2"), default=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    cards = [_card(row) for row in sample(run, SHOWN)]
    return environment.get_template("pairs.html.j2").render(
        summary=summary, cards=cards, settings=run.settings
    )


def sample(run: PairRun, count: int) -> list[Row]:
    """At most ``count`` rows, turn by turn over the kinds, in the order of their kinds."""
    places = [
        (row["kind"], row["pair_id"], shard)
        for shard in run.pair_shards
        for row in run.read("pairs", ["kind", "pair_id"], [shard]).to_pylist()
    ]
    random.Random(0).shuffle(places)
    kinds = sorted({kind for kind, _, _ in places})
    queues = [[place for place in places if place[0] == kind] for kind in kinds]
    chosen: list[tuple[str, str, int]] = []
    while len(chosen) < count and any(queues):
        chosen += [queue.pop() for queue in queues if queue][: count - len(chosen)]
    rows: dict[str, Row] = {}
    for shard in sorted({shard for _, _, shard in chosen}):
        wanted = {pair_id for _, pair_id, place in chosen if place == shard}
        table = run.read("pairs", shards=[shard]).to_pylist()
        rows |= {row["pair_id"]: row for row in table if row["pair_id"] in wanted}
    return [rows[pair_id] for _, pair_id, _ in sorted(chosen)]


def _card(row: Row) -> dict[str, Any]:
    source, target = (images.load(row[name], min_side=1).rgb for name in ("source", "target"))
    region, one, other = (_grey(row[name]) for name in ("region", "source_mask", "target_mask"))
    pictures = (
        ("source", source), ("its mask", _tinted(source, one)), ("pseudo-target", target),
        ("its mask", _tinted(target, other)), ("may change", _tinted(source, region)),
    )  # fmt: skip
    return example(row) | {"pictures": [(name, _data_uri(picture)) for name, picture in pictures]}


def _grey(png: bytes) -> np.ndarray:
    return np.ascontiguousarray(images.load(png, min_side=1).rgb[..., 0])


def _tinted(picture: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """The picture with the mask laid over it, (S, S, 3) uint8."""
    share = 0.55 * mask[..., None].astype(np.float32) / 255
    return np.round(picture * (1 - share) + _TINT * share).astype(np.uint8)


def _data_uri(picture: np.ndarray) -> str:
    sink = io.BytesIO()
    Image.fromarray(picture).resize((SIDE, SIDE), Image.Resampling.LANCZOS).save(sink, "JPEG", quality=85)
    return "data:image/jpeg;base64," + base64.b64encode(sink.getvalue()).decode()
