"""A night's manifests joined into one row per picture and recipe, with one outcome each.

Every step writes Parquet parts of its own columns (``<run>/<step>/part-00042.parquet``) and its own outcome. The
joined row takes the first outcome along the way that is not ``ok``, with the step it happened in, so that
``planned = ok + skipped + failed`` holds exactly.
"""

from __future__ import annotations

import io
import json
from typing import Any

import pandas as pd
import pyarrow.parquet as pq

from editcore.delivery import store

STEPS = ("ingest", "segment", "edit", "score", "route")
NEEDED = ("ingest", "edit", "route")
KEYS = ("row_id", "item_id", "recipe_id", "shard")
OUTCOME = ("outcome", "code", "message", "attempts")
ROUTES = ("publish", "review", "rework")


def load_rows(run: str) -> pd.DataFrame:
    """All rows of the run folder ``run``, ordered by ``row_id``; raises ``ValueError`` if a step is missing."""
    frames = {step: frame for step in STEPS if (frame := _load_step(run, step)) is not None}
    missing = [step for step in NEEDED if step not in frames]
    if missing:
        raise ValueError(
            f"run {run} has no manifest of step {', '.join(missing)}; expected <run>/<step>/part-*.parquet. "
            "Finish the run first (vitrine run), then deliver."
        )
    return join_steps(frames)


def load_run(run: str) -> dict[str, Any]:
    """``run.json`` of the run, or an empty dict when there is none."""
    path = store.join(run, "run.json")
    return json.loads(store.read(path)) if store.exists(path) else {}


def join_steps(frames: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Left-join the steps' frames on ``row_id`` in the order of the night and settle the outcome."""
    rows = pd.DataFrame()
    for step, frame in frames.items():
        if not frame["row_id"].is_unique:
            twice = frame["row_id"][frame["row_id"].duplicated()].iloc[0]
            raise ValueError(
                f"step {step} holds row {twice} more than once; expected every row once. "
                "Remove the part file that should not be there."
            )
        own = frame.rename(columns={name: f"{step}_{name}" for name in OUTCOME})
        if rows.empty and step == "ingest":
            rows = own
        else:
            new = [name for name in own.columns if name == "row_id" or name not in rows.columns]
            rows = rows.merge(own[new], on="row_id", how="left")
    rows = rows.sort_values("row_id", kind="stable", ignore_index=True)
    return _settle_outcome(rows, list(frames))


def _load_step(run: str, step: str) -> pd.DataFrame | None:
    parts = [name for name in store.names(store.join(run, step)) if name.endswith(".parquet")]
    if not parts:
        return None
    tables = [pq.read_table(io.BytesIO(store.read(store.join(run, step, part)))) for part in parts]
    return pd.concat([table.to_pandas() for table in tables], ignore_index=True)


def _settle_outcome(rows: pd.DataFrame, steps: list[str]) -> pd.DataFrame:
    """Add ``outcome``, ``code``, ``message``, ``attempts`` and ``failed_step`` ("" when all steps are ok)."""
    settled = {"outcome": [], "code": [], "message": [], "attempts": [], "failed_step": []}  # type: dict[str, list]
    for row in rows.to_dict("records"):
        failed = next((step for step in steps if row[f"{step}_outcome"] != "ok"), "")
        if failed and pd.isna(row[f"{failed}_outcome"]):
            verdict: tuple = ("retryable", "not_reached", f"The night ended before step {failed} saw this row.")
        elif failed:
            verdict = tuple(row[f"{failed}_{name}"] for name in ("outcome", "code", "message"))
        else:
            verdict = ("ok", "", "")
        attempts = [row.get(f"{step}_attempts") for step in steps]
        settled["outcome"].append(verdict[0])
        settled["code"].append("" if pd.isna(verdict[1]) else verdict[1])
        settled["message"].append("" if pd.isna(verdict[2]) else verdict[2])
        settled["attempts"].append(int(max([n for n in attempts if n is not None and not pd.isna(n)], default=0)))
        settled["failed_step"].append(failed)
    dropped = [f"{step}_{name}" for step in steps for name in OUTCOME if f"{step}_{name}" in rows]
    return rows.drop(columns=dropped).assign(**settled)


def count_rows(rows: pd.DataFrame) -> dict[str, int]:
    """Exact accounting: planned = ok + skipped + failed, and ok = publish + review + rework."""
    ok = rows["outcome"] == "ok"
    skipped = rows["outcome"] == "skipped"
    counts = {
        "planned": len(rows),
        "ok": int(ok.sum()),
        "skipped": int(skipped.sum()),
        "failed": int((~ok & ~skipped).sum()),
    }
    return counts | {route: int((ok & (rows["route"] == route)).sum()) for route in ROUTES}
