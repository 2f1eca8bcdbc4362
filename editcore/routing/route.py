"""From score columns to publish, review or rework, with the reason in words. No model, no picture, no state.

Every check is a ``Rule`` that works on one value and on a whole column alike, so a night of a million rows is
routed again in seconds and every row gets what ``route`` alone would give it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import numpy as np
import pyarrow as pa

from editcore.routing.thresholds import Thresholds

Route = Literal["publish", "review", "rework"]
PUBLISH_REASON = "Every figure is within its threshold."


class Decision(NamedTuple):
    """Where a row goes; ``route`` is None for a row without a finished edit."""

    route: Route | None
    reason: str


@dataclass(frozen=True)
class Rule:
    """One numeric check. Null figures pass it (the question does not arise), NaN fails it."""

    column: str
    field: str
    """Field of ``Thresholds`` that holds the limit."""
    least: bool
    """True: the figure has to reach the limit. False: it must not exceed it."""
    route: Route
    sentence: str
    """Formatted with ``value`` and ``limit``."""

    def broken(self, values: Any, thresholds: Thresholds) -> Any:
        """Whether each value breaks the rule; ``values`` is a float or a float array where NaN is a
        failure."""
        limit = getattr(thresholds, self.field)
        if limit is None:
            return np.zeros(np.shape(values), bool)
        return ~(np.asarray(values) >= limit) if self.least else ~(np.asarray(values) <= limit)


RULES: tuple[Rule, ...] = (
    Rule(
        "kept_psnr",
        "min_kept_psnr",
        True,
        "rework",
        "Pixels that had to stay were changed (kept_psnr {value:.1f} dB, at least {limit:g} wanted).",
    ),
    Rule(
        "lpips_kept",
        "max_lpips_kept",
        False,
        "rework",
        "The picture changed visibly outside the region (lpips_kept {value:.3f}, at most {limit:g}).",
    ),
    Rule(
        "region_change",
        "min_region_change",
        True,
        "rework",
        "Next to nothing happened in the region (region_change {value:.1f}, at least {limit:g} wanted).",
    ),
    Rule(
        "chroma_error",
        "rework_chroma_error",
        False,
        "rework",
        "It is another colour than the one named (chroma_error {value:.0f}, at most {limit:g}).",
    ),
    Rule(
        "chroma_error",
        "max_chroma_error",
        False,
        "review",
        "The colour is off the one named (chroma_error {value:.0f}, at most {limit:g}).",
    ),
    Rule(
        "delta_e",
        "max_delta_e",
        False,
        "review",
        "The colour is lighter, darker or other than named (delta_e {value:.0f}, at most {limit:g}).",
    ),
    Rule(
        "clip_text",
        "min_clip_text",
        True,
        "review",
        "The picture does not match the words well (clip_text {value:.2f}, at least {limit:g} wanted).",
    ),
    Rule(
        "clip_direction",
        "min_clip_direction",
        True,
        "review",
        "The picture moved away from the words (clip_direction {value:.2f}, at least {limit:g} wanted).",
    ),
)
COLUMNS = (
    "outcome",
    "message",
    "mask_doubt",
    "range_doubt",
    "warnings_json",
    *dict.fromkeys(rule.column for rule in RULES),
)
"""Columns of the manifest that decide; absent ones count as null."""


def route(row: Mapping[str, Any], thresholds: Thresholds | None = None) -> Decision:
    """Decide one row of the manifest. Rework beats review; the reason names every check of the winning
    kind."""
    thresholds = thresholds or Thresholds()
    if row.get("outcome", "ok") != "ok":
        return Decision(None, f"No finished edit: {row.get('message') or row['outcome']}")
    found = _broken_rules(row, thresholds)
    for kind in ("rework", "review"):
        sentences = [sentence for route_, sentence in found if route_ == kind]
        if sentences:
            return Decision(kind, " ".join(sentences))
    return Decision("publish", PUBLISH_REASON)


def reroute(table: pa.Table, thresholds: Thresholds | None = None) -> pa.Table:
    """A night's rows with ``route`` and ``reason`` decided anew; all other columns as they were."""
    thresholds = thresholds or Thresholds()
    suspects = np.flatnonzero(_suspect(table, thresholds))
    routes: list[str | None] = ["publish"] * table.num_rows
    reasons = [PUBLISH_REASON] * table.num_rows
    deciding = table.select([name for name in COLUMNS if name in table.column_names]).take(suspects)
    rows = deciding.to_pylist() or [{}] * len(suspects)  # a table without columns has no rows
    for index, row in zip(suspects, rows, strict=True):
        routes[index], reasons[index] = route(row, thresholds)
    for name, values in (("route", routes), ("reason", reasons)):
        column = pa.array(values, pa.string())
        if name in table.column_names:
            table = table.set_column(table.column_names.index(name), name, column)
        else:
            table = table.append_column(name, column)
    return table


def _broken_rules(row: Mapping[str, Any], thresholds: Thresholds) -> list[tuple[Route, str]]:
    found: list[tuple[Route, str]] = []
    if row.get("region_change") is None:
        found.append(("review", "The edit was not measured (region_change is missing)."))
    for rule in RULES:
        value = row.get(rule.column)
        if value is not None and rule.broken(float(value), thresholds):
            limit = getattr(thresholds, rule.field)
            found.append((rule.route, rule.sentence.format(value=value, limit=limit)))
    if thresholds.review_mask_doubts and row.get("mask_doubt"):
        found.append(("review", str(row["mask_doubt"])))
    if thresholds.review_range_outliers and row.get("range_doubt"):
        found.append(("review", str(row["range_doubt"])))
    if thresholds.review_warnings:
        found.extend(("review", warning) for warning in _warnings(row.get("warnings_json")))
    return found


def _warnings(text: str | None) -> list[str]:
    return [str(warning) for warning in json.loads(text)] if text else []


def _suspect(table: pa.Table, thresholds: Thresholds) -> np.ndarray:
    """(N,) bool: rows that cannot be published without a closer look."""
    suspect = np.zeros(table.num_rows, bool)
    if "region_change" not in table.column_names:
        return ~suspect
    suspect |= table["region_change"].is_null().to_numpy()
    for rule in RULES:
        if rule.column in table.column_names:
            column = table[rule.column].cast(pa.float64())
            there = column.is_valid().to_numpy()
            suspect |= there & rule.broken(column.to_numpy(), thresholds)
    texts = {"mask_doubt": ("",), "range_doubt": ("",), "warnings_json": ("", "[]"), "outcome": ("ok",)}
    for name, harmless in texts.items():
        if name in table.column_names:
            values = table[name].to_pandas()
            suspect |= values.notna().to_numpy() & ~values.isin(harmless).to_numpy()
    return suspect
