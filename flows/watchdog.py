"""Ends a process in which nothing moves: says so, writes down where every thread is, and exits.

A hanging driver or a deadlock raises no exception, and a night that hangs until morning is a lost night. What was
finished is kept; the same command goes on from there."""

from __future__ import annotations

import faulthandler
import os
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from types import TracebackType

from editcore import shardwork

GRACE = 30.0
"""Seconds after which the interpreter's own watchdog ends the process, should no Python thread get to run."""
EXIT_CODE = 1


class Watchdog:
    """While the body runs: end the process when no batch is finished for ``minutes``.

    ``stacks``: where every thread of everybody is, as text."""

    def __init__(self, minutes: float, stacks: Callable[[], str]) -> None:
        self.seconds, self.stacks = minutes * 60, stacks
        self._over = threading.Event()
        self._last = time.monotonic()

    def __enter__(self) -> None:
        shardwork.listeners.append(self._hear)
        self._hear()
        threading.Thread(target=self._watch, name="watchdog", daemon=True).start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        shardwork.listeners.remove(self._hear)
        faulthandler.cancel_dump_traceback_later()

    def _hear(self, step: str = "", outcomes: Counter[str] | None = None, planned: int = 0) -> None:
        self._last = time.monotonic()
        faulthandler.dump_traceback_later(self.seconds + GRACE, exit=True, file=sys.__stderr__ or 2)

    def _watch(self) -> None:
        while not self._over.wait(min(self.seconds / 10, 5.0)):
            if time.monotonic() - self._last > self.seconds:
                self._end()

    def _end(self) -> None:
        sys.stdout.flush()
        print(
            f"the night is stuck: no batch was finished for {self.seconds / 60:g} minutes (limits.stall_minutes). "
            "This is where everything stands; mend it and run the same command again to go on.\n\n"
            f"{self.stacks()}",
            file=sys.stderr,
            flush=True,
        )
        os._exit(EXIT_CODE)
