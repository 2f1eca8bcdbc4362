"""What the last delivery left in the folders, so that an unchanged picture is not copied night after night."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from editcore import storage, tables
from editcore.manifest import Damaged
from editcore.night import picture_of


class Delivered(NamedTuple):
    """A lossless file that lies where a complete delivery put it."""

    made: str
    """The night's picture it is a copy of, from the output's folder on."""
    size: int
    sha256: str


def success_of(root: str) -> dict[str, Any]:
    """What ``_SUCCESS`` says of the last delivery; empty while there is none, or one is being made. ``Damaged`` where
    it cannot be read."""
    path = storage.join(root, "_SUCCESS")
    try:
        return dict(json.loads(storage.read_bytes(path)))
    except FileNotFoundError:
        return {}
    except ValueError as error:
        raise Damaged.at(
            path, error, "remove it, and `vitrine apply OUTPUT` delivers the night again"
        ) from error


def lost_at_delivery(root: str, night: str) -> list[dict[str, Any]]:
    """``shard``, ``row_id`` and ``carried_from`` of rows whose picture was gone or damaged when ``night`` was
    delivered, which its own parts do not know; none when the output shows another night."""
    if success_of(root).get("run") != night:
        return []
    try:
        data = storage.read_bytes(storage.join(root, "manifest.parquet"))
    except FileNotFoundError:
        return []
    names = ["shard", "row_id", "carried_from", "failed_step"]
    table = tables.decode(data, names)
    lost = table.filter(pc.equal(table["failed_step"], "publish"))
    return list(lost.drop_columns("failed_step").to_pylist())


def delivered_before(root: str, folders: Sequence[str]) -> dict[str, Delivered]:
    """By path under ``root``: the last delivery's lossless files, if it was complete and they have their size still.

    A file that somebody replaced by another of the very same size is not noticed."""
    try:
        run = success_of(root)["run"]
        data = storage.read_bytes(storage.join(root, "manifest.parquet"))
        names = ["image_path", "delivered_path", "delivered_lossless", "delivered_bytes", "delivered_sha256"]
        table = tables.decode(data, names)
    except (OSError, ValueError, KeyError, pa.ArrowInvalid):  # OSError: also a manifest that was damaged
        return {}
    sizes = {
        f"{folder}/{entry['inner']}": entry["size"]
        for folder in folders
        for entry in storage.walk(storage.join(root, folder))
    }
    return {
        row["delivered_path"]: Delivered(
            picture_of(run, row["image_path"]), row["delivered_bytes"], row["delivered_sha256"]
        )
        for row in table.filter(table["delivered_path"].is_valid()).to_pylist()
        if row["delivered_lossless"] and sizes.get(row["delivered_path"]) == row["delivered_bytes"]
    }
