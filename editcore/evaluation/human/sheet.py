"""A blinded sheet: the source, two results side by side, and which one did what the words say.

One self-contained HTML page: pictures inside, no network, answers kept by the browser until they are exported as CSV
or JSON. The page does not know which row made which picture; that stands in the key file beside it, which raters do
not get. A seed decides the order of the pairs and the sides; of every two rows each is left equally often.
"""

from __future__ import annotations

import base64
import hashlib
import io
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from importlib import resources
from itertools import combinations
from pathlib import Path
from random import Random
from typing import Any

import jinja2
import pandas as pd
from PIL import Image

from editcore import images, storage, tables

QUESTION = "Which picture does what the words say, and leaves the rest alone?"
KEY_SUFFIX = ".key.json"
_LOSSLESS_BELOW = 512
"""Longest side of pictures that are embedded without loss, pixels."""


@dataclass(frozen=True)
class Pair:
    """One question; ``left`` and ``right`` are names of rows and never reach the page."""

    pair: str
    case_id: str
    kind: str
    left: str
    right: str


def choose_pairs(
    cases: pd.DataFrame, rows: Sequence[str], limit: int | None = None, seed: int = 0
) -> list[Pair]:
    """Pairs of rows over the cases both edited, in a random order with random sides.

    cases: ``results.parquet`` of one seed. limit: at most so many, spread over rows and cases as the order falls.
    Raises ``ValueError`` for rows that are not there or share no case.
    """
    if len(rows) < 2 or len(set(rows)) < len(rows):
        raise ValueError(f"found rows {list(rows)}; name at least two different ones")
    if unknown := set(rows) - set(cases["row"]):
        raise ValueError(f"no row {', '.join(sorted(unknown))}; there are {', '.join(cases['row'].unique())}")
    shown = cases[cases["picture"].notna()]
    by_row = {
        row: set(map(tuple, shown.loc[shown["row"] == row, ["kind", "case_id"]].values)) for row in rows
    }
    rng, drawn = Random(seed), []
    for a, b in combinations(rows, 2):
        both = sorted(by_row[a] & by_row[b])
        rng.shuffle(both)
        drawn += [(kind, case, *((a, b) if i % 2 else (b, a))) for i, (kind, case) in enumerate(both)]
    if not drawn:
        raise ValueError(f"rows {', '.join(rows)} share no case with pictures; run them over the same cases")
    rng.shuffle(drawn)
    return [
        Pair(f"p{number:03d}", case, kind, left, right)
        for number, (kind, case, left, right) in enumerate(drawn[:limit], start=1)
    ]


def build_sheet(
    output: str,
    rows: Sequence[str],
    page: Path,
    limit: int | None = 40,
    seed: int = 0,
    question: str = QUESTION,
) -> list[Pair]:
    """Write ``page`` (HTML) and its key (``page`` with ``KEY_SUFFIX``) from the results in folder ``output``.

    Raises ``ValueError`` as ``choose_pairs``, and when there are no results.
    """
    table = storage.join(output, "results.parquet")
    if not storage.exists(table):
        raise ValueError(f"no results in {output}; `vitrine evaluate run --output {output}` makes them")
    everything = tables.decode(storage.read_bytes(table)).to_pandas()
    cases = everything[everything["seed"] == 0]
    pairs = choose_pairs(cases, rows, limit, seed)
    name = _name(pairs, question, seed)
    lines = {(line.row, line.kind, line.case_id): line for line in cases.itertuples()}
    shown = []
    for pair in pairs:
        left, right = (lines[row, pair.kind, pair.case_id] for row in (pair.left, pair.right))
        places = {"source": left.source_picture, "left": left.picture, "right": right.picture}
        shown.append(
            {"pair": pair.pair, "words": left.words}
            | {side: _embed(storage.join(output, str(place))) for side, place in places.items()}
        )
    page.parent.mkdir(parents=True, exist_ok=True)
    page.write_text(_render(name, question, shown), "utf-8")
    key = {"sheet": name, "question": question, "seed": seed, "pairs": [asdict(pair) for pair in pairs]}
    page.with_suffix(KEY_SUFFIX).write_text(json.dumps(key, indent=1, ensure_ascii=False) + "\n", "utf-8")
    return pairs


def _name(pairs: Sequence[Pair], question: str, seed: int) -> str:
    """Twelve hex digits that bind page, answers and key together and tell nothing about the rows."""
    whole = json.dumps([question, seed, [asdict(pair) for pair in pairs]])
    return hashlib.sha256(whole.encode()).hexdigest()[:12]


def _embed(path: str) -> str:
    """A picture as a data URI; the same coding for every side, so that it tells nothing."""
    picture = Image.fromarray(images.load(storage.read_bytes(path), min_side=1).rgb)
    buffer = io.BytesIO()
    picture.save(buffer, "WEBP", lossless=max(picture.size) <= _LOSSLESS_BELOW, quality=92)
    return "data:image/webp;base64," + base64.b64encode(buffer.getvalue()).decode()


def _render(name: str, question: str, pairs: list[dict[str, Any]]) -> str:
    folder = resources.files("editcore.evaluation.human") / "templates"
    script = (folder / "sheet.js").read_text("utf-8")
    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined)
    template = environment.from_string((folder / "sheet.html.j2").read_text("utf-8"))
    return template.render(
        sheet={"name": name, "pairs": pairs},
        question=question,
        style=(folder / "sheet.css").read_text("utf-8"),
        script=script,
        script_hash=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
    )
