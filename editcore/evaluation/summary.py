"""Means over cases and their spread over seeds."""

from __future__ import annotations

import pandas as pd

from editcore.evaluation.columns import all_columns


def summarise(results: pd.DataFrame) -> pd.DataFrame:
    """One line per row, kind and measured column: ``mean``, ``spread``, ``seeds``, ``cases``, ``failures``.

    mean: of the means of each seed over its cases. spread: standard deviation (n - 1) of these means, i.e. how much
    the figure would move with other noise; empty for one seed. It says nothing about other cases. cases: how many had
    the column in every seed together, over the seeds. Lines come in the order of the results; columns nobody has are
    left out.
    """
    columns = [name for name in all_columns() if results[name].notna().any()]
    lines = []
    for (row, kind), group in results.groupby(["row", "kind"], sort=False):
        by_seed = group.groupby("seed")[columns]
        means, counts = by_seed.mean(), by_seed.count()
        seeds, failures = len(means), int((group["failure"] != "").sum())
        for name in columns:
            if means[name].isna().all():
                continue
            lines.append(
                {
                    "row": row, "kind": kind, "column": name, "mean": means[name].mean(),
                    "spread": means[name].std(ddof=1) if seeds > 1 else float("nan"), "seeds": seeds,
                    "cases": counts[name].sum() / seeds, "failures": failures,
                }
            )  # fmt: skip
    names = ["row", "kind", "column", "mean", "spread", "seeds", "cases", "failures"]
    return pd.DataFrame(lines, columns=names)
