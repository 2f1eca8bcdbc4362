"""Models loaded once per process, and handed out one caller at a time."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

from editcore.night import Night
from editcore.profiles import Profile

_locks = {part: threading.RLock() for part in ("editor", "transfer", "segmenter", "scorer")}


@contextmanager
def borrow(part: str, night: Night) -> Iterator[Any]:
    """The night's editor, transfer engine, segmenter or scorer, for this thread alone while the body runs.

    Two shards are in work at once so that reading and writing overlap with the model; the model itself takes
    turns."""
    with _locks[part]:
        yield _load(part, night.profile.model_dump_json())


def batch_size(night: Night) -> int:
    """Rows that every engine of the night takes at once; loads them."""
    sizes = []
    for part in night.engines:
        with borrow(part, night) as engine:
            sizes.append(int(engine.batch_size))
    return min(sizes)


@lru_cache(maxsize=8)
def _load(part: str, profile_json: str) -> Any:
    profile = Profile.model_validate_json(profile_json)
    entry = profile.attribute(part)
    if part in ("editor", "transfer"):
        return entry(profile)
    return entry(**profile.scorer_options) if part == "scorer" else entry
