"""Targets put together from both pictures of a pair."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from editcore.lexicon import COLOURS
from editcore.training.pairs import Pair
from editcore.training.pairs.composed import composed

SIDE = 96
RED, GREEN, GREY, BEIGE = (200, 40, 40), (40, 150, 60), (128, 128, 128), (220, 200, 170)


def disc(radius: int) -> np.ndarray:
    rows, columns = np.mgrid[:SIDE, :SIDE]
    return np.where((rows - 48) ** 2 + (columns - 48) ** 2 < radius**2, 255, 0).astype(np.uint8)


def photo(product: Any, wall: Any, mask: np.ndarray) -> np.ndarray:
    light = np.linspace(0.8, 1.0, SIDE)[None, :, None]
    return (np.where(mask[..., None] > 0, np.array(product), np.array(wall)) * light).astype(np.uint8)


def pair(kind: str, new: str = "navy") -> Pair:
    """A red disc before a grey wall; the target is a smaller green one before a beige wall."""
    product, other = disc(28), disc(20)
    masks = (255 - product, 255 - other) if kind == "setting" else (product, other)
    return Pair(
        "00000007", photo(RED, GREY, product), photo(GREEN, BEIGE, other), np.maximum(*masks), *masks,
        edit_prompt="a disc", source_caption="a red disc", target_caption="a green disc", kind=kind, old="red",
        new=new, similarity=0.5, gain=0.1,
    )  # fmt: skip


def mean(picture: np.ndarray, where: np.ndarray) -> np.ndarray:
    return picture[where > 0].mean(axis=0)


@pytest.mark.parametrize("kind", ["colour", "material", "pattern"])
def test_the_sources_shape_wears_the_targets_colour(kind: str) -> None:
    made = composed(pair(kind))
    inner, outside = disc(24), 255 - disc(30)
    assert np.abs(mean(made.target, inner) - mean(photo(GREEN, GREEN, disc(1)), inner)).max() < 40
    assert np.array_equal(made.target[outside > 0], made.source[outside > 0])


def test_the_sources_product_stands_in_the_targets_setting() -> None:
    made = composed(pair("setting"))
    product, around = disc(26), disc(44) - disc(34)
    assert np.array_equal(made.target[product > 0], made.source[product > 0])
    far = mean(made.target, 255 - disc(46))
    assert np.abs(far - mean(photo(BEIGE, BEIGE, disc(1)), 255 - disc(46))).max() < 25
    assert mean(made.target, around)[1] < 1.3 * mean(made.target, around)[0]  # no green disc left behind


def test_named_colours_come_from_the_lexicon() -> None:
    made = composed(pair("colour", "navy"), named=True)
    found, asked = mean(made.target, disc(24)), np.array(COLOURS["navy"].rgb)
    assert np.abs(found - asked).max() < 60
    assert found[2] > found[1] > found[0] - 10
    unknown = composed(pair("colour", "no such colour"), named=True)
    assert np.array_equal(unknown.target, composed(pair("colour")).target)


def test_the_region_is_the_sources_alone() -> None:
    for kind in ("colour", "setting"):
        made = composed(pair(kind))
        assert made.region[48, 48] == (0 if kind == "setting" else 255)
        assert np.array_equal(made.target_mask, made.source_mask)


def test_another_noun_and_empty_masks_keep_what_was_found() -> None:
    noun = pair("noun")
    assert composed(noun) is noun
    whole = pair("colour")
    empty = Pair(**{**whole.__dict__, "target_mask": np.zeros_like(whole.target_mask)})
    assert composed(empty) is empty
