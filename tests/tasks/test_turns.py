from __future__ import annotations

import threading
import time

import pytest

from editcore.room import Room
from tasks.turns import Turns


def queue_up(turns: Turns, keys: list[str | None]) -> list[tuple[str | None, bool]]:
    """Who had the model, in order, and whether it was set up anew for them; ``keys`` queue while it is busy."""
    had: list[tuple[str | None, bool]] = []

    def caller(key: str | None) -> None:
        with turns.take(key) as switched:
            had.append((key, switched))

    threads = [threading.Thread(target=caller, args=(key,)) for key in keys]
    with turns.take():
        for thread in threads:
            thread.start()
        while len(turns._waiting) < len(keys):
            time.sleep(0.001)
    for thread in threads:
        thread.join()
    return had


def test_who_needs_the_model_as_it_is_goes_first() -> None:
    turns = Turns()
    with turns.take("a") as switched:
        assert not switched, "the first set-up is no switch"
    had = queue_up(turns, ["b", "a", "b", "a", "a"])
    assert [key for key, _ in had] == ["a", "a", "a", "b", "b"]
    assert [switched for _, switched in had] == [False, False, False, True, False]


def test_who_does_not_care_changes_nothing() -> None:
    turns = Turns()
    with turns.take("a"):
        pass
    assert sum(switched for _, switched in queue_up(turns, [None, "a", None])) == 0
    assert queue_up(turns, ["b"]) == [("b", True)]


def test_a_failing_caller_lets_the_next_one_in() -> None:
    turns = Turns()
    with pytest.raises(ValueError), turns.take("a"):
        raise ValueError
    with turns.take("a") as switched:
        assert not switched


def test_room_is_never_overdrawn_and_the_largest_goes_alone() -> None:
    room, most, lock = Room(10), 0, threading.Lock()

    def user(size: int) -> None:
        nonlocal most
        with room.take(size):
            with lock:
                most = max(most, room.used if size <= 10 else 0)
                assert size <= 10 or room.used == size
            time.sleep(0.002)

    threads = [threading.Thread(target=user, args=(size,)) for size in [4, 4, 4, 25, 3, 7, 10, 1] * 3]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert 0 < most <= 10 and room.used == 0
