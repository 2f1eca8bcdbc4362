"""Grids as a store of groups, so that the trainer of the studio's groups trains on them too.

A group is one edit, told by the phrase of its captions; its members are the rows of the grids that show it. Two
grids of an edit so make one group of four, of which any can show the edit and any other can follow.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable
from pathlib import Path

import numpy as np

from editcore.studio.groups import PIXELS, Made
from editcore.training.transfer.grids import Grid
from editcore.training.transfer.store import write_groups

KIND = "exemplar"
"""Kind of the changes that only their pictures tell."""


def build_from_grids(folder: Path, grids: Iterable[Grid], held_out: Collection[str] = ()) -> None:
    """Write ``pictures.npy`` and ``groups.parquet`` of grids read at 128 px; latents are added as for any store.

    ``held_out``: phrases whose groups are never trained on. ValueError for one that no grid has, for grids of another
    size, and where there is no grid.
    """
    groups = list(groups_of_grids(grids, held_out))
    if not groups:
        raise ValueError("found no grid, expected at least one; see what read_grids left out")
    write_groups(folder, groups)


def groups_of_grids(grids: Iterable[Grid], held_out: Collection[str] = ()) -> list[Made]:
    """One group a phrase, in the order they are met; a row that several grids show is one member."""
    members: dict[str, dict[bytes, tuple[str, np.ndarray]]] = {}
    phrases: dict[str, str] = {}
    for grid in grids:
        key = grid.phrase.casefold()
        phrases.setdefault(key, grid.phrase)
        rows = ((grid.example_name, grid.before, grid.after), (grid.query_name, grid.query, grid.target))
        for name, *pair in rows:
            pictures = np.stack(pair).transpose(0, 3, 1, 2)
            if pictures.shape[2:] != (PIXELS, PIXELS):
                raise ValueError(
                    f"{name}: found panels of {pair[0].shape}, expected {PIXELS} x {PIXELS}; read them so"
                )
            members.setdefault(key, {}).setdefault(
                hashlib.sha256(pictures.tobytes()).digest(), (name, pictures)
            )
    unseen = {phrase.casefold() for phrase in held_out}
    if missing := sorted(unseen - members.keys()):
        raise ValueError(f"found no grid of {missing}; the grids show {sorted(phrases.values())}")
    return [
        Made(
            kinds=(KIND,),
            words=(phrases[key],),
            products=tuple(name for name, _ in rows.values()),
            pictures=np.stack([pictures for _, pictures in rows.values()]),
            held_out=key in unseen,
        )
        for key, rows in members.items()
    ]
