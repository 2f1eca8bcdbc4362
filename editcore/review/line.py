"""Which rows wait in line, by view, filter and order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd

from editcore.decisions import Book, Decide, Standing
from editcore.delivery.cards import called, score_list, text_of, warnings_of
from editcore.review.shown import Shown

View = Literal["waiting", "checks", "decided"]
VIEWS: tuple[View, ...] = ("waiting", "checks", "decided")


@dataclass(frozen=True)
class Filter:
    """What a person wants to see."""

    view: View = "waiting"
    recipe: str = ""
    find: str = ""
    order: Literal["risk", "sku"] = "risk"


def standings(shown: Shown, book: Book) -> dict[int, Standing]:
    """The decisions that count, by place in ``shown.rows``."""
    places = {shown.index[row_id] for row_id in book.decided_rows() if row_id in shown.index}
    pictures = shown.rows["picture"]
    found = ((place, book.standing(shown.rows.at[place, "row_id"], pictures[place])) for place in places)
    return {place: standing for place, standing in found if standing}


def lines(shown: Shown, decided: dict[int, Standing], wanted: Filter) -> dict[str, list[int]]:
    """Places of the rows that the filter lets through, by view, in the order wanted."""
    rows = shown.rows
    keep = np.ones(len(rows), bool)
    if wanted.recipe:
        keep &= (rows["recipe_id"] == wanted.recipe).to_numpy()
    if wanted.find:
        keep &= rows["searched"].str.contains(wanted.find.lower(), regex=False).to_numpy(bool)
    is_decided = np.zeros(len(rows), bool)
    is_decided[list(decided)] = True
    waits = rows["routed"].isin(["review", "rework"]).to_numpy(bool)
    by_view = {
        "waiting": keep & waits & ~is_decided,
        "checks": keep & ~waits & ~is_decided,
        "decided": keep & is_decided,
    }
    places = {view: np.flatnonzero(mask).tolist() for view, mask in by_view.items()}
    if wanted.view == "decided":
        places["decided"].sort(key=lambda place: -decided[place].number)
    elif wanted.order == "sku":
        names = pd.Series(rows["sku"].fillna(rows["item_id"]).astype(str))
        places[wanted.view].sort(key=lambda place: (names[place], rows.at[place, "recipe_id"]))
    return places


def told(
    shown: Shown, place: int, book: Book, standing: Standing | None, held_by: str | None
) -> dict[str, Any]:
    """One row as the page gets it."""
    row = {str(name): value for name, value in shown.rows.loc[place].to_dict().items()}
    there = {"region": row.get("region_path"), "mask": row.get("mask_path"), "raw": row.get("raw_path")}
    reason = text_of(row.get("routed_because"))
    doubts = [text_of(row.get("mask_doubt")), *warnings_of(row.get("warnings_json"))]
    return {
        "row_id": row["row_id"],
        "picture": row["picture"],
        "last": book.touched(row["row_id"]),
        "sku": called(row),
        "recipe": row["recipe_id"],
        "words": text_of(row.get("words")),
        "follows_pair": bool(text_of(row.get("pair"))),
        "attempt": int(row["attempt"]),
        "route": row["routed"],
        "reason": reason,
        "warnings": [doubt for doubt in doubts if doubt and doubt not in reason],
        "scores": score_list(row),
        "width": int(row["width"]),
        "height": int(row["height"]),
        "kinds": ["before", "after", *(kind for kind, path in there.items() if text_of(path))],
        "decision": _decision(standing) if standing else None,
        "held_by": held_by,
    }


def _decision(standing: Standing) -> dict[str, Any]:
    decision: Decide = standing.decision
    told = decision.model_dump(
        mode="json", include={"verdict", "reasons", "note", "words", "again", "by", "at"}
    )
    return {**told, "entry": standing.number}
