"""Regions named by colour: the right pixels, and a clear refusal otherwise."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("scipy")

from editcore.segmentation.regions import BadRegion, coloured_region, colours_in


def toy() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A shaded red ball with a yellow belt on grey: rgb, its matte and the belt's mask."""
    y, x = np.mgrid[:160, :160] / 160
    ball = (x - 0.5) ** 2 + (y - 0.5) ** 2 < 0.35**2
    belt = ball & (abs(y - 0.5) < 0.08)
    shade = (0.45 + 0.7 * x)[..., None]
    rgb = np.full((160, 160, 3), 128.0)
    rgb[ball] = (shade * (200, 32, 30))[ball]
    rgb[belt] = (shade * (220, 180, 30))[belt]
    rgb += np.random.default_rng(0).normal(0, 3, rgb.shape)
    return np.clip(rgb, 0, 255).astype(np.uint8), (ball * 255).astype(np.uint8), belt


def overlap(alpha: np.ndarray, truth: np.ndarray) -> float:
    solid = alpha > 127
    return float((solid & truth).sum() / (solid | truth).sum())


def test_named_colours_find_their_parts_in_light_and_shade() -> None:
    rgb, ball, belt = toy()
    assert overlap(coloured_region(rgb, ball, "the yellow belt"), belt) > 0.9
    assert overlap(coloured_region(rgb, ball, "red parts"), (ball > 0) & ~belt) > 0.9
    both = coloured_region(rgb, ball, "red and yellow parts")
    assert overlap(both, ball > 0) > 0.9


def test_a_region_never_leaves_the_product() -> None:
    rgb, ball, _ = toy()
    assert (coloured_region(rgb, ball // 2 + ball // 4, "red") <= ball).all()


@pytest.mark.parametrize("words", ["the lid", "handle", "", "redundant bits"])
def test_regions_without_a_colour_are_refused_with_advice(words: str) -> None:
    rgb, ball, _ = toy()
    with pytest.raises(BadRegion, match="mask") as caught:
        coloured_region(rgb, ball, words)
    assert caught.value.code == "region_not_understood"


@pytest.mark.parametrize("colour", ["blue", "white", "black", "green"])
def test_colours_that_are_not_there_are_refused(colour: str) -> None:
    rgb, ball, _ = toy()
    with pytest.raises(BadRegion) as caught:
        coloured_region(rgb, ball, f"{colour} parts")
    assert caught.value.code == "region_not_found"


def test_the_longest_colour_name_wins() -> None:
    assert list(colours_in("the light blue hat")) == ["light blue"]
    assert set(colours_in("Red/white stripes")) == {"red", "white"}
