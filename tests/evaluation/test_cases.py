from __future__ import annotations

import numpy as np
import pytest

from editcore.evaluation.cases import UNSEEN, Studio, studio_case
from editcore.lexicon import parse


def test_studio_cases_are_the_same_every_time_and_exact() -> None:
    first, again = (Studio(2, ["recolour"], size=64).load("recolour") for _ in range(2))
    assert [case.case_id for case in first] == [f"recolour-{UNSEEN}", f"recolour-{UNSEEN + 1}"]
    for case, same in zip(first, again, strict=True):
        assert case.words == same.words
        np.testing.assert_array_equal(case.image, same.image)
        np.testing.assert_array_equal(case.truth, same.truth)
        assert case.truth is not None and case.image.shape == case.truth.shape == (64, 64, 3)
        changed = np.abs(case.image.astype(int) - case.truth).max(axis=2)
        assert changed[case.inside].mean() > 10
        assert changed[case.outside].max() <= 12  # coloured light on the floor, nothing else
        assert case.source_caption != case.target_caption
        assert case.colour == (parse(case.words, "product").colour or case).rgb  # type: ignore[union-attr]


def test_backgrounds_give_the_engine_the_product_and_change_the_rest() -> None:
    case = studio_case("background", 2, 64)
    assert case is not None and case.target == "background"
    np.testing.assert_allclose(case.alpha.astype(int) + case.region, 255, atol=1)
    assert case.colour == (63, 65, 68)  # an asphalt studio background
    floor = studio_case("background", 0, 64)
    assert floor is not None and floor.colour is None  # pink marble before a coral wall names two


def test_parts_are_regions_and_products_without_parts_are_left_out() -> None:
    part = studio_case("recolour_part", 0, 64)
    assert part is not None and part.target == "region" and (part.alpha == part.region).all()
    assert studio_case("recolour_part", 3, 64) is None


def test_unknown_kinds_are_refused() -> None:
    with pytest.raises(ValueError, match=r"unknown kinds.*recolor"):
        Studio(2, ["recolor"])


def test_a_range_has_its_products_only() -> None:
    cases = Studio(3, ["recolour"], size=64, products=["mug", "ball"]).load("recolour")
    assert ["ball" in case.source_caption for case in cases] == [False, True, False]
    with pytest.raises(ValueError, match="unknown products"):
        Studio(2, ["recolour"], products=["spaceship"])
