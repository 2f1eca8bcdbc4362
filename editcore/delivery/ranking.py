"""Which rows to show first, and which to show at all: the most doubtful, spread over routes and recipes."""

from __future__ import annotations

import pandas as pd

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
    edited = [i for i in order if rows.at[i, "outcome"] == "ok"]
    turn = pd.DataFrame(
        {"group": [f"{rows.at[i, 'route']}/{rows.at[i, 'recipe_id']}" for i in edited]}, index=edited
    )
    turn["turn"] = turn.groupby("group").cumcount()
    chosen = set(turn.sort_values("turn", kind="stable").index[:limit])
    return [i for i in edited if i in chosen]
