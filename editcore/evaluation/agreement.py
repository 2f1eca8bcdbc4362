"""Does a score agree with the true error? What the night can measure, against what only the studio knows.

For every kind and score: Spearman's rank correlation with the error to the exact result, within each row (one engine,
as a night has it), averaged over the rows that edit. The sign is turned so that **positive means the score says what
is true**: a score of which more is better should fall as the error grows. Scores of which neither is better keep
their sign: positive means larger with a larger error.

The interval is a percentile bootstrap (95 %) over cases: seeds of one case are drawn together, since they are not
independent.
"""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
from scipy.stats import rankdata, spearmanr

from editcore.evaluation.columns import BY_NAME, ERRORS, SCORE, all_columns
from editcore.scoring.columns import BY_NAME as NIGHT

USEFUL = 0.3
"""Correlation from which a score is called useful for routing, if its interval is above zero as well."""
REFERENCES = ("clip_direction", "clip_similarity_target_image", "clip_similarity_target_image_edit_part")
"""Columns of the benchmark that a night could measure too."""
FEWEST = 8
"""Cases below which nothing is said."""


def agreement(results: pd.DataFrame, resamples: int = 500, seed: int = 0) -> pd.DataFrame:
    """Lines ``kind, error, score, rho, low, high, cases, verdict`` for every kind, error and score that varies.

    results: of rows that edit (no copies, no exact results). verdict: ``useful``, ``weak`` (surely above zero, but
    under ``USEFUL``), ``none`` (the interval holds zero), ``misleading`` (surely below zero), or ``related`` for
    scores of which neither is better. Constant scores and kinds with fewer than ``FEWEST`` cases give ``constant`` and
    ``too few``.
    """
    lines = []
    for kind, group in results[results["failure"] == ""].groupby("kind", sort=False):
        for error in ERRORS:
            for score in _scores(group):
                known = group[["row", "case_id", error, score]].dropna()
                line = {"kind": kind, "error": error, "score": score, "cases": known["case_id"].nunique()}
                lines.append(line | _agree(known, error, score, resamples, seed))
    names = ["kind", "error", "score", "rho", "low", "high", "cases", "verdict"]
    return pd.DataFrame(lines, columns=names)


def better(score: str) -> str:
    """ "higher", "lower" or "neither"."""
    return NIGHT[score.removeprefix(SCORE)].better if score.startswith(SCORE) else BY_NAME[score].better


def _scores(group: pd.DataFrame) -> list[str]:
    night = [name for name in all_columns() if name.startswith(SCORE)]
    return [name for name in (*night, *REFERENCES) if group[name].notna().any()]


def _agree(known: pd.DataFrame, error: str, score: str, resamples: int, seed: int) -> dict[str, float | str]:
    nothing = {"rho": np.nan, "low": np.nan, "high": np.nan}
    if known["case_id"].nunique() < FEWEST:
        return nothing | {"verdict": "too few"}
    rows = [part for _, part in known.groupby("row") if part[score].nunique() > 1]
    if not rows:
        return nothing | {"verdict": "constant"}
    sign = -1.0 if better(score) == "higher" else 1.0
    rho = sign * float(np.mean([spearmanr(part[error], part[score]).statistic for part in rows]))
    low, high = _interval(rows, error, score, resamples, seed, sign)
    return {"rho": rho, "low": low, "high": high, "verdict": _verdict(score, rho, low, high)}


def _verdict(score: str, rho: float, low: float, high: float) -> str:
    if not low > 0 and not high < 0:
        return "none"
    if better(score) == "neither":
        return "related"
    if high < 0:
        return "misleading"
    return "useful" if rho >= USEFUL else "weak"


def _interval(
    rows: list[pd.DataFrame], error: str, score: str, resamples: int, seed: int, sign: float
) -> tuple[float, float]:
    """Percentiles 2.5 and 97.5 over draws of cases."""
    cases = sorted(set().union(*(part["case_id"] for part in rows)))
    values = [
        (part[error].to_numpy(), part[score].to_numpy(), np.searchsorted(cases, part["case_id"]))
        for part in rows
    ]
    rng = np.random.default_rng(seed)
    means = []
    for draw in rng.integers(0, len(cases), (resamples, len(cases))):
        counts = np.bincount(draw, minlength=len(cases))
        rhos = [_weighted(a, b, counts[case]) for a, b, case in values]
        known = [rho for rho in rhos if np.isfinite(rho)]
        means.append(np.mean(known) if known else np.nan)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # every draw constant: no interval
        low, high = np.nanpercentile(sign * np.array(means), (2.5, 97.5))
    return float(low), float(high)


def _weighted(a: np.ndarray, b: np.ndarray, counts: np.ndarray) -> float:
    """Spearman's correlation with each pair repeated ``counts`` times."""
    x, y = (rankdata(np.repeat(values, counts)) for values in (a, b))
    x, y = x - x.mean(), y - y.mean()
    length = np.sqrt((x @ x) * (y @ y))
    return float(x @ y / length) if length > 0 else np.nan
