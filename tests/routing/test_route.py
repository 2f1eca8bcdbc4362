"""Each threshold can fail a row by itself, the reason names it, and an old night is decided anew."""

from __future__ import annotations

import json
import math
import time
from typing import Any

import pyarrow as pa
import pytest
from pydantic import ValidationError

from editcore.routing import PUBLISH_REASON, RULES, Thresholds, reroute, route

GOOD: dict[str, Any] = {
    "outcome": "ok",
    "message": "",
    "kept_psnr": 100.0,
    "lpips_kept": 0.0,
    "region_change": 30.0,
    "chroma_error": 6.0,
    "delta_e": 12.0,
    "clip_text": 0.3,
    "clip_direction": 0.2,
    "mask_doubt": "",
    "warnings_json": "[]",
}
STRICT = Thresholds(min_clip_text=0.25)


def test_a_good_row_is_published() -> None:
    assert route(GOOD, STRICT) == ("publish", PUBLISH_REASON)


@pytest.mark.parametrize(
    ("change", "expected", "named"),
    [
        ({"kept_psnr": 41.26}, "rework", "kept_psnr 41.3 dB, at least 60"),
        ({"lpips_kept": 0.05}, "rework", "lpips_kept 0.050, at most 0.02"),
        ({"region_change": 0.4}, "rework", "region_change 0.4, at least 2"),
        ({"chroma_error": 60.0}, "rework", "chroma_error 60, at most 45"),
        ({"chroma_error": 30.0}, "review", "chroma_error 30, at most 25"),
        ({"delta_e": 44.0}, "review", "delta_e 44, at most 18"),
        ({"clip_text": 0.1}, "review", "clip_text 0.10, at least 0.25"),
        ({"clip_direction": -0.1}, "review", "clip_direction -0.10, at least 0"),
        ({"mask_doubt": "The mask is in 2 pieces."}, "review", "2 pieces"),
        ({"range_doubt": "It stands out from its range: ..."}, "review", "stands out from its range"),
        ({"warnings_json": json.dumps(["The word 'blorf' is unknown."])}, "review", "'blorf'"),
        ({"region_change": None}, "review", "not measured"),
        ({"kept_psnr": math.nan}, "rework", "kept_psnr nan"),
    ],
)
def test_every_check_decides_alone_and_says_so(change: dict[str, Any], expected: str, named: str) -> None:
    decision = route(GOOD | change, STRICT)
    assert decision.route == expected
    assert named in decision.reason


def test_every_rule_has_a_test_above_and_a_documented_field() -> None:
    fields = Thresholds.model_fields
    assert {rule.field for rule in RULES} <= set(fields)
    assert all(field.description and len(field.description) > 20 for field in fields.values())
    switches = {"review_mask_doubts", "review_range_outliers", "review_warnings"}
    assert set(fields) == {rule.field for rule in RULES} | switches


def test_rework_beats_review_and_all_its_reasons_are_given() -> None:
    decision = route(GOOD | {"kept_psnr": 20.0, "region_change": 0.1, "mask_doubt": "The mask is tiny."})
    assert decision.route == "rework"
    assert "kept_psnr" in decision.reason and "region_change" in decision.reason
    assert "tiny" not in decision.reason


def test_questions_that_do_not_arise_do_not_fail() -> None:
    unasked = dict.fromkeys(
        ("kept_psnr", "lpips_kept", "chroma_error", "delta_e", "clip_text", "clip_direction")
    )
    assert route(GOOD | unasked, STRICT).route == "publish"


def test_checks_can_be_switched_off() -> None:
    bad = GOOD | {"chroma_error": 90.0, "mask_doubt": "Doubtful.", "warnings_json": '["w"]'}
    off = Thresholds(
        rework_chroma_error=None, max_chroma_error=None, review_mask_doubts=False, review_warnings=False
    )
    assert route(bad, off).route == "publish"


def test_failed_rows_have_no_route() -> None:
    decision = route({"outcome": "bad_input", "message": "The JPEG file ends early."})
    assert decision.route is None and "ends early" in decision.reason


@pytest.mark.parametrize(
    "wrong", [{"min_psnr": 3}, {"min_kept_psnr": "high"}, {"min_clip_text": 2}, {"max_delta_e": -1}]
)
def test_wrong_thresholds_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Thresholds(**wrong)


def _variants() -> list[dict[str, Any]]:
    changes: list[dict[str, Any]] = [{}, {"outcome": "bad_input", "message": "empty"}]
    for name in ("kept_psnr", "lpips_kept", "region_change", "chroma_error", "delta_e", "clip_text"):
        changes += [
            {name: value} for value in (None, math.nan, -1.0, 0.0, 0.02, 2.0, 20.0, 45.0, 60.0, 500.0)
        ]
    changes += [
        {"mask_doubt": None},
        {"mask_doubt": "Hm."},
        {"warnings_json": None},
        {"warnings_json": '["w"]'},
    ]
    return [GOOD | change for change in changes]


def test_reroute_agrees_with_route_on_every_row() -> None:
    rows = _variants()
    table = reroute(pa.Table.from_pylist(rows).append_column("sku", pa.array(range(len(rows)))), STRICT)
    expected = [route(row, STRICT) for row in rows]
    assert list(zip(table["route"].to_pylist(), table["reason"].to_pylist(), strict=True)) == expected
    assert table["sku"].to_pylist() == list(range(len(rows)))
    assert {None, "publish", "review", "rework"} == set(table["route"].to_pylist())


def test_reroute_replaces_old_decisions() -> None:
    table = reroute(pa.Table.from_pylist(_variants()), STRICT)
    relaxed = reroute(table, Thresholds(min_kept_psnr=None))
    assert relaxed.column_names == table.column_names
    psnr_was_bad = [row["kept_psnr"] == 0.0 for row in _variants()]
    assert relaxed["route"].to_pylist()[psnr_was_bad.index(True)] == "publish"


def test_a_night_without_scores_goes_to_review() -> None:
    table = reroute(pa.table({"sku": ["a", "b"]}))
    assert table["route"].to_pylist() == ["review", "review"]


def test_a_large_night_is_quick() -> None:
    table = pa.Table.from_pylist([GOOD]).take([0] * 200_000)
    start = time.perf_counter()
    assert reroute(table).num_rows == 200_000
    assert time.perf_counter() - start < 3
