"""How far the night is: bars in a terminal, a plain line now and then in a log."""

from __future__ import annotations

import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from editcore import shardwork
from editcore.manifest import STEPS

EVERY = 30.0
"""Seconds between lines in a log."""


@contextmanager
def progress() -> Iterator[None]:
    """Show progress of the night that runs in this process while the body runs."""
    show = _Bars() if sys.stdout.isatty() else _Lines()
    shardwork.listeners.append(show)
    try:
        yield
    finally:
        shardwork.listeners.remove(show)
        show.close()


class _Lines:
    """Counts per step, printed when a step ends and every ``EVERY`` seconds."""

    def __init__(self, say: Callable[[str], None] = print) -> None:
        self.done: dict[str, Counter[str]] = {step: Counter() for step in STEPS}
        self.say, self.last, self.lock = say, time.monotonic(), threading.Lock()

    def __call__(self, step: str, outcomes: Counter[str], planned: int) -> None:
        with self.lock:
            self.done[step] += outcomes
            if self.done[step].total() == planned and outcomes:
                self.say(f"{step}: {_told(self.done[step])}")
            elif time.monotonic() - self.last > EVERY:
                self.last = time.monotonic()
                self.say(f"{step}: {self.done[step].total()} of {planned} ({_told(self.done[step])})")

    def close(self) -> None:
        """Nothing to tidy up."""


class _Bars:
    """One bar per step."""

    def __init__(self) -> None:
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        self.bars = Progress(
            TextColumn("{task.description:8}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            TextColumn("{task.fields[failed]}"),
        )
        self.tasks = {step: self.bars.add_task(step, total=None, failed="") for step in STEPS}
        self.failed: Counter[str] = Counter()
        self.bars.start()

    def __call__(self, step: str, outcomes: Counter[str], planned: int) -> None:
        self.failed[step] += outcomes.total() - outcomes["ok"] - outcomes["skipped"]
        note = f"{self.failed[step]} failed" if self.failed[step] else ""
        self.bars.update(self.tasks[step], total=planned, advance=outcomes.total(), failed=note)

    def close(self) -> None:
        self.bars.stop()


def _told(outcomes: Counter[str]) -> str:
    return ", ".join(f"{count} {outcome}" for outcome, count in sorted(outcomes.items()) if count)
