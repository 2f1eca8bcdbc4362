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
from editcore.night import Night, NightRefused
from editcore.shardwork import TRY_AGAIN

EARLIER = 999_999
"""Number of the kept batch that holds an opened part's finished rows; no batch of a shard is called so."""


def failed_rows(night: Night) -> dict[int, dict[str, int]]:
    """Rows that failed for our reasons or the world's, by shard: row id -> index in ``STEPS`` of the step that failed.

    Rows that failed because of the customer's file are not among them: as long as the file is the same, so is what
    comes of it, and another file makes another night."""
    found: dict[int, dict[str, int]] = {}
    for place, step in enumerate(STEPS):
        table = manifest.read_step(night.path, step, ["shard", "row_id", "outcome"])
        for shard, row_id, outcome in zip(*(column.to_pylist() for column in table.columns), strict=True):
            if outcome in TRY_AGAIN:
                found.setdefault(shard, {}).setdefault(row_id, place)
    return found


def open_rows(night: Night, rows: dict[int, dict[str, int]]) -> Night:
    """Open the parts of ``rows`` (of ``failed_rows``) from the step that failed on; the night, now unfinished."""
    night = night.reopen(night.decisions)
    for shard, steps in rows.items():
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
        _disown(night, shard)
        for step in reversed(STEPS):
            manifest.forget(night.path, step, shard)
    return night


def _open(night: Night, step: str, shard: int, rows: Collection[str]) -> None:
    if not manifest.is_committed(night.path, step, shard):
        return
    finished = [r for r in manifest.read_part(night.path, step, shard) if r["row_id"] not in rows]
    manifest.keep(night.path, step, shard, EARLIER, finished)
    storage.remove(manifest.part_path(night.path, step, shard))


def _disown(night: Night, shard: int) -> None:
    """Say in the plan that this night makes the rows itself."""
    rows = manifest.read_part(night.path, "plan", shard)
    if any(row.get("carried_from") for row in rows):
        manifest.amend_plan(night.path, shard, [row | {"carried_from": None} for row in rows])
