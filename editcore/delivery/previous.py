"""What the last delivery left in the folders, so that an unchanged picture is not copied night after night."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from typing import NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from editcore import storage


class Delivered(NamedTuple):
    """A lossless file that lies where a complete delivery put it."""

    made: str
    """The night's picture it is a copy of, from the output's folder on."""
    size: int
    sha256: str


def made_by(image_path: object, run: str) -> str:
    """A row's picture from the output's folder on: the name of a run's file holds its row, and never changes."""
    return (
        str(image_path)
        if str(image_path).startswith("runs/")
        else f"runs/{storage.name_of(run)}/{image_path}"
    )


def delivered_before(root: str, folders: Sequence[str]) -> dict[str, Delivered]:
    """By path under ``root``: the last delivery's lossless files, if it was complete and they have their size still.

    A file that somebody replaced by another of the very same size is not noticed."""
    try:
        run = json.loads(storage.read_bytes(storage.join(root, "_SUCCESS")))["run"]
        data = io.BytesIO(storage.read_bytes(storage.join(root, "manifest.parquet")))
        names = ["image_path", "delivered_path", "delivered_lossless", "delivered_bytes", "delivered_sha256"]
        table = pq.read_table(data, columns=names)
    except (FileNotFoundError, ValueError, KeyError, pa.ArrowInvalid):
        return {}
    sizes = {
        f"{folder}/{entry['inner']}": entry["size"]
        for folder in folders
        for entry in storage.walk(storage.join(root, folder))
    }
    return {
        row["delivered_path"]: Delivered(
            made_by(row["image_path"], run), row["delivered_bytes"], row["delivered_sha256"]
        )
        for row in table.filter(table["delivered_path"].is_valid()).to_pylist()
        if row["delivered_lossless"] and sizes.get(row["delivered_path"]) == row["delivered_bytes"]
    }
