"""How many threads take work in: one that computes, many that wait."""

from __future__ import annotations

import asyncio
import threading
import time

import pytest

from editcore.sources.hands import SLOW, Hands


def threads_of(seconds: float, pieces: int) -> int:
    """Threads at work at once, at most, on so many pieces that take so long each."""
    at_work, most, lock = 0, 0, threading.Lock()

    def work(piece: int) -> None:
        nonlocal at_work, most
        with lock:
            at_work += 1
            most = max(most, at_work)
        time.sleep(seconds)
        with lock:
            at_work -= 1

    async def everything() -> None:
        hands = Hands(4)

        async def one_after_the_other(number: int) -> None:
            for piece in range(pieces):
                await hands.take(work, piece)

        try:
            await asyncio.gather(*(one_after_the_other(number) for number in range(6)))
        finally:
            hands.close()

    asyncio.run(everything())
    return most


def test_quick_work_has_one_thread_and_slow_work_as_many_as_there_may_be(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert threads_of(2 * SLOW, 6) >= 4
    monkeypatch.setattr("editcore.sources.hands.SLOW", 60.0)
    assert threads_of(0.001, 20) == 1


def test_what_work_raises_is_raised() -> None:
    async def fail() -> None:
        hands = Hands(2)
        try:
            await hands.take(lambda piece: piece / 0, 1)  # type: ignore[arg-type, func-returns-value]
        finally:
            hands.close()

    with pytest.raises(ZeroDivisionError):
        asyncio.run(fail())
