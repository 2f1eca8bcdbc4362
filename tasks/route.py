"""Route: thresholds on score columns, each row beside the others of its recipe; needs no model and no picture."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from editcore.columns import Row
from editcore.night import Night
from editcore.shardwork import work_shard
from tasks import ranges

BATCH = 4096


def run(night_path: str, shard: int) -> dict[str, Any]:
    """Route one shard; returns its counts."""
    from editcore.routing import Thresholds, route
    from editcore.scoring.consistency import deviation

    thresholds = Thresholds(**Night.open(night_path).decisions["thresholds"])
    known = ranges.known(night_path)

    def one(row: Row) -> Row:
        far = deviation(row, known[row["recipe_id"]]) if row["recipe_id"] in known else {}
        decision = route({**row, **far}, thresholds)
        return {**far, "route": decision.route, "reason": decision.reason}

    def work(batch: list[Row]) -> Sequence[Row | Exception]:
        return [one(row) for row in batch]

    return work_shard(night_path, "route", shard, work, BATCH)
