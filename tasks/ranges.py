"""Ranges: what the rows of each recipe have in common, from the scores of the whole night; routing compares with it.

Between score and route, as the only thing that needs all shards. Written to ``<night>/ranges.json``; figures alone.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING

from editcore import manifest, storage

if TYPE_CHECKING:
    from editcore.scoring.consistency import Range

FILE = "ranges.json"


def run(night_path: str) -> None:
    """Compare the scored rows of every recipe; needs all parts of the step score."""
    from editcore.scoring.consistency import BASIS, range_of

    table = manifest.read_step(night_path, "score", ["recipe_id", *BASIS])
    recipes = sorted(set(table["recipe_id"].to_pylist()))
    columns = {name: table[name] for name in table.column_names}
    rows: dict[str, list[dict[str, float | None]]] = {recipe: [] for recipe in recipes}
    for recipe, *figures in zip(*(column.to_pylist() for column in columns.values()), strict=True):
        rows[recipe].append(dict(zip(BASIS, figures, strict=True)))
    ranges = {recipe: asdict(range_of(own)) for recipe, own in rows.items()}
    storage.put(storage.join(night_path, FILE), json.dumps(ranges, indent=2).encode() + b"\n")


def known(night_path: str) -> dict[str, Range]:
    """What ``run`` wrote, by recipe id; empty if it did not."""
    from editcore.scoring.consistency import Range

    try:
        found = json.loads(storage.read_bytes(storage.join(night_path, FILE)))
    except FileNotFoundError:
        return {}
    return {recipe: Range(**facts) for recipe, facts in found.items()}
