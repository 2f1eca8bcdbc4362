"""What pairs mean to the model, computed once and kept: by pair and weights, in bounded memory, counted.

A night's pictures all follow the same few pairs, so their part of the work is done once for all of them.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from editcore.editors.transfer.attention import Seen


@dataclass
class Counts:
    """What happened so far."""

    computed: int = 0
    reused: int = 0
    dropped: int = 0


class PairMemory:
    """Least recently used first out."""

    def __init__(self, limit_bytes: int) -> None:
        """limit_bytes: what is kept at most; a single pair that is larger is used and not kept."""
        self.limit_bytes, self.counts = limit_bytes, Counts()
        self._kept: OrderedDict[str, Seen] = OrderedDict()

    def get(self, key: str, compute: Callable[[], Seen]) -> Seen:
        """What is kept under ``key``, or else ``compute()``. The key names pair and weights."""
        if key in self._kept:
            self.counts.reused += 1
            self._kept.move_to_end(key)
            return self._kept[key]
        self.counts.computed += 1
        seen = compute()
        self._kept[key] = seen
        while self.bytes > self.limit_bytes and self._kept:
            self._kept.popitem(last=False)
            self.counts.dropped += 1
        return seen

    @property
    def bytes(self) -> int:
        return sum(seen.bytes for seen in self._kept.values())

    @property
    def figures(self) -> dict[str, int]:
        """Columns for the run's figures."""
        counts = self.counts
        return {
            "pairs_computed": counts.computed, "pairs_reused": counts.reused, "pairs_dropped": counts.dropped,
            "pair_bytes": self.bytes,
        }  # fmt: skip
