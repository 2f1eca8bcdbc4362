"""Route: thresholds on score columns; needs no model and no picture."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from editcore.manifest import Row
from editcore.night import Night
from editcore.shardwork import work_shard

BATCH = 4096


def run(night_path: str, shard: int) -> dict[str, Any]:
    """Route one shard; returns its counts."""
    from editcore.routing import Thresholds, route

    thresholds = Thresholds(**Night.open(night_path).decisions["thresholds"])

    def work(batch: list[Row]) -> Sequence[Row | Exception]:
        decisions = [route(row, thresholds) for row in batch]
        return [{"route": decision.route, "reason": decision.reason} for decision in decisions]

    return work_shard(night_path, "route", shard, work, BATCH)
