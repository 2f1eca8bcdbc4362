"""Score: columns for every edited picture. No verdict here; routing judges."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from editcore.manifest import Row
from editcore.night import Night
from editcore.shardwork import work_shard
from tasks import models, pictures

BATCH = 8


def run(night_path: str, shard: int) -> dict[str, Any]:
    """Score one shard; returns its counts."""
    night = Night.open(night_path)

    def work(batch: list[Row]) -> Sequence[Row | Exception]:
        return [_score(row, night) for row in batch]

    return work_shard(night_path, "score", shard, work, BATCH)


def _score(row: Row, night: Night) -> Row | Exception:
    try:
        before = pictures.source(row, night).rgb
        after, region = (pictures.get_png(night, row[name]) for name in ("image_path", "region_path"))
        started = time.monotonic()
        with models.borrow("scorer", night) as scorer:
            columns = scorer.score(before, after, region, row["words"], row["target"], row["caption"])
        return {**columns, "score_seconds": time.monotonic() - started}
    except Exception as error:
        return error
