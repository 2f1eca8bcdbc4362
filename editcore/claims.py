"""Taking turns on an object store that ignores the conditions of a PUT: claims, a wait, and the first name wins.

Each writer puts a claim of its own beside the object, waits ``SETTLE``, and lists the claims; the smallest name has
the turn, the others claim and wait again. Whoever claims later either finds an earlier claim smaller than its own, or
finds the object changed after its own wait.

Limits, unlike a conditional PUT: listings must show what was just written (S3 and its better imitations do), and no
single request of the winner may take longer than ``SETTLE``; a writer that stalls for longer between its look and
its write can overwrite another's. Each such write costs ``SETTLE`` seconds and four requests, and as much again for
each writer before it. A killed writer's claim keeps the others waiting for ``FORGOTTEN`` seconds.
"""

from __future__ import annotations

import contextlib
import time
import uuid
from collections.abc import Iterator
from typing import Any

from editcore.stores import TEMPORARY

SETTLE = 2.0
"""Seconds between a claim and the look at the others."""
FORGOTTEN = 60.0
"""Age in seconds, by the store's own clock, above which a claim is one of the dead."""


@contextlib.contextmanager
def turn(store: Any, inner: str) -> Iterator[None]:
    """Wait until this writer, alone, may look at the object and write it, for as long as the body runs.

    ``TimeoutError`` after twice the time in which the dead are forgotten."""
    folder, _, name = inner.rpartition("/")
    start = f"{folder}/{TEMPORARY}claim-{name}-"
    mine = f"{start}{uuid.uuid4().hex}"
    until = time.monotonic() + 2 * FORGOTTEN
    try:
        while True:
            store.pipe_file(mine, b"")  # put anew, it is young, and tells the store's time
            time.sleep(SETTLE)
            if (first := _first(store, folder, start)) == mine:
                break
            if time.monotonic() > until:
                raise TimeoutError(
                    f"waited {2 * FORGOTTEN:g} s for a turn to write {inner}, which {first} has"
                )
        yield
    finally:
        with contextlib.suppress(FileNotFoundError):
            store.rm_file(mine)


def _first(store: Any, folder: str, start: str) -> str:
    """Name of the smallest living claim; our own is the youngest or near it, so it tells the store's time. The dead
    are buried."""
    found = [
        entry for entry in store.ls(folder, detail=True, refresh=True) if entry["name"].startswith(start)
    ]
    times = [made.timestamp() for entry in found if (made := entry.get("LastModified"))]
    now = max(times, default=0.0)
    living = []
    for entry in found:
        if (made := entry.get("LastModified")) and now - made.timestamp() >= FORGOTTEN:
            with contextlib.suppress(FileNotFoundError):
                store.rm_file(entry["name"])
        else:
            living.append(entry["name"])
    return str(min(living, default=""))
