"""A finished night as one data frame: a row per picture and recipe, and its books counted."""

from __future__ import annotations

import json
from typing import Any

import pandas as pd

from editcore import manifest, storage
from editcore.columns import STEPS
from editcore.outcomes import Outcome

ROUTES = ("publish", "review", "rework")


def load_rows(run: str) -> pd.DataFrame:
    """All rows of the run folder ``run``, ordered by ``row_id``, with the columns of ``manifest.merged``.

    A row that the night never reached (it was stopped) counts as ``retryable``/``not_reached``. Raises
    ``ValueError`` if rows were planned and nothing was routed: that night is not finished.
    """
    rows = manifest.merged(run).sort_by("row_id").to_pandas()
    if len(rows) and not manifest.committed(run, "route"):
        raise ValueError(
            f"run {run} plans {len(rows)} rows but has no part of step route; expected route/part-*.parquet. "
            "Finish the night first (vitrine run), then deliver."
        )
    lost = (rows["outcome"] == Outcome.OK) & ~rows["route"].isin(ROUTES)
    rows.loc[lost, ["outcome", "code", "failed_step"]] = [Outcome.RETRYABLE.value, "not_reached", "route"]
    rows.loc[lost, "message"] = "The night ended before this row was routed; run it again to finish it."
    return rows


def load_run(run: str) -> dict[str, Any]:
    """``run.json`` of the run, or an empty dict when there is none."""
    path = storage.join(run, "run.json")
    return dict(json.loads(storage.read_bytes(path))) if storage.exists(path) else {}


def load_footers(run: str) -> dict[str, list[dict[str, Any]]]:
    """Footers of the committed parts (``manifest.footer``), by step."""
    return {
        step: [manifest.footer(run, step, shard) for shard in sorted(manifest.committed(run, step))]
        for step in STEPS
    }


def count_rows(rows: pd.DataFrame) -> dict[str, int]:
    """Exact accounting: planned = ok + skipped + failed, and ok = publish + review + rework."""
    ok = rows["outcome"] == Outcome.OK
    skipped = rows["outcome"] == Outcome.SKIPPED
    counts = {
        "planned": len(rows),
        "ok": int(ok.sum()),
        "skipped": int(skipped.sum()),
        "failed": int((~ok & ~skipped).sum()),
    }
    return counts | {route: int((ok & (rows["route"] == route)).sum()) for route in ROUTES}
