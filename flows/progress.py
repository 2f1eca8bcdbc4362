"""How far the night is: bars in a terminal, a line now and then in a log."""

from __future__ import annotations

import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from editcore import shardwork
from editcore.columns import STEPS
from flows.voice import JsonVoice, Voice, voice

EVERY = 30.0
"""Seconds between lines in a log."""


@contextmanager
def progress() -> Iterator[None]:
    """Show progress of the night that runs in this process while the body runs."""
    bars = sys.stdout.isatty() and not isinstance(voice(), JsonVoice)
    show = _Bars() if bars else _Lines(voice())
    shardwork.listeners.append(show)
    try:
        yield
    finally:
        shardwork.listeners.remove(show)
        show.close()


class _Lines:
    """Counts per step, said when a step ends and every ``EVERY`` seconds."""

    def __init__(self, voice: Voice) -> None:
        self.done: dict[str, Counter[str]] = {step: Counter() for step in STEPS}
        self.voice, self.last, self.lock = voice, time.monotonic(), threading.Lock()

    def __call__(self, step: str, outcomes: Counter[str], planned: int) -> None:
        with self.lock:
            self.done[step] += outcomes
            count, told = self.done[step].total(), _told(self.done[step])
            if count == planned and outcomes:
                self._say(f"{step}: {told}", step, planned)
            elif count and time.monotonic() - self.last > EVERY:
                self.last = time.monotonic()
                self._say(f"{step}: {count} of {planned} ({told})", step, planned)

    def _say(self, text: str, step: str, planned: int) -> None:
        done = self.done[step]
        self.voice.say(
            text, event="progress", step=step, done=done.total(), planned=planned, outcomes=dict(done)
        )

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
