"""Committed shards opened again, so that rows are done once more: those that failed, or whole shards.

Finished rows are never computed again by accident: before a part with failed rows is removed, the records of its
other rows are kept beside it, where the step finds them as it finds those of a killed process (``shardwork``). What
comes later in a shard is removed first, and all routes with it, since each compares with the whole recipe; so a kill
anywhere leaves an unfinished night that ``vitrine run`` ends, at worst with some of the rows still as they were.
"""

from __future__ import annotations

from collections.abc import Collection

from editcore import manifest, storage
from editcore.columns import STEPS
from editcore.delivery.previous import lost_at_delivery
from editcore.night import Night, NightRefused
from editcore.outcomes import PICTURE_LOST
from editcore.shardwork import TRY_AGAIN

PAINTS = STEPS.index("segment")
"""The first step that leaves pictures."""
EARLIER = 999_999
"""Number of the kept batch that holds an opened part's finished rows; no batch of a shard is called so."""


def failed_rows(night: Night) -> dict[int, dict[str, int]]:
    """Rows that failed for our reasons or the world's, by shard: row id -> index in ``STEPS`` of the first step to do
    again. That is the one that failed; the one that makes a row's first picture where one of them was lost, also if
    only the delivery found that out; ingest where an earlier night had made it.

    Rows that failed because of the customer's file are not among them: as long as the file is the same, so is what
    comes of it, and another file makes another night."""
    found: dict[int, dict[str, int]] = {}
    for place, step in enumerate(STEPS):
        for row in manifest.rows_with(night.path, step, TRY_AGAIN, ("shard", "row_id", "outcome", "code")):
            first = min(place, PAINTS) if row["code"] == PICTURE_LOST else place
            found.setdefault(row["shard"], {}).setdefault(row["row_id"], first)
    for row in lost_at_delivery(str(night.info["output"]), night.name):
        first = 0 if row["carried_from"] else PAINTS
        steps = found.setdefault(row["shard"], {})
        steps[row["row_id"]] = min(first, steps.get(row["row_id"], first))
    return found


def open_rows(night: Night, rows: dict[int, dict[str, int]]) -> Night:
    """Open the parts of ``rows`` (of ``failed_rows``) from the step that failed on; the night, now unfinished."""
    night = night.reopen(night.decisions)
    for shard, steps in rows.items():
        _disown(night, shard, {row for row, first in steps.items() if first == 0})
        for step in reversed(STEPS[min(steps.values()) :]):
            _open(night, step, shard, {row for row, failed in steps.items() if failed <= STEPS.index(step)})
    return night


def open_shards(night: Night, shards: Collection[int]) -> Night:
    """Forget every step of ``shards``; the night, now unfinished. ``NightRefused`` for shards there are not.

    Rows that were carried over from an earlier night become this night's own."""
    if strange := sorted(set(shards).difference(night.shards)):
        raise NightRefused(
            f"found shards {', '.join(map(str, strange))}, expected numbers from 0 to {len(night.shards) - 1} "
            f"(night {night.name} has {len(night.shards)})"
        )
    night = night.reopen(night.decisions)
    for shard in shards:
        _disown(night, shard, None)
        for step in reversed(STEPS):
            manifest.forget(night.path, step, shard)
    return night


def _open(night: Night, step: str, shard: int, rows: Collection[str]) -> None:
    if not manifest.is_committed(night.path, step, shard):
        return
    finished = [r for r in manifest.read_part(night.path, step, shard) if r["row_id"] not in rows]
    manifest.keep(night.path, step, shard, EARLIER, finished)
    storage.remove(manifest.part_path(night.path, step, shard))


def _disown(night: Night, shard: int, chosen: Collection[str] | None) -> None:
    """Say in the plan that this night makes the ``chosen`` rows (None: all) itself."""
    rows = manifest.read_part(night.path, "plan", shard)
    ours = [row for row in rows if row.get("carried_from") and (chosen is None or row["row_id"] in chosen)]
    if ours:
        for row in ours:
            row["carried_from"] = None
        manifest.amend_plan(night.path, shard, rows)
