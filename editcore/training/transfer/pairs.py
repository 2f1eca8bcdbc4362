"""Before/after pairs as people have them: grids, a table, or two folders; and what training makes of them.

=========================  ==========================================================================================
``grids/``                 four-panel pictures with texts (``grids``)
``pairs.parquet``          columns ``before``, ``after``, ``edit`` (``manifest``)
``pairs/``                 ``before/mug.jpg`` and ``after/mug.jpg`` ..., of one edit; or one such folder for each edit,
                           ``pairs/make it navy/before/mug.jpg``, named for it
=========================  ==========================================================================================
"""

from __future__ import annotations

import io
from collections.abc import Iterable
from dataclasses import replace
from pathlib import PurePosixPath
from tempfile import TemporaryDirectory

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from editcore import storage
from editcore.studio.groups import PIXELS, Made
from editcore.training.transfer.grid_store import groups_of_grids
from editcore.training.transfer.grids import PICTURES, Grid, Problem, read_grids
from editcore.training.transfer.manifest import grids_of_table

LEAST_DIFFERENCE = 1 / 255
"""Mean absolute difference of before and after, in shares of white, below which nothing changes."""


def read_pairs(place: str, edit: str = "") -> tuple[list[Made], list[Problem]]:
    """Groups of two members or more from grids, a table or folders, and what was left out.

    edit: what the change of plain ``before``/``after`` folders is called; default: the folder's name. ValueError
    where nothing is left to train on, FileNotFoundError where nothing is.
    """
    if place.lower().endswith(".parquet"):
        grids, problems = grids_of_table(place, PIXELS)
    elif rows := _folders(place, edit):
        grids, problems = _grids_of_folders(rows)
    else:
        grids, problems = read_grids(place, PIXELS)
    groups, unused = _usable(groups_of_grids(grids))
    if not groups:
        said = "; ".join(f"{p.name}: {p.message}" for p in (problems + unused)[:5]) or "no pair was found"
        raise ValueError(f"found nothing to train on in {place}; expected two pairs of one edit ({said})")
    return groups, problems + unused


def split(groups: Iterable[Made], hold_out: bool = True) -> list[Made]:
    """The groups to train on, then what is measured: the last pair of each edit that has three or more.

    A held-out group has two members, one that was trained on to show the edit, and the one that never was.
    """
    groups = list(groups)
    if not hold_out:
        return groups
    long = [group for group in groups if len(group.pictures) > 2]
    trained = [_members(group, 0, -1) if len(group.pictures) > 2 else group for group in groups]
    return trained + [replace(_members(group, -2, None), held_out=True) for group in long]


def _members(group: Made, start: int, stop: int | None) -> Made:
    return replace(group, products=group.products[start:stop], pictures=group.pictures[start:stop])


def _usable(groups: Iterable[Made]) -> tuple[list[Made], list[Problem]]:
    """Pairs that change something, of edits with two of them."""
    kept, problems = [], []
    for group in groups:
        before, after = group.pictures[:, 0].astype(np.float32), group.pictures[:, 1]
        changes = np.abs(before - after).mean(axis=(1, 2, 3)) / 255 >= LEAST_DIFFERENCE
        problems += [
            Problem(name, "pair_same", "Before and after are the same picture.")
            for name, changed in zip(group.products, changes, strict=True) if not changed
        ]  # fmt: skip
        names = tuple(name for name, changed in zip(group.products, changes, strict=True) if changed)
        if len(names) > 1:
            kept.append(replace(group, products=names, pictures=group.pictures[changes]))
        elif names:
            told = f"{group.words[0]!r} has only this usable pair; training takes two."
            problems.append(Problem(names[0], "one_pair", told))
    return kept, problems


def _folders(place: str, edit: str) -> dict[str, dict[str, str]]:
    """Rows of a table by the before picture's path below ``place``; empty where there are no such folders."""
    root = storage.absolute(place)
    paths = [PurePosixPath(file["inner"]) for file in storage.walk(root)]
    pictures = [path for path in paths if path.suffix.lower() in PICTURES]
    afters = {(path.parent.parent, path.stem): path for path in pictures if path.parent.name == "after"}
    rows = {}
    for path in (path for path in pictures if path.parent.name == "before"):
        home = path.parent.parent
        after = afters.get((home, path.stem), home / "after" / path.name)
        rows[str(path)] = {
            "before": storage.join(root, str(path)),
            "after": storage.join(root, str(after)),
            "edit": home.name or edit or storage.name_of(root),
        }
    return rows


def _grids_of_folders(rows: dict[str, dict[str, str]]) -> tuple[list[Grid], list[Problem]]:
    """Read as the table they could have been; problems go by the picture's name, not the row's number."""
    sink = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(list(rows.values())), sink)
    with TemporaryDirectory() as folder:
        table = storage.join(folder, "pairs.parquet")
        storage.put(table, sink.getvalue())
        grids, problems = grids_of_table(table, PIXELS)
    name = {f"row {number}": path for number, path in enumerate(rows)}
    return (
        [replace(g, example_name=name[g.example_name], query_name=name[g.query_name]) for g in grids],
        [replace(problem, name=name[problem.name]) for problem in problems],
    )
