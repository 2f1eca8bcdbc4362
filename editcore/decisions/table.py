"""Decisions on tables: where a night's rows go now, and the whole journal for those who read Parquet."""

from __future__ import annotations

import pandas as pd
import pyarrow as pa

from editcore.decisions.book import Book, Standing
from editcore.decisions.entries import REASONS, Decide
from editcore.night import picture_of

DECIDED = (
    "routed",
    "routed_because",
    "decision",
    "decided_by",
    "decided_at",
    "decision_reasons",
    "decision_note",
)
"""Columns that decisions add to a night's rows: the route by thresholds alone, and its reason; ``approve`` or
``reject``, by whom, when (ISO 8601), reasons (ids of ``REASONS``, with blanks), note. All but the first are null where
nobody decided."""
JOURNAL = pa.schema(
    [
        ("entry", pa.int64()),
        ("at", pa.string()),
        ("by", pa.string()),
        ("night", pa.string()),
        ("row_id", pa.string()),
        ("picture", pa.string()),
        ("verdict", pa.string()),
        ("reasons", pa.list_(pa.string())),
        ("note", pa.string()),
        ("again", pa.bool_()),
        ("words", pa.string()),
        ("seconds", pa.float64()),
        ("undone", pa.bool_()),
    ]
)
"""One row per decision and picture, undone ones too; ``seconds`` is the decision's time over its pictures."""


def decided(rows: pd.DataFrame, night: str, book: Book) -> pd.DataFrame:
    """A night's rows with the columns ``DECIDED``, and ``route`` and ``reason`` as people decided: whatever the
    thresholds said, an approved picture is published, and a rejected one goes to rework."""
    nobody = pd.Series(index=rows.index, dtype="str")
    rows = rows.assign(routed=rows["route"], **dict.fromkeys(DECIDED[1:], nobody))
    if not book.entries:
        return rows
    about = (rows["outcome"] == "ok") & rows["row_id"].isin(book.decided_rows())
    found: dict[object, tuple[object, ...]] = {}
    for index, row_id, place in rows.loc[about, ["row_id", "image_path"]].itertuples():
        if standing := book.standing(row_id, picture_of(night, str(place))):
            found[index] = _cells(standing)
    if found:
        columns = ["route", "reason", *DECIDED[2:]]
        changed = pd.DataFrame.from_dict(found, orient="index", columns=columns, dtype=object)
        rows.loc[changed.index, "routed_because"] = rows.loc[changed.index, "reason"]
        rows.loc[changed.index, columns] = changed
    return rows


def audit(book: Book) -> pa.Table:
    """The journal's decisions as a table of schema ``JOURNAL``."""
    lines = [
        {
            "entry": number,
            "at": decision.at.isoformat(),
            **decision.model_dump(include={"by", "night", "verdict", "reasons", "note", "again", "words"}),
            **subject.model_dump(),
            "seconds": decision.seconds / len(decision.rows),
            "undone": number in book.undone,
        }
        for number, decision in book.decisions()
        for subject in decision.rows
    ]
    return pa.Table.from_pylist(lines, schema=JOURNAL)


def sentence(decision: Decide) -> str:
    """A decision in words, e.g. ``Rejected by anna: colour wrong, artefact. Too grey. To be made again.``"""
    if decision.verdict == "approve":
        return f"Approved by {decision.by}." + (f" {decision.note}" if decision.note else "")
    why = ", ".join(REASONS[reason].lower() for reason in decision.reasons)
    parts = [f"Rejected by {decision.by}: {why}.", decision.note]
    if decision.again:
        parts.append(f"To be made again: {decision.words}" if decision.words else "To be made again.")
    return " ".join(part for part in parts if part)


def _cells(standing: Standing) -> tuple[object, ...]:
    decision = standing.decision
    route = "publish" if decision.verdict == "approve" else "rework"
    reasons, at = " ".join(decision.reasons), decision.at.isoformat()
    return (route, sentence(decision), decision.verdict, decision.by, at, reasons, decision.note)
