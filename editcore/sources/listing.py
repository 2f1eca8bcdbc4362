"""Whether a source is what it was: a digest of everything it lists, without opening a picture.

A night remembers the listing it was planned from. As long as the source's is the same, the night's pictures are the
same, by the rule that saves reading them again: a file whose size and version did not change did not change. So a
finished night of a million rows is recognised without making them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from typing import Any

from editcore import storage
from editcore.campaign import Source
from editcore.sources import addresses_of, files_of
from editcore.sources.contents import HASHERS
from editcore.sources.downloads import is_web
from editcore.threads import spread

Version = tuple[str, int, str]
"""Address, size and version of a file."""


def listing_now(source: Source) -> str:
    """Digest of what ``source`` lists; empty where only servers could tell. Raises what listing it raises."""
    if source.folder:
        return _digest((entry["path"], entry["size"], entry["version"]) for entry in files_of(source.folder))
    if not source.table:
        return ""
    table, addresses = table_of(source), addresses_of(source)
    if any(is_web(address) for address in addresses):
        return ""
    return _digest(spread(_version, addresses, HASHERS), table)


def listing_of(source: Source, contents: Sequence[dict[str, Any]], table: str, max_bytes: int) -> str:
    """The same digest of a listing that was read: rows of ``read_contents``, and ``table_of`` of when it was listed;
    empty where something lies on the web, or is there and could not be read: it may be readable next time."""
    closed = (row["version"] and not row["sha256"] and row["size"] <= max_bytes for row in contents)
    if source.urls or any(closed) or any(is_web(row["uri"]) for row in contents):
        return ""
    return _digest(((row["uri"], row["size"], row["version"]) for row in contents), table)


def table_of(source: Source) -> str:
    """sha256 of the table's bytes; empty for other sources."""
    return hashlib.sha256(storage.read_bytes(source.table)).hexdigest() if source.table else ""


def _version(address: str) -> Version:
    try:
        about = storage.describe(address)
    except (OSError, ValueError):
        return address, 0, ""
    return address, about["size"], about["version"]


def _digest(files: Iterable[Version], table: str = "") -> str:
    summed = hashlib.sha256(table.encode())
    for address, size, version in sorted(set(files)):
        summed.update(f"{address}\n{size} {version}\n".encode("utf-8", "surrogatepass"))
    return summed.hexdigest()
