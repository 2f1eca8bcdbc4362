"""What was downloaded into an output: bodies by content, and what their servers said about them.

    <output>/downloads/index.parquet      address, ETag, Last-Modified, size, sha256
                       kept/000007.parquet    the same, of a download that was killed or goes on
                       ab/abcdef...           a body, named by its sha256

A night reads each address once, when it is planned; its steps read the copy, so a picture that is replaced on its
server in mid-night changes nothing. The next night asks with ``If-None-Match`` or ``If-Modified-Since`` and takes
the copy when the server says "not modified". A download that is killed goes on where it was.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterable
from typing import Any

import pyarrow as pa

from editcore import storage, tables
from editcore.campaign import Download
from editcore.outcomes import RowError
from editcore.sources import Item

EVERY = 200
"""Bodies after which the index is kept; a kill costs at most that many downloads."""

Entry = dict[str, Any]
_SCHEMA = pa.schema(
    [
        ("uri", pa.string()),
        ("etag", pa.string()),
        ("modified", pa.string()),
        ("size", pa.int64()),
        ("sha256", pa.string()),
    ]
)


def is_web(uri: str) -> bool:
    """Whether a picture lies on a web server."""
    return uri.lower().startswith(("http://", "https://"))


def asks_the_web(items: Iterable[Item]) -> bool:
    """Whether any picture or mask lies on a web server."""
    return any(is_web(item.uri) or is_web(item.mask_uri or "") for item in items)


def body_path(output: str, sha256: str) -> str:
    """Where the body with this sha256 lies."""
    return storage.join(output, "downloads", sha256[:2], sha256)


def download(
    output: str, uris: Iterable[str], rules: Download, max_bytes: int
) -> dict[str, Entry | RowError]:
    """Bring every address's picture here, unless it is here and unchanged; the entry or the error of each.

    Raises ``OSError`` when the output cannot be written; nothing that a server does is raised.
    """
    from editcore.sources.fetch import Answer, Known, fetch

    folder = storage.join(output, "downloads")
    kept = storage.join(folder, "kept")
    interrupted = storage.listing(kept, ".parquet")
    entries = _read_index(folder, [storage.join(kept, name) for name in interrupted])
    here = {storage.name_of(found["inner"]) for found in storage.walk(folder)}
    usable = {uri: entry for uri, entry in entries.items() if entry["sha256"] in here}
    found: dict[str, Entry | RowError] = {}
    fresh: list[Entry] = []
    lock, numbers = threading.Lock(), iter(range(len(entries), 10**9))

    def done(answer: Answer) -> None:
        if answer.error or answer.unchanged:
            found[answer.uri] = answer.error or usable[answer.uri]
            return
        sha256 = hashlib.sha256(answer.data).hexdigest()
        if sha256 not in here:
            storage.put(body_path(output, sha256), answer.data)
            here.add(sha256)
        facts = (answer.uri, answer.etag, answer.modified, len(answer.data), sha256)
        found[answer.uri] = entry = dict(zip(_SCHEMA.names, facts, strict=True))
        with lock:
            fresh.append(entry)
            part = [fresh.pop() for _ in range(len(fresh))] if len(fresh) >= EVERY else []
            number = next(numbers) if part else 0
        if part:
            storage.put(storage.join(kept, f"{number:09d}.parquet"), _encode(part))

    known = {uri: Known(entry["etag"], entry["modified"]) for uri, entry in usable.items()}
    fetch(uris, rules, max_bytes, known, done)
    newest = entries | {uri: got for uri, got in found.items() if not isinstance(got, RowError)}
    if newest != entries or interrupted:
        storage.put(storage.join(folder, "index.parquet"), _encode(newest.values()))
        storage.remove(kept)
    return found


def _read_index(folder: str, kept: list[str]) -> dict[str, Entry]:
    """By address: the index, then what an interrupted download kept, in the order in which it was written."""
    entries: dict[str, Entry] = {}
    for place in [storage.join(folder, "index.parquet"), *kept]:
        try:
            table = tables.decode(storage.read_bytes(place), _SCHEMA.names)
        except (FileNotFoundError, KeyError, pa.ArrowInvalid):
            continue
        entries |= {entry["uri"]: entry for entry in table.to_pylist()}
    return entries


def _encode(entries: Iterable[Entry]) -> bytes:
    return tables.encode(pa.Table.from_pylist(list(entries), schema=_SCHEMA))
