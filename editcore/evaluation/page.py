"""``docs/evaluation.md`` between its markers, and the same figures as CSV."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version

import pandas as pd

from editcore.evaluation.columns import BY_NAME, COLUMNS, RAW, SCORE, Measured
from editcore.evaluation.markdown import hardware, markdown_table

PACKAGES = ("torch", "diffusers", "transformers", "open_clip_torch", "scikit-image")
ERROR_SHOWN = ("delta_e_to_truth", "lpips_to_truth")
"""Errors whose agreement with the scores the page shows; the CSV has all."""


@dataclass(frozen=True)
class Circumstances:
    """What was run, on what, when."""

    command: str
    networks: Mapping[str, str]
    cases: Mapping[str, str]
    rows: Mapping[str, str]
    """Name of a row: what it is."""
    note: str = ""
    """E.g. what else the machine did."""


def page(summary: pd.DataFrame, agreement: pd.DataFrame, about: Circumstances) -> str:
    """The Markdown that stands between the markers."""
    parts = [_facts(about)]
    for kind in summary["kind"].unique():
        lines = summary[summary["kind"] == kind]
        parts += [f"### {kind}", _table(lines, about.rows, ""), _after_table(lines)]
        if lines["column"].str.startswith(RAW).any():
            parts += ["The model's own output, before composition:", _table(lines, about.rows, RAW)]
    if len(agreement):
        parts += ["### Does a score agree with the true error?", _verdicts(agreement)]
        parts += [_agreement_table(agreement, error) for error in ERROR_SHOWN]
    return "\n\n".join(part for part in parts if part) + "\n"


def _facts(about: Circumstances) -> str:
    versions = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    rows = "\n".join(f"- **{name}**: {text}" for name, text in about.rows.items())
    return "\n\n".join(
        [
            f"    {about.command}",
            f"{datetime.now(UTC):%Y-%m-%d}, on {hardware()}{f', {about.note}' if about.note else ''}. "
            f"Python {platform.python_version()}, {versions}. "
            f"Cases: {', '.join(f'{k} {v}' for k, v in about.cases.items() if k != 'cases')} "
            f"({about.cases['cases']}). "
            f"Networks: {', '.join(f'{k} {v}' for k, v in about.networks.items())}.",
            rows,
        ]
    )


def _table(lines: pd.DataFrame, rows: Mapping[str, str], prefix: str) -> str:
    columns = [c for c in COLUMNS if (lines["column"] == prefix + c.name).any()]
    if prefix:
        columns = [c for c in columns if c.name != "clip_similarity_source_image"]
    names = [name for name in rows if (lines["row"] == name).any()]
    body = []
    for name in names:
        own = lines[lines["row"] == name].set_index("column")
        cells = [_cell(own, prefix + column.name, column) for column in columns]
        if any(cells):
            body.append([name, *cells])
    return markdown_table(
        ["", *(c.label + {"lower": " ↓", "higher": " ↑"}.get(c.better, "") for c in columns)], body
    )


def _cell(own: pd.DataFrame, name: str, column: Measured) -> str:
    if name not in own.index:
        return ""
    mean, spread = own.loc[name, "mean"] * column.scale, own.loc[name, "spread"] * column.scale
    shown = f"{mean:.{column.digits}f}"
    if pd.isna(spread):
        return shown
    return f"{shown} ± {spread:.{column.digits}f}"


def _after_table(lines: pd.DataFrame) -> str:
    cases = round(lines["cases"].max())
    seeds = int(lines["seeds"].max())
    named = lines.loc[lines["column"] == "chroma_to_named", "cases"]
    text = f"{cases} cases, {seeds} seed{'s' if seeds > 1 else ''}"
    if len(named) and round(named.max()) != cases:
        text += f"; {round(named.max())} of them name one colour"
    lost = lines.groupby("row")["failures"].max()
    lost = [f"{row} made nothing of {n}" for row, n in lost.items() if n]
    return text + ("; " + ", ".join(lost) if lost else "") + "."


def _verdicts(agreement: pd.DataFrame) -> str:
    """Which scores can route, and which cannot, kind by kind."""
    lines = []
    for kind, group in agreement[agreement["error"] == ERROR_SHOWN[0]].groupby("kind", sort=False):
        said = []
        for verdict, words in (
            ("useful", "useful for routing"), ("weak", "weak"), ("related", "related, though neither way is better"),
            ("none", "no agreement shown, so nothing to route by"), ("misleading", "misleading"),
            ("constant", "useless here, the same for every picture"), ("too few", "too few cases to say"),
        ):  # fmt: skip
            names = [_score_name(score) for score in group.loc[group["verdict"] == verdict, "score"]]
            if names:
                said.append(f"{words}: {', '.join(names)}")
        lines.append(f"- **{kind}** (error: {BY_NAME[ERROR_SHOWN[0]].label}). {'; '.join(said)}.")
    return "\n".join(lines)


def _agreement_table(agreement: pd.DataFrame, error: str) -> str:
    chosen = agreement[(agreement["error"] == error) & agreement["rho"].notna()]
    if not len(chosen):
        return ""
    kinds = list(chosen["kind"].unique())
    body = []
    for score, group in chosen.groupby("score", sort=False):
        by_kind = group.set_index("kind")
        cells = [
            f"{r.rho:+.2f} [{r.low:+.2f}, {r.high:+.2f}] {r.verdict}"
            if (r := _line(by_kind, kind)) is not None
            else ""
            for kind in kinds
        ]
        body.append([_score_name(str(score)), *cells])
    return f"Against {BY_NAME[error].label}:\n\n" + markdown_table(["score", *kinds], body)


def _line(by_kind: pd.DataFrame, kind: str) -> pd.Series | None:
    return by_kind.loc[kind] if kind in by_kind.index else None


def _score_name(score: str) -> str:
    return (
        f"`{score.removeprefix(SCORE)}`" if score.startswith(SCORE) else f"{BY_NAME[score].label} (benchmark)"
    )
