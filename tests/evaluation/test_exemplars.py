"""Pairs measured: cases from held-out groups, rows, shares of copying's error."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from editcore.evaluation.exemplars import cases as exemplar_cases
from editcore.evaluation.exemplars.cases import ExemplarCase, cases_of
from editcore.evaluation.exemplars.rows import OURS, ExemplarRow, _request, batches
from editcore.evaluation.exemplars.run import errors, evaluate_exemplars
from editcore.evaluation.exemplars.table import of_copy, tables
from editcore.studio.groups import LEAVE_OUT, LEAVE_OUT_PAIRS, Made


def made(kinds: tuple[str, ...], members: int) -> Made:
    """Members are grey squares; change n paints quarter n white."""
    states = 2 ** len(kinds)
    pictures = np.full((members, states, 3, 128, 128), 90, np.uint8)
    for member in range(members):
        pictures[member] += np.uint8(10 * member)
        for state in range(states):
            for change in range(len(kinds)):
                if state >> change & 1:
                    pictures[member, state, :, 64 * change : 64 * change + 64, :64] = 255
    mattes = np.zeros((members, states, 128, 128), np.uint8)
    mattes[..., 32:96, 32:96] = 255
    words = tuple(f"do {kind}" for kind in kinds)
    return Made(kinds, words, ("mug",) * members, pictures, mattes, held_out=True)


@pytest.fixture(scope="module")
def groups() -> list[Made]:
    unseen = LEAVE_OUT_PAIRS[0]
    return [
        made(("recolour",), 6), made((LEAVE_OUT[0],), 3), made(("recolour", "scale"), 4), made(unseen, 4)
    ]  # fmt: skip


@pytest.fixture(scope="module")
def cases(groups) -> list[ExemplarCase]:
    return list(cases_of(groups))


def test_groups_are_photographed_once(groups, tmp_path, monkeypatch) -> None:
    chunks = []
    monkeypatch.setattr(exemplar_cases, "make_chunk", lambda chunk: chunks.append(chunk) or groups)
    first, again = (exemplar_cases.load_cases(tmp_path, 3) for _ in range(2))
    assert len(chunks) == 1
    assert [case.case_id for case in first] == [case.case_id for case in again]
    assert all(np.array_equal(a.truth, b.truth) for a, b in zip(first, again, strict=True))
    assert len(first) == 7  # of three groups
    assert all(np.array_equal(case.query_matte, groups[0].mattes[0, 0]) for case in again)


def test_every_setting_has_its_cases(cases) -> None:
    found = [(case.setting, case.kind, len(case.pairs)) for case in cases]
    assert found.count(("known kind", "recolour", 1)) == 2
    assert found.count(("aligned pair", "recolour", 1)) == 1
    assert found.count(("unseen kind", LEAVE_OUT[0], 1)) == 2
    assert found.count(("composed", "recolour+scale", 2)) == 2
    assert found.count(("unseen composition", "+".join(LEAVE_OUT_PAIRS[0]), 2)) == 2
    assert len(found) == 9
    assert len({case.case_id for case in cases}) == 9


def test_a_composed_case_shows_one_change_each_and_asks_for_both(cases) -> None:
    case = next(case for case in cases if case.setting == "composed")
    (_, first), (_, second) = case.pairs
    assert (first[0, 0, 0], first[0, 64, 0]) != (255, 255)
    assert first[0, 0, 0] == 255
    assert second[0, 64, 0] == 255
    assert case.truth[0, 0, 0] == case.truth[0, 64, 0] == 255
    assert not (case.query == 255).any()
    assert case.words == "do recolour and do scale"


def test_an_aligned_pair_is_the_query_itself(cases) -> None:
    case = next(case for case in cases if case.setting == "aligned pair")
    assert np.array_equal(case.pairs[0][0], case.query)
    assert np.array_equal(case.pairs[0][1], case.truth)


def test_errors_tell_what_changes_from_what_stays(cases) -> None:
    case = cases[0]
    exact = errors(case.truth.astype(np.float32) / 255, case)
    assert exact == {"rmse": 0, "rmse_changed": 0, "rmse_kept": 0, "delta_e_changed": 0}
    copied = errors(case.query.astype(np.float32) / 255, case)
    assert copied["rmse_kept"] == 0
    assert copied["rmse_changed"] == pytest.approx((255 - int(case.query[0, 0, 0])) / 255, abs=1e-4)


def rows() -> list[ExemplarRow]:
    def large(pictures: list[np.ndarray]) -> torch.Tensor:
        rgb = torch.from_numpy(np.stack(pictures)).float() / 255
        return rgb.repeat_interleave(2, 2).repeat_interleave(2, 3)

    def half(cases, _noise: int) -> torch.Tensor:
        return (large([c.query for c in cases]) + large([c.truth for c in cases])) / 2

    def one_pair_only(cases, _noise: int) -> torch.Tensor:
        assert len(cases[0].pairs) == 1
        return large([c.truth for c in cases])

    return [
        ExemplarRow("copy", "", lambda cases, _: large([c.query for c in cases]), False),
        ExemplarRow("text only", "", half),
        ExemplarRow(OURS, "", half),
        ExemplarRow("full attention", "", one_pair_only, most_pairs=1),
    ]


def test_shares_of_copying_and_tables(cases, tmp_path: Path) -> None:
    said: list[str] = []
    results = evaluate_exemplars(rows(), cases, 2, tmp_path, said.append)
    shares = of_copy(results).set_index(["row", "setting"])["share"]
    assert np.allclose(shares["copy"], 1)
    assert np.allclose(shares[OURS], 0.5)
    assert set(shares["full attention"].index) == {"known kind", "aligned pair", "unseen kind"}
    text = tables(results, rows())
    assert f"| {OURS} | 0.50 ± 0.000 |" in text
    assert "| recolour |" in text
    again = evaluate_exemplars(rows(), cases, 2, tmp_path, said.append)
    assert len(said) == len(rows())  # read the second time
    assert again.equals(results)


def test_batches_have_as_many_pairs_each(cases) -> None:
    assert [{len(case.pairs) for case in batch} for batch in batches(cases)] == [{1}, {2}]


def test_a_case_is_asked_of_the_engine_as_a_night_would(cases) -> None:
    case = next(case for case in cases if len(case.pairs) == 2)
    request = _request(case, 7)
    assert request.image.shape == (128, 128, 3) and request.alpha.mean() == pytest.approx(255 / 4)
    assert len({exemplar.key for exemplar in request.exemplars}) == 2
    assert all((e.before_alpha > 0).any() and (e.before != e.after).any() for e in request.exemplars)
    with pytest.raises(ValueError, match="has no mattes; photograph the cases anew"):
        _request(replace(case, query_matte=None), 7)
