"""Models loaded once per process, and handed out one caller at a time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

from editcore.figures import Figures
from editcore.night import Night
from editcore.profiles import Profile
from tasks.turns import Turns

_turns = {part: Turns() for part in ("editor", "transfer", "segmenter", "scorer")}


@contextmanager
def borrow(part: str, night: Night, key: str | None = None, figures: Figures | None = None) -> Iterator[Any]:
    """The night's editor, transfer engine, segmenter or scorer, for this thread alone while the body runs.

    Several batches are in work at once so that reading and writing overlap with the model; the model itself takes
    turns, those first whose ``key`` it is set up for. A change of keys is counted in ``figures``."""
    with _turns[part].take(key) as switched:
        if switched and figures:
            figures.add("adapter_switches")
        yield of(part, night.profile)


def of(part: str, profile: Profile) -> Any:
    """The same model without taking turns, for one thread's work before or beside a night."""
    return _load(part, profile.model_dump_json())


def batch_size(night: Night) -> int:
    """Rows that every engine of the night takes at once; loads them."""
    sizes = []
    for part in night.engines:
        with borrow(part, night) as engine:
            sizes.append(int(engine.batch_size))
    return min(sizes)


def offload(night: Night) -> bool:
    """Move the night's engines out of the device's memory, part by part; False where none can, or all did already."""
    moved = []
    for part in night.engines:
        with borrow(part, night) as engine:
            moved.append(bool(getattr(engine, "offload", lambda: False)()))
    return any(moved)


@lru_cache(maxsize=8)
def _load(part: str, profile_json: str) -> Any:
    profile = Profile.model_validate_json(profile_json)
    entry = profile.attribute(part)
    if part in ("editor", "transfer"):
        return entry(profile)
    return entry(**profile.scorer_options) if part == "scorer" else entry
