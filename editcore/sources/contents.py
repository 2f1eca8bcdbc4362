"""What tonight's pictures and masks are, by content: read once when the night is planned, remembered in the night.

<run>/sources.parquet has a row per picture and per given mask. A file whose size and version did not change since an
earlier night is not read again; a web address is asked whether it did (``downloads``).
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from editcore import storage
from editcore.campaign import Download
from editcore.outcomes import Outcome, RowError
from editcore.sources import Item
from editcore.sources.downloads import download, is_web

HASHERS = 8
"""Threads that read files for their sha256."""

Row = dict[str, Any]
Known = Mapping[tuple[str, int, str], str]
"""(address, size, version) -> sha256, of earlier nights."""

_TEXT = pa.string()
_SCHEMA = pa.schema(
    [
        ("item_id", _TEXT),
        ("role", _TEXT),  # picture, mask, or deleted: a picture of the last night that is listed no more
        ("sku", _TEXT),
        ("uri", _TEXT),
        ("size", pa.int64()),
        ("version", _TEXT),
        ("sha256", _TEXT),
        ("outcome", _TEXT),  # ok, or what became of a download
        ("code", _TEXT),
        ("message", _TEXT),
    ]
)


def read_contents(
    items: Iterable[Item], known: Known, max_bytes: int, output: str = "", rules: Download | None = None
) -> list[Row]:
    """One row per picture and per mask, in the order of ``items``; web pictures are brought into ``output`` (without
    one they are not read).

    A file that is missing, unreadable or above ``max_bytes`` gets an empty sha256, and ingest will say why; a web
    address that cannot be had gets the reason as well. Raises ``OSError`` only when ``output`` cannot be written.
    """
    rows = [row for item in items for row in _addresses(item)]
    web = {row["uri"] for row in rows if is_web(row["uri"])}
    if web and output:
        got = download(output, web, rules or Download(), max_bytes)
        for row in rows:
            if row["uri"] in web:
                row |= _downloaded(got[row["uri"]])
    with ThreadPoolExecutor(HASHERS) as pool:
        list(
            pool.map(lambda row: _read(row, known, max_bytes), [row for row in rows if row["uri"] not in web])
        )
    return rows


def sums(rows: Iterable[Row], role: str = "picture") -> dict[str, str]:
    """sha256 by item."""
    return {row["item_id"]: row["sha256"] for row in rows if row.get("role", "picture") == role}


def inputs(rows: Iterable[Row]) -> dict[str, str]:
    """What the fingerprint knows of each item: its picture, and its mask if it brought one."""
    rows = list(rows)
    masks = sums(rows, "mask")
    return {
        item: f"{sha256} {masks[item]}" if item in masks else sha256 for item, sha256 in sums(rows).items()
    }


def sha256_of(path: str) -> str:
    """sha256 of a file's bytes, hex."""
    summed = hashlib.sha256()
    for chunk in storage.chunks(path):
        summed.update(chunk)
    return summed.hexdigest()


def write_contents(run: str, rows: list[Row]) -> None:
    """Remember what the pictures were, for the steps and for the next nights."""
    sink = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(rows, schema=_SCHEMA), sink, compression="zstd")
    storage.put(storage.join(run, "sources.parquet"), sink.getvalue())


def remembered(run: str) -> list[Row]:
    """What ``write_contents`` wrote; empty if there is nothing."""
    try:
        return pq.read_table(io.BytesIO(storage.read_bytes(storage.join(run, "sources.parquet")))).to_pylist()
    except FileNotFoundError:
        return []


def failures(run: str) -> dict[str, RowError]:
    """Why web addresses of a night could not be had, by address."""
    return {
        row["uri"]: RowError(Outcome(row["outcome"]), row["code"], row["message"], spent=True)
        for row in remembered(run)
        if row.get("outcome", Outcome.OK) != Outcome.OK
    }


def _addresses(item: Item) -> list[Row]:
    blank = {"item_id": item.item_id, "sku": item.sku, "version": "", "sha256": "", "size": 0}
    blank |= {"outcome": str(Outcome.OK), "code": "", "message": ""}
    rows = [blank | {"role": "picture", "uri": item.uri}]
    if item.size is not None:
        rows[0] |= {"size": item.size, "version": item.version}
    return rows + ([blank | {"role": "mask", "uri": item.mask_uri}] if item.mask_uri else [])


def _read(row: Row, known: Known, max_bytes: int) -> None:
    """Fill in size, version and sha256 of a file."""
    try:
        if not row["version"]:
            about = storage.describe(row["uri"])
            row |= {"size": about["size"], "version": about["version"]}
        seen = known.get((row["uri"], row["size"], row["version"])) if row["version"] else None
        if row["size"] <= max_bytes:
            row["sha256"] = seen or sha256_of(row["uri"])
    except (OSError, ValueError):
        pass


def _downloaded(got: Mapping[str, Any] | RowError) -> Row:
    if isinstance(got, RowError):
        return {"outcome": str(got.outcome), "code": got.code, "message": got.message}
    return {"size": got["size"], "version": got["etag"] or got["modified"], "sha256": got["sha256"]}
