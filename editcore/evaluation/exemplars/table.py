"""The tables of an evaluation of pairs, as Markdown."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import version

import pandas as pd

from editcore.evaluation.exemplars.cases import SETTINGS
from editcore.evaluation.exemplars.rows import FINISHED, OURS, ExemplarRow
from editcore.evaluation.markdown import hardware, markdown_table


def page(results: pd.DataFrame, rows: Sequence[ExemplarRow], command: str, note: str = "") -> str:
    """The command, when and where it ran, and the tables."""
    about = f"{datetime.now(UTC):%Y-%m-%d}, on {hardware()}{f', {note}' if note else ''}. torch {version('torch')}, "
    return f"    {command}\n\n{about}diffusers {version('diffusers')}.\n\n{tables(results, rows)}\n"


def tables(results: pd.DataFrame, rows: Sequence[ExemplarRow]) -> str:
    """By setting for every row, and by kind of change for ours."""
    present = [setting for setting in SETTINGS if (results["setting"] == setting).any()]
    shares = of_copy(results)
    by_setting = [[row.name, *(_spread(shares, row.name, setting) for setting in present)] for row in rows]
    counts = results.drop_duplicates("case_id").groupby("setting").size()
    head = ["error, share of copying's", *(f"{setting} ({counts[setting]})" for setting in present)]
    about = "\n".join(f"- **{row.name}**: {row.about}" for row in rows)
    return "\n\n".join([markdown_table(head, by_setting), about, _by_kind(results)])


def of_copy(results: pd.DataFrame) -> pd.DataFrame:
    """Mean error of each row, noise and setting, as a share of copying's."""
    mean = results.groupby(["row", "seed", "setting"])["rmse"].mean().rename("error").reset_index()
    copied = results[results["row"] == "copy"].groupby("setting")["rmse"].mean()
    mean["share"] = mean["error"] / mean["setting"].map(copied)
    return mean


def _spread(shares: pd.DataFrame, row: str, setting: str) -> str:
    own = shares[(shares["row"] == row) & (shares["setting"] == setting)]["share"]
    if own.empty:
        return "-"
    return f"{own.mean():.2f}" + (f" ± {own.std():.3f}" if len(own) > 1 else "")


def _by_kind(results: pd.DataFrame) -> str:
    known = results[results["setting"].isin(["known kind", "unseen kind"])]
    mean = known.groupby(["row", "kind"])[["rmse", "rmse_changed", "rmse_kept", "delta_e_changed"]].mean()
    lines = []
    for kind in sorted(known["kind"].unique()):
        ours, copied, words = (mean.loc[(row, kind)] for row in (OURS, "copy", "text only"))
        made = mean["rmse"].get((FINISHED, kind), float("nan"))
        lines.append(
            [
                kind, f"{copied['rmse']:.3f}", f"{words['rmse']:.3f}", f"{ours['rmse']:.3f}",
                f"{ours['rmse'] / copied['rmse']:.2f}", f"{made / copied['rmse']:.2f}",
                f"{ours['rmse_changed']:.3f}", f"{ours['rmse_kept']:.3f}",
                f"{copied['delta_e_changed']:.0f}", f"{ours['delta_e_changed']:.0f}",
            ]
        )  # fmt: skip
    head = [
        "kind", "RMSE copy", "text only", "ours", "ours / copy", "finished / copy", "ours, changed",
        "ours, kept", "ΔE copy", "ΔE ours",
    ]  # fmt: skip
    return markdown_table(head, lines)
