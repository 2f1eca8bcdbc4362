"""The real networks, on two made-up cases."""

from __future__ import annotations

import re

import numpy as np
import pytest
from madeup import NAVY, made_up

from editcore.evaluation.columns import COLUMNS, NAMES, all_columns
from editcore.evaluation.measures import Measures, Values
from editcore.evaluation.methods import Edited

RAW = np.full((48, 48, 3), NAVY, np.uint8)


@pytest.fixture(scope="module")
def measured() -> dict[str, Values]:
    case, blind = made_up(), made_up(1, truth=False)
    cases = [case, case, blind, case]
    edits = [Edited(case.truth, raw=RAW), Edited(case.image), Edited(blind.image), Edited(failure="no")]
    measures = Measures()
    assert measures.networks["structure"] == "none"
    assert re.fullmatch(r"open_clip:scorer [0-9a-f]{8}", measures.networks["clip"])
    return dict(zip(("truth", "copy", "blind", "failed"), measures.measure(cases, edits), strict=True))


def test_the_truth_has_no_error_and_the_copy_has(measured: dict[str, Values]) -> None:
    truth, copy = measured["truth"], measured["copy"]
    for name in ("rmse_region", "delta_e_to_truth", "lpips_to_truth"):
        assert truth[name] == 0 < copy[name], name  # type: ignore[operator]
    assert truth["chroma_to_named"] < 5 < copy["chroma_to_named"]  # type: ignore[operator]
    assert truth["psnr_unedit_part"] == copy["psnr_unedit_part"] == 100
    assert truth["lpips_unedit_part"] == copy["lpips_unedit_part"] == 0
    assert copy["clip_direction"] == 0
    assert copy["clip_similarity_source_image"] == truth["clip_similarity_source_image"]
    assert 0 <= truth["clip_similarity_target_image_edit_part"] <= 100  # type: ignore[operator]


def test_raw_output_is_measured_beside_the_composite(measured: dict[str, Values]) -> None:
    truth, copy = measured["truth"], measured["copy"]
    assert truth["raw_psnr_unedit_part"] < 30  # type: ignore[operator]  # it painted everything navy
    assert 0 < truth["raw_rmse_region"] < 0.05  # type: ignore[operator]
    assert all(copy[f"raw_{name}"] is None for name in NAMES)


def test_what_is_not_known_stays_empty(measured: dict[str, Values]) -> None:
    blind, failed = measured["blind"], measured["failed"]
    assert blind["rmse_region"] is blind["lpips_to_truth"] is blind["structure_distance"] is None
    assert blind["psnr_unedit_part"] == 100
    assert set(failed) == set(all_columns()) and set(failed.values()) == {None}


def test_the_nights_scores_are_there(measured: dict[str, Values]) -> None:
    assert measured["truth"]["score_chroma_error"] == pytest.approx(
        measured["truth"]["chroma_to_named"], abs=0.5
    )
    assert measured["copy"]["score_region_change"] == 0
    assert len({column.name for column in COLUMNS}) == len(COLUMNS)
