"""Retrieval on embeddings made by hand, so that the right answer is known."""

from __future__ import annotations

import numpy as np
import pytest

from editcore.training.pairs import retrieval
from editcore.training.pairs.retrieval import cosines, originals, retrieve, search
from editcore.training.pairs.settings import Band, PairSettings, load_settings

BASE = load_settings("bundled").model_dump()


def settings(**changes: object) -> PairSettings:
    wide = {"similarity": {"low": -1, "high": 0.999}, "gain": 0.0, "duplicate": 0.9999}
    return PairSettings.model_validate(BASE | wide | changes)


def unit(rows: list[list[float]]) -> np.ndarray:
    array = np.array(rows, np.float32)
    return array / np.linalg.norm(array, axis=1, keepdims=True)


# Two things (mug, bowl) in two colours (red, blue): axes are mug, bowl, red, blue.
POOL = unit([[1, 0, 1, 0], [1, 0, 0, 1], [0, 1, 1, 0], [0, 1, 0, 1]])
BLUE_MUG = unit([[1, 0, 0, 1]])
NAMES = ["red mug", "blue mug", "red bowl", "blue bowl"]


def find(edits: list[tuple[int, np.ndarray]], pool: np.ndarray = POOL, digests: list[str] | None = None,
         chosen: PairSettings | None = None, **more: object) -> retrieval.Found:  # fmt: skip
    sources = np.array([source for source, _ in edits])
    prompts = np.concatenate([prompt for _, prompt in edits])
    names = digests or [str(i) for i in range(len(pool))]
    return retrieve(pool, names, sources, prompts, chosen or settings(), **more)  # type: ignore[arg-type]


def test_the_nearest_to_picture_and_words_is_taken_and_its_figures_are_right() -> None:
    found = find([(0, BLUE_MUG)])
    [match] = found.matches
    assert NAMES[match.target] == "blue mug"
    assert match.similarity == pytest.approx(0.5) and match.to_target == pytest.approx(1)
    assert match.to_target - match.to_source == pytest.approx(0.5)
    mean = POOL[0] + BLUE_MUG[0]
    assert match.score == pytest.approx(float(POOL[1] @ mean / np.linalg.norm(mean)), abs=1e-6)
    assert found.removed["self"] == 1  # the source is nearest of all, and no target


def test_a_target_that_fits_the_words_no_better_is_no_target() -> None:
    found = find([(1, BLUE_MUG)])  # the source is a blue mug already
    assert found.matches == [] and found.removed["no_gain"] == 3


def test_the_band_takes_away_the_too_different_and_the_too_alike() -> None:
    assert (
        find([(0, BLUE_MUG)], chosen=settings(similarity={"low": 0.6, "high": 0.9})).removed["too_different"]
        == 3
    )
    assert (
        find([(0, BLUE_MUG)], chosen=settings(similarity={"low": -1, "high": 0.4})).removed["too_alike"]
        == 1 + 1
    )


def test_copies_are_one_picture() -> None:
    pool = np.concatenate([POOL, POOL[1:2]])
    by_content = find([(0, BLUE_MUG)], pool, ["0", "1", "2", "3", "1"])
    assert [m.target for m in by_content.matches] == [1] and by_content.duplicates == 1
    by_looks = find([(0, BLUE_MUG)], pool)
    assert [m.target for m in by_looks.matches] == [1] and by_looks.duplicates == 1
    assert by_looks.removed["duplicate"] == 1
    # A copy of the source under another name is no target either.
    twin = np.concatenate([POOL[:1], POOL])
    assert 0 not in [m.target for m in find([(1, BLUE_MUG)], twin).matches]
    assert list(originals(pool, list("01231"), 0.9999)) == [0, 1, 2, 3, 1]


def test_one_target_serves_at_most_so_many_sources_best_first() -> None:
    edits = [(0, BLUE_MUG), (3, unit([[1, 0, 0, 0.6]]))]  # the second lies nearer to the blue mug
    found = find(edits, chosen=settings(reuse=1))
    assert [m.edit for m in found.matches if m.target == 1] == [1] and found.removed["over_cap"] == 1
    assert [m.edit for m in find(edits, chosen=settings(reuse=2)).matches if m.target == 1] == [0, 1]


def test_the_same_two_pictures_pair_once() -> None:
    nearly = unit([[1, 0, 0.05, 1]])
    found = find([(0, BLUE_MUG), (0, nearly)])
    assert len({m.target for m in found.matches}) == len(found.matches)
    assert found.removed["same_pair"] == 1


def test_captions_can_be_asked_too() -> None:
    found = find([(0, BLUE_MUG)], chosen=settings(gain=-1), agrees=lambda edit, target: target == 3)
    assert [m.target for m in found.matches] == [3] and found.removed["words"] >= 1


def test_quantiles_are_those_of_the_pool() -> None:
    rng = np.random.default_rng(3)
    pool = unit(rng.normal(size=(300, 8)).tolist())
    low, high = cosines(Band(low=0.25, high=0.75, unit="quantile"), pool)
    off = (pool @ pool.T)[~np.eye(300, dtype=bool)]
    assert (low, high) == pytest.approx(np.quantile(off, [0.25, 0.75]), abs=0.01)
    assert cosines(Band(low=0.1, high=0.2), pool) == (0.1, 0.2)


def test_large_pools_find_what_exact_search_finds(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(4)
    pool = unit(rng.normal(size=(2000, 16)).tolist())
    queries = unit(rng.normal(size=(50, 16)).tolist())
    scores, near = search(pool, queries, 5)
    monkeypatch.setattr(retrieval, "EXACT_UP_TO", 100)
    large_scores, large = search(pool, queries, 5)
    assert (large[:, 0] == near[:, 0]).mean() > 0.95
    assert large_scores[:, 0] == pytest.approx(scores[:, 0], abs=0.05)
    assert np.array_equal(large, search(pool, queries, 5)[1])  # the same every time
