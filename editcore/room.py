"""Room for decoded pictures: batches are read ahead, and bytes in hand stay bounded whatever the pictures' size.

A JPEG grows about twentyfold when it is decoded, so a bound on files or batches would be none."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Room:
    """``limit`` bytes, shared by all threads of the process. A batch larger than that goes in alone."""

    def __init__(self, limit: int) -> None:
        self.limit, self.used = limit, 0
        self.changed = threading.Condition()

    @contextmanager
    def take(self, size: int) -> Iterator[None]:
        """Hold ``size`` bytes while the body runs; waits until they are free."""
        with self.changed:
            self.changed.wait_for(lambda: not self.used or self.used + size <= self.limit)
            self.used += size
        try:
            yield
        finally:
            with self.changed:
                self.used -= size
                self.changed.notify_all()
