"""Edit Transfer's data: groups of products with the same change, photographed and then encoded.

``build`` photographs and needs no model; ``editcore.training.store.encode_store`` adds the latents. Layout:

    pictures.npy    (N, 3, 128, 128) uint8
    latents.npy     (N, C, 16, 16) float16
    autoencoder/    config of the autoencoder, from which the latents' scale is read
    groups.parquet  one row a group:
        group       int32
        kinds       list<string>        kind of change, one or two
        words       list<string>        phrase naming each change
        pictures    list<list<int32>>   [member][state] rows of pictures.npy
        products    list<string>        kind of product of each member
        held_out    bool                never trained on
    store.json      what ``build`` was asked for

States are bit masks of the changes made: [before, after], or with two changes A and B [none, A, B, both].
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from functools import cached_property
from itertools import chain
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import torch

from editcore.studio.groups import (
    GROUPS_PER_CHUNK,
    HELD_OUT_SEED,
    LAST_SEED,
    LEAVE_OUT,
    LEAVE_OUT_PAIRS,
    SEED,
    SEEDS_PER_CHUNK,
    Chunk,
    Made,
    make_chunk,
)
from editcore.training.store import PIXELS, Rows

_INT = pa.int32()
SCHEMA = pa.schema(
    [
        ("group", _INT),
        ("kinds", pa.list_(pa.string())),
        ("words", pa.list_(pa.string())),
        ("pictures", pa.list_(pa.list_(_INT))),
        ("products", pa.list_(pa.string())),
        ("held_out", pa.bool_()),
    ]
)


def build(
    folder: Path,
    groups: int,
    held_out: int = 240,
    seed: int = SEED,
    workers: int = 2,
    leave_out: tuple[str, ...] = LEAVE_OUT,
    leave_out_pairs: tuple[tuple[str, str], ...] = LEAVE_OUT_PAIRS,
) -> None:
    """Photograph ``groups`` to train on and ``held_out`` to measure on, of specimens of their own.

    Groups to train on never show a kind of ``leave_out``, nor both kinds of one of ``leave_out_pairs``; the others
    show every kind as often as any. The same arguments give the same store. ValueError if the seeds do not reach.
    """
    left = {"leave_out": leave_out, "leave_out_pairs": leave_out_pairs}
    chunks = [
        *_chunks(groups, seed, HELD_OUT_SEED if seed < HELD_OUT_SEED else LAST_SEED, False, left),
        *_chunks(held_out, HELD_OUT_SEED, LAST_SEED, True, left),
    ]
    with ProcessPoolExecutor(
        workers, get_context("spawn"), initializer=torch.set_num_threads, initargs=(1,)
    ) as pool:
        write_groups(folder, chain.from_iterable(pool.map(make_chunk, chunks)))
    asked = {"groups": groups, "held_out": held_out, "seed": seed, **left}
    (folder / "store.json").write_text(json.dumps(asked, indent=2))


def _chunks(groups: int, first: int, end: int, held_out: bool, left: dict[str, Any]) -> list[Chunk]:
    count = -(-groups // GROUPS_PER_CHUNK)
    if first + count * SEEDS_PER_CHUNK > end:
        most = (end - first) // SEEDS_PER_CHUNK * GROUPS_PER_CHUNK
        raise ValueError(
            f"{groups} groups from seed {first}: expected at most {most}, for other data has seeds from {end}"
        )
    sizes = [min(GROUPS_PER_CHUNK, groups - i * GROUPS_PER_CHUNK) for i in range(count)]
    return [
        Chunk(first + i * SEEDS_PER_CHUNK, **left, held_out=held_out, groups=size)
        for i, size in enumerate(sizes)
    ]


def write_groups(folder: Path, groups: Iterable[Made]) -> None:
    """Write groups as they come."""
    folder.mkdir(parents=True, exist_ok=True)
    pictures, rows = Rows(folder / "pictures.npy", (3, PIXELS, PIXELS)), []
    for number, made in enumerate(groups):
        members, states = made.pictures.shape[:2]
        numbers = pictures.count + np.arange(members * states).reshape(members, states)
        pictures.extend(made.pictures.reshape(-1, 3, PIXELS, PIXELS))
        rows.append(
            {
                "group": number,
                "kinds": list(made.kinds),
                "words": list(made.words),
                "pictures": numbers.tolist(),
                "products": list(made.products),
                "held_out": made.held_out,
            }
        )
        if number % 240 == 239:
            print(f"{number + 1} groups, {pictures.count} pictures", flush=True)
    pictures.close()
    pq.write_table(pa.Table.from_pylist(rows, SCHEMA), folder / "groups.parquet")


class ChangeStore:
    """Reads a store. ``FileNotFoundError`` if the folder holds none."""

    def __init__(self, folder: Path) -> None:
        self.folder = Path(folder)
        path = self.folder / "groups.parquet"
        if not path.is_file():
            raise FileNotFoundError(f"found no groups.parquet in {self.folder}; make the store first")
        self.groups: list[dict[str, Any]] = pq.read_table(path).to_pylist()
        """One row a group, as in the module's docstring."""

    def __len__(self) -> int:
        return len(self.groups)

    @cached_property
    def pictures(self) -> np.ndarray:
        """(N, 3, 128, 128) uint8, memory-mapped."""
        return np.load(self.folder / "pictures.npy", mmap_mode="r")

    @cached_property
    def latents(self) -> np.ndarray:
        """(N, C, 16, 16) float16, memory-mapped; unscaled, as the autoencoder gives them."""
        return np.load(self.folder / "latents.npy", mmap_mode="r")
