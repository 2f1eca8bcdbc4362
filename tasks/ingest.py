"""Ingest: open every source once and write down what it is; what cannot be used is said here, with a code.

What the plan knows (SKU, words, target ...) is passed on by the shard runner.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from editcore.columns import Row
from editcore.night import Night
from editcore.shardwork import work_shard
from tasks import pictures

BATCH = 16


def run(night_path: str, shard: int) -> dict[str, Any]:
    """Ingest one shard; returns its counts."""
    night = Night.open(night_path)

    def work(batch: list[Row]) -> Sequence[Row | Exception]:
        return [_ingest(row, night) for row in batch]

    return work_shard(night_path, "ingest", shard, work, BATCH)


def _ingest(row: Row, night: Night) -> Row | Exception:
    try:
        picture = pictures.found(row, night)
    except Exception as error:
        return error
    return {"width": picture.width, "height": picture.height, "source_format": picture.format}
