"""Turns at a model: one caller at a time, and those who need what it is set up for go first.

Setting a model up for something else (another adapter, another pair) costs time. Two shards whose rows lie in the same
order of groups would undo each other's settings with every batch if they took turns as they come."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Turns:
    """A lock that knows what for. Nobody waits for ever: a shard has a bounded number of batches of each kind."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._busy = False
        self._key: str | None = None
        self._waiting: list[str | None] = []

    @contextmanager
    def take(self, key: str | None = None) -> Iterator[bool]:
        """Have the model alone while the body runs, set up for ``key`` (None: as it is); gives whether it was set up
        for something else before."""
        with self._changed:
            self._waiting.append(key)
            self._changed.wait_for(lambda: not self._busy and self._next(key))
            self._waiting.remove(key)
            switched = key is not None and self._key not in (None, key)
            self._busy, self._key = True, self._key if key is None else key
        try:
            yield switched
        finally:
            with self._changed:
                self._busy = False
                self._changed.notify_all()

    def _next(self, key: str | None) -> bool:
        return key in (None, self._key) or self._key not in self._waiting
