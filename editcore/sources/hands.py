"""Threads for work that an event loop hands out: as few as it needs."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

SLOW = 0.01
"""Seconds from which on a piece of work is taken for waiting rather than computing."""

Given = TypeVar("Given")


class Hands:
    """One thread while work is quick, since threads that compute get in each other's and the loop's way (0.4 ms of CPU
    for a downloaded picture with one, 0.8 with several); ``most`` while it waits, for a disk or a bucket."""

    def __init__(self, most: int) -> None:
        self._one, self._many = ThreadPoolExecutor(1, "hand"), ThreadPoolExecutor(most, "hands")
        self._slow = False

    async def take(self, work: Callable[[Given], None], given: Given) -> None:
        """``work`` on ``given``, in a thread; raises what it raises."""
        threads = self._many if self._slow else self._one
        took = await asyncio.get_running_loop().run_in_executor(threads, _timed, work, given)
        self._slow = took > SLOW

    def close(self) -> None:
        """Wait for what is in hand."""
        self._one.shutdown()
        self._many.shutdown()


def _timed(work: Callable[[Given], None], given: Given) -> float:
    started = time.perf_counter()
    work(given)
    return time.perf_counter() - started
