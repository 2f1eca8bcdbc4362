from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import spearmanr

from editcore.evaluation.agreement import agreement
from editcore.evaluation.columns import all_columns


def results(cases: int = 40, rows: tuple[str, ...] = ("a",), seeds: int = 1) -> pd.DataFrame:
    """Errors from 0 to 1, and scores that follow them in different ways."""
    rng = np.random.default_rng(0)
    lines = []
    for number, row in enumerate(rows):
        for case in range(cases):
            error = rng.uniform()
            for seed in range(seeds):
                lines.append(
                    dict.fromkeys(all_columns(), np.nan)
                    | {
                        "row": row, "kind": "recolour", "case_id": f"c{case:02d}", "seed": seed, "failure": "",
                        "delta_e_to_truth": 10 * error + 100 * number,
                        "score_chroma_error": error**3 + 7 * number,  # lower is better: agrees wholly
                        "score_clip_text": -error + rng.normal(),  # higher is better: agrees a little
                        "score_clip_direction": error + 0.1 * rng.normal(),  # higher is better: misleads
                        "score_region_change": error + 0.1 * rng.normal(),  # neither is better
                        "score_delta_e": rng.normal(),
                        "score_kept_psnr": 100.0,
                    }
                )  # fmt: skip
    return pd.DataFrame(lines)


def verdicts(table: pd.DataFrame) -> dict[str, str]:
    chosen = table[table["error"] == "delta_e_to_truth"]
    return dict(zip(chosen["score"].str.removeprefix("score_"), chosen["verdict"], strict=True))


def test_verdicts() -> None:
    found = results()
    table = agreement(found, resamples=100)
    said = verdicts(table)
    assert said["chroma_error"] == "useful"
    assert said["clip_direction"] == "misleading"
    assert said["region_change"] == "related"
    assert said["delta_e"] == "none"
    assert said["kept_psnr"] == "constant"
    line = table.set_index(["error", "score"]).loc[("delta_e_to_truth", "score_clip_text")]
    expected = -spearmanr(found["delta_e_to_truth"], found["score_clip_text"]).statistic
    assert line["rho"] == pytest.approx(expected) and line["low"] < expected < line["high"]
    assert set(table["error"]) == {"delta_e_to_truth", "lpips_to_truth", "rmse_region"}
    assert (table.loc[table["error"] == "rmse_region", "verdict"] == "too few").all()  # it was not measured


def test_rows_are_not_ranked_against_each_other() -> None:
    found = results(
        rows=("good", "bad")
    )  # between rows delta_e would "agree" with anything that differs by row
    found["score_delta_e"] += np.where(found["row"] == "bad", 1000, 0)
    said = verdicts(agreement(found, resamples=100))
    assert (said["delta_e"], said["chroma_error"]) == ("none", "useful")


def test_seeds_of_a_case_are_no_new_cases() -> None:
    one, three = (
        agreement(results(12, seeds=n), resamples=100).set_index(["error", "score"]) for n in (1, 3)
    )
    key = ("delta_e_to_truth", "score_clip_text")
    assert three.loc[key, "cases"] == one.loc[key, "cases"] == 12
    assert set(verdicts(agreement(results(6, seeds=3), resamples=10)).values()) == {"too few"}


def test_failures_do_not_count() -> None:
    found = results(20)
    spoilt = pd.concat([found, found.assign(failure="no", score_chroma_error=-found["score_chroma_error"])])
    assert verdicts(agreement(spoilt, resamples=100)) == verdicts(agreement(found, resamples=100))
