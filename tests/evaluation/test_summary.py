from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from editcore.evaluation.columns import all_columns
from editcore.evaluation.summary import summarise


def lines(row: str, seed: int, values: list[float], failure: str = "") -> list[dict[str, object]]:
    empty = dict.fromkeys(all_columns(), np.nan)
    return [
        empty
        | {
            "row": row,
            "kind": "recolour",
            "seed": seed,
            "case_id": f"c{i}",
            "failure": failure,
            "rmse_region": v,
        }
        for i, v in enumerate(values)
    ]


def test_mean_of_seed_means_and_their_spread() -> None:
    results = pd.DataFrame(
        lines("ours", 0, [1, 2, 3]) + lines("ours", 1, [2, 4, 6]) + lines("copy", 0, [9, 9, 9])
        + lines("ours", 0, [np.nan], failure="no")
    )  # fmt: skip
    table = summarise(results).set_index("row")
    assert list(table.index) == ["ours", "copy"] and set(table["column"]) == {"rmse_region"}
    ours = table.loc["ours"]
    assert ours["mean"] == 3.0  # of 2 and 4
    assert ours["spread"] == pytest.approx(np.sqrt(2))
    assert (ours["seeds"], ours["cases"], ours["failures"]) == (2, 3, 1)
    assert np.isnan(table.loc["copy", "spread"])
