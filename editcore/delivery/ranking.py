"""Which rows to show first, and which to show at all: the most doubtful, spread over routes and recipes."""

from __future__ import annotations

from typing import Any

import pandas as pd

from editcore import storage, tables
from editcore.outcomes import FAILED, Outcome

ROUTE_ORDER = ("review", "rework", "publish")
"""Cards begin with what waits for a person."""
RISKS = {
    "chroma_error": 1,
    "delta_e": 1,
    "lpips_kept": 1,
    "clip_direction": -1,
    "clip_text": -1,
    "kept_max_diff": 1,
}
"""Score columns that say how doubtful a row is; 1 = higher is worse."""
TOLD = ("sku", "recipe_id", "outcome", "code", "message", "route", "reason", "delivered_path")
"""What is told of a row in a short table."""


def rank_rows(rows: pd.DataFrame) -> list[int]:
    """Row indices, most doubtful first: by route, then by mean rank over the risk columns that are there."""
    present = {name: sign for name, sign in RISKS.items() if name in rows and rows[name].notna().any()}
    ranks = pd.DataFrame(
        {name: (sign * rows[name].astype(float)).rank(pct=True) for name, sign in present.items()}
    )
    risk = ranks.mean(axis=1) if present else pd.Series(0.0, index=rows.index)
    place = rows["route"].map({route: k for k, route in enumerate(ROUTE_ORDER)}).fillna(len(ROUTE_ORDER))
    keys = pd.DataFrame({"place": place, "risk": -risk.fillna(0), "row_id": rows["row_id"]})
    return keys.sort_values(["place", "risk", "row_id"], kind="stable").index.tolist()


def spread_choice(rows: pd.DataFrame, order: list[int], limit: int) -> list[int]:
    """At most ``limit`` edited rows, taken in turn from every (route, recipe) pair, in the given order."""
    ordered = rows.loc[order, ["outcome", "route", "recipe_id"]]
    edited = ordered[ordered["outcome"] == Outcome.OK]
    turn = edited.groupby(["route", "recipe_id"], dropna=False).cumcount()
    chosen = turn.sort_values(kind="stable").index[:limit]
    return turn.index[turn.index.isin(chosen)].tolist()


def worst_rows(output: str, limit: int) -> list[dict[str, Any]]:
    """The rows of the manifest in ``output`` that people should know of first, at most ``limit``, as dicts of text:
    failed ones (ours before the customer's), then edited ones, most doubtful first."""
    data = storage.read_bytes(storage.join(output, "manifest.parquet"))
    table = tables.decode(data)
    rows = table.select(
        [name for name in table.column_names if name in {*TOLD, *RISKS, "row_id"}]
    ).to_pandas()
    order = rank_rows(rows)
    failed = [i for i in order if rows.at[i, "outcome"] in FAILED]
    failed.sort(key=lambda i: (rows.at[i, "outcome"] == Outcome.BAD_INPUT, rows.at[i, "row_id"]))
    doubtful = [i for i in order if rows.at[i, "outcome"] == Outcome.OK and rows.at[i, "route"] != "publish"]
    chosen = rows.loc[[*failed, *doubtful][:limit], list(TOLD)].fillna("").astype(str)
    return [{str(name): value for name, value in row.items()} for row in chosen.to_dict("records")]
