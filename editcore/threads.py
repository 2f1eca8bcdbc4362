"""Many small pieces of work by a few threads."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

PIECE = 32
"""Pieces of work handed to a thread at once: a future for each would cost more than reading a small file."""

Given = TypeVar("Given")
Made = TypeVar("Made")


def spread(work: Callable[[Given], Made], items: Sequence[Given], threads: int) -> Iterator[Made]:
    """``work`` of every item, in order; raises what ``work`` raises."""
    pieces = [items[start : start + PIECE] for start in range(0, len(items), PIECE)]
    with ThreadPoolExecutor(threads) as pool:
        for done in pool.map(lambda piece: [work(item) for item in piece], pieces):
            yield from done
