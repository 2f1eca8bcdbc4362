"""Paint every case with every row, measure, and keep what is done.

Errors are measured at 128 pixels, the model's side: root mean square over the picture in [0, 1], over the pixels that
the right answer changes and over those it keeps, and the mean CIEDE2000 of the former.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import torch.nn.functional as F

from editcore.evaluation.exemplars.cases import ExemplarCase
from editcore.evaluation.exemplars.rows import ExemplarRow, batches
from editcore.lexicon.colour import delta_e

DIFFERS = 20
"""A pixel changes if a channel of query and right answer differs by more, of 255; as ``studio.groups``."""


def evaluate_exemplars(
    rows: Sequence[ExemplarRow],
    cases: Sequence[ExemplarCase],
    seeds: int,
    folder: Path,
    say: Callable[[str], None] = print,
) -> pd.DataFrame:
    """One line per row, noise and case. A finished row is read from ``folder``, not painted again: give another folder
    for other weights or code. Rows that cannot do a case (two pairs with full attention) leave it out."""
    folder.mkdir(parents=True, exist_ok=True)
    parts = []
    for row in rows:
        path = folder / f"{row.name.replace(' ', '-').replace(',', '')}.parquet"
        if not path.exists():
            _row(row, cases, seeds if row.seeded else 1).to_parquet(path)
            say(f"{row.name}: done")
        parts.append(pd.read_parquet(path))
    return pd.concat(parts, ignore_index=True)


def _row(row: ExemplarRow, cases: Sequence[ExemplarCase], seeds: int) -> pd.DataFrame:
    lines = []
    for noise in range(seeds):
        for batch in batches(cases):
            if len(batch[0].pairs) > row.most_pairs:
                continue
            painted = row.paint(batch, noise)
            small = F.interpolate(painted, (128, 128), mode="area").numpy()
            for case, picture in zip(batch, small, strict=True):
                about = {"row": row.name, "seed": noise, "setting": case.setting, "kind": case.kind}
                lines.append(about | {"case_id": case.case_id} | errors(picture, case))
    return pd.DataFrame(lines)


def errors(picture_3HW: np.ndarray, case: ExemplarCase) -> dict[str, float]:
    """Of a picture in [0, 1] against the right answer."""
    truth = case.truth.astype(np.float32) / 255
    changed = np.abs(case.truth.astype(int) - case.query).max(axis=0) > DIFFERS
    squares = (picture_3HW - truth) ** 2
    where = squares[:, changed], squares[:, ~changed]
    inside, outside = (float(np.sqrt(part.mean())) if part.size else float("nan") for part in where)
    distance = (
        delta_e(picture_3HW[:, changed].T, truth[:, changed].T) if changed.any() else np.array([np.nan])
    )
    return {
        "rmse": float(np.sqrt(squares.mean())), "rmse_changed": inside, "rmse_kept": outside,
        "delta_e_changed": float(np.mean(distance)),
    }  # fmt: skip
