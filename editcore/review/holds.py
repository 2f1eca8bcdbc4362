"""Who has which picture on the screen, so that two people do not look at the same one. Kept in memory: a page that
starts again forgets it, and then the journal still refuses the second of two decisions."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

LASTS = 600.0
"""Seconds; the page renews it every minute."""


class Holds:
    """One picture per person at a time."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock, self._lock = clock, threading.Lock()
        self._held: dict[str, tuple[str, float]] = {}
        """Person by row, and until when."""

    def take(self, row_id: str, who: str) -> str | None:
        """Hold ``row_id`` for ``who`` and let go of what they held before; or who holds it, if somebody else does."""
        with self._lock:
            if other := self._other(row_id, who):
                return other
            self._held = {row: held for row, held in self._held.items() if held[0] != who}
            self._held[row_id] = (who, self._clock() + LASTS)
            return None

    def by_other(self, row_id: str, who: str) -> str | None:
        """Who else holds the row; None if nobody does."""
        with self._lock:
            return self._other(row_id, who)

    def _other(self, row_id: str, who: str) -> str | None:
        person, until = self._held.get(row_id, (who, 0.0))
        return person if person != who and until > self._clock() else None
