"""Four-panel samples from a table of before/after pairs.

A Parquet file with the columns ``before`` and ``after`` (a picture's bytes, or its path or URL, beside the table
unless absolute) and ``edit``, which names the transformation. Any two rows of one edit make a grid, in either order:
n rows give n (n - 1) samples.
"""

from __future__ import annotations

from collections import defaultdict
from itertools import permutations
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from editcore import images, storage, tables
from editcore.images import BadInput
from editcore.lexicon.four_panels import caption_of
from editcore.sources import beside
from editcore.training.transfer.grids import MAX_BYTES, Found, Grid, Problem, resized

COLUMNS = ("before", "after", "edit")


class Pair(NamedTuple):
    """One row, two squares (S, S, 3) uint8."""

    name: str
    before: np.ndarray
    after: np.ndarray
    edit: str


def grids_of_table(table: str, side: int) -> tuple[list[Grid], list[Problem]]:
    """Every ordered two rows of one edit as a grid, and the rows that could not be used.

    Pictures that are not square are shown whole, their edges mirrored; before and after keep their alignment.
    ValueError if the file is no Parquet table or lacks a column; FileNotFoundError if it is not there. Rows of an
    edit that has no second row are problems too.
    """
    table, found = storage.absolute(table), Found[Pair]()
    for number, row in enumerate(_rows(table)):
        found.attempt(f"row {number}", lambda row=row, n=number: [_pair(row, table, n, side)])  # type: ignore[misc]
    edits: dict[str, list[Pair]] = defaultdict(list)
    for pair in found.items:
        edits[pair.edit].append(pair)
    alone = [pairs[0] for pairs in edits.values() if len(pairs) == 1]
    problems = [
        Problem(p.name, "one_pair", f"{p.edit!r} has only this usable pair; a sample takes two.")
        for p in alone
    ]
    grids = [_grid(a, b) for pairs in edits.values() for a, b in permutations(pairs, 2)]
    return grids, found.problems + problems


def _grid(example: Pair, query: Pair) -> Grid:
    panels = (example.before, example.after, query.before, query.after)
    return Grid(*panels, caption_of(example.edit), example.name, query.name)


def _rows(table: str) -> list[dict[str, Any]]:
    try:
        rows = tables.decode(storage.read_bytes(table))
    except pa.ArrowInvalid as error:
        raise ValueError(f"{table} is no Parquet table: {error}") from None
    missing = [name for name in COLUMNS if name not in rows.column_names]
    if missing:
        raise ValueError(f"{table} lacks {missing}; found {rows.column_names}, expected {list(COLUMNS)}")
    return rows.select(COLUMNS).to_pylist()


def _pair(row: dict[str, Any], table: str, number: int, side: int) -> Pair:
    edit = " ".join(str(row["edit"] or "").split()).rstrip(".")
    try:
        caption_of(edit)
    except ValueError as error:
        raise BadInput("no_edit", f"Row {number}: {error}.") from None
    before, after = (_picture(row[name], table, f"row {number}, {name}") for name in ("before", "after"))
    if before.shape != after.shape:
        sizes = " and ".join(f"{p.shape[1]} x {p.shape[0]}" for p in (before, after))
        raise BadInput("pair_size", f"Before and after have {sizes} pixels; expected one size.")
    return Pair(f"row {number}", resized(squared(before), side), resized(squared(after), side), edit)


def _picture(cell: Any, table: str, place: str) -> np.ndarray:
    if isinstance(cell, bytes):
        return images.load(cell, max_bytes=MAX_BYTES).rgb
    if not isinstance(cell, str) or not cell.strip():
        raise BadInput("not_found", f"Found nothing in {place}; expected a picture's bytes or its path.")
    try:
        data = storage.read_bytes(beside(cell, table.rsplit("/", 1)[0]), MAX_BYTES + 1)
    except (FileNotFoundError, IsADirectoryError, ValueError):
        raise BadInput("not_found", f"There is no file {storage.name_of(cell)!r} ({place}).") from None
    return images.load(data, max_bytes=MAX_BYTES).rgb


def squared(rgb: np.ndarray) -> np.ndarray:
    """The picture in the middle of a square, its edges mirrored outwards."""
    high, wide = rgb.shape[:2]
    side = max(high, wide)
    rows, columns = side - high, side - wide
    margins = ((rows // 2, rows - rows // 2), (columns // 2, columns - columns // 2), (0, 0))
    return np.pad(rgb, margins, mode="symmetric") if side > min(high, wide) else rgb
