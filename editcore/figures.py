"""What a night counts beside its rows: memory that ran out, adapters switched, workers replaced, seconds by stage.

Each shard counts its own; the sums are written into its part's footer and added up when the night closes.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

COUNTS = {
    "batches_halved": "batches halved because memory ran out",
    "models_offloaded": "models moved out of the device's memory, part by part",
    "rows_retried": "rows tried once more because memory ran out",
    "adapter_switches": "switches of adapter or engine",
    "workers_replaced": "workers of the pool that died and were replaced",
}
"""Counts, and how they are told."""
STAGES = ("read", "model", "write")
"""Stages of a batch; ``read_seconds`` and so on are seconds of work, in threads that overlap."""


class Figures:
    """Counts and seconds, added by several threads."""

    def __init__(self) -> None:
        self.sums: Counter[str] = Counter()
        self._lock = threading.Lock()

    def add(self, name: str, amount: float = 1) -> None:
        """Add ``amount`` to figure ``name``."""
        with self._lock:
            self.sums[name] += amount  # type: ignore[assignment]

    def add_all(self, after: Mapping[str, float], before: Mapping[str, float]) -> None:
        """Add what a running count of somebody else's grew by."""
        for name, value in after.items():
            self.add(name, value - before.get(name, 0))

    @contextmanager
    def timed(self, stage: str) -> Iterator[None]:
        """Add the seconds of the body to ``stage``."""
        started = time.monotonic()
        try:
            yield
        finally:
            self.add(f"{stage}_seconds", time.monotonic() - started)

    def told(self) -> dict[str, float]:
        """The sums, seconds rounded to milliseconds."""
        return {name: round(value, 3) for name, value in sorted(self.sums.items())}


def total(footers: Iterable[Mapping[str, Any]]) -> Counter[str]:
    """Sums of what shards counted, from the footers of their parts (``manifest.footer``)."""
    sums = Counter[str]()
    for facts in footers:
        sums.update(facts.get("figures", {}))
    return sums


def sentences(sums: Mapping[str, float]) -> list[str]:
    """What is not zero among the counts, for people."""
    return [f"{sums[name]:g} {words}" for name, words in COUNTS.items() if sums.get(name)]
