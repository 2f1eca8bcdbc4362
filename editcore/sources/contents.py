"""What tonight's pictures and masks are, by content: read once when the night is planned, remembered in the night.

<run>/sources.parquet has a row per picture and per given mask. A file whose size and version did not change since an
earlier night is not read again; a web address is asked whether it did (``downloads``).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from editcore import storage, tables
from editcore.campaign import Download
from editcore.manifest import Damaged
from editcore.outcomes import Outcome, RowError
from editcore.sources import Item
from editcore.sources.downloads import download, is_web
from editcore.threads import spread

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
    items: Iterable[Item],
    known: Known,
    max_bytes: int,
    output: str = "",
    rules: Download | None = None,
    recall_only: bool = False,
) -> list[Row]:
    """One row per picture and per mask, in the order of ``items``; web pictures are brought into ``output`` (without
    one they are not read).

    A file that is missing, unreadable or above ``max_bytes`` gets an empty sha256, and ingest will say why; a web
    address that cannot be had gets the reason as well. ``recall_only``: nothing is read, ``known`` alone counts.
    Raises ``OSError`` only when ``output`` cannot be written.
    """
    rows = [row for item in items for row in _addresses(item)]
    web = {row["uri"] for row in rows if is_web(row["uri"])}
    if web and output:
        got = download(output, web, rules or Download(), max_bytes)
        for row in rows:
            if row["uri"] in web:
                row |= _downloaded(got[row["uri"]])
    files = {row["uri"]: row for row in rows if row["uri"] not in web}  # the same one for any number of items
    facts = dict(
        zip(
            files,
            spread(lambda row: _read(row, known, max_bytes, recall_only), [*files.values()], HASHERS),
            strict=True,
        )
    )
    for row in rows:
        row |= facts.get(row["uri"], {})
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
    table = pa.Table.from_pylist(rows, schema=_SCHEMA)
    storage.put(storage.join(run, "sources.parquet"), tables.encode(table))


def remembered(run: str) -> list[Row]:
    """What ``write_contents`` wrote; empty if there is nothing."""
    return list(_remembered(run).to_pylist())


def known_of(run: str) -> dict[tuple[str, int, str], str]:
    """The part of ``Known`` that a night has to tell."""
    table = _remembered(run)
    table = table.filter(pc.not_equal(table["sha256"], "")).select(["uri", "size", "version", "sha256"])
    return {(uri, size, version): sha256 for uri, size, version, sha256 in _rows(table)}


def pictures_gone(run: str, listed: Iterable[str]) -> list[Row]:
    """Pictures of a night whose address is not ``listed``."""
    table = _remembered(run)
    here = pc.is_in(table["uri"], pa.array(list(listed), _TEXT))
    return list(table.filter(pc.and_not(pc.equal(table["role"], "picture"), here)).to_pylist())


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


def _read(row: Row, known: Known, max_bytes: int, recall_only: bool) -> Row:
    """Size, version and sha256 of a file, as far as they can be had."""
    facts = {name: row[name] for name in ("size", "version", "sha256")}
    try:
        if not row["version"]:
            about = storage.describe(row["uri"])
            facts |= {"size": about["size"], "version": about["version"]}
        seen = known.get((row["uri"], facts["size"], facts["version"])) if facts["version"] else None
        if facts["size"] <= max_bytes:
            facts["sha256"] = seen or ("" if recall_only else sha256_of(row["uri"]))
    except (OSError, ValueError):
        pass
    return facts


def _remembered(run: str) -> pa.Table:
    path = storage.join(run, "sources.parquet")
    try:
        data = storage.read_bytes(path)
    except FileNotFoundError:
        return _SCHEMA.empty_table()
    try:
        return tables.decode(data)
    except (pa.ArrowException, OSError, ValueError) as error:
        raise Damaged.at(
            path, error, "remove it, and the next `vitrine run` reads every picture again"
        ) from error


def _rows(table: pa.Table) -> Iterable[tuple[Any, ...]]:
    return zip(*(column.to_pylist() for column in table.columns), strict=True)


def _downloaded(got: Mapping[str, Any] | RowError) -> Row:
    if isinstance(got, RowError):
        return {"outcome": str(got.outcome), "code": got.code, "message": got.message}
    return {"size": got["size"], "version": got["etag"] or got["modified"], "sha256": got["sha256"]}
