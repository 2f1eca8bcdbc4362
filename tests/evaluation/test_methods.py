from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
from madeup import Painter, made_up

from editcore.editors.base import EditResult
from editcore.evaluation.cases import Case
from editcore.evaluation.methods import Copy, Engine, Truth, noise_seed, raw_picture


def engine() -> Engine:
    return Engine("painter", Painter(SimpleNamespace(options={})), {"name": "painter"})


def test_an_engine_gets_the_seed_of_case_and_number(case: Case) -> None:
    first, again, other = (engine().edit([case], seed)[0].image for seed in (0, 0, 1))
    assert first is not None and other is not None
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)
    assert 0 <= noise_seed("case-0", 0) < 2**31
    assert len({noise_seed(f"case-{i}", j) for i in range(20) for j in range(3)}) == 60


def test_a_failing_case_does_not_take_its_batch_with_it() -> None:
    batch = [made_up(0), replace(made_up(1), words="do the impossible"), made_up(2)]
    good, bad, fine = engine().edit(batch, 0)
    assert bad.image is None and bad.failure == "ValueError: nobody can do that"
    assert good.image is not None and fine.image is not None and not good.failure


def test_the_raw_output_is_put_where_the_model_looked(case: Case) -> None:
    raw = np.zeros((8, 8, 3), np.uint8)
    raw[:, 4:] = 200
    result = EditResult(case.image, case.region, raw, (-8, 0, 24, 32))
    picture = raw_picture(case.image, result)
    assert picture is not None
    assert (picture[:32, :6] < 20).all()  # columns 8 to 13 of the crop's 32: its dark half
    assert (picture[:32, 12:24] > 180).all()
    np.testing.assert_array_equal(picture[:, 24:], case.image[:, 24:])
    np.testing.assert_array_equal(picture[32:], case.image[32:])
    assert raw_picture(case.image, replace(result, raw=None)) is None


def test_references_hand_back_the_source_and_the_truth(case: Case) -> None:
    assert Copy().edit([case], 0)[0].image is case.image
    assert Truth().edit([case], 0)[0].image is case.truth
    assert Truth().edit([made_up(truth=False)], 0)[0].failure == "no exact result is known"
