"""Exact edits: source and target agree outside the region, and the words say what was done."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest
import torch

from editcore.lexicon import parse
from editcore.studio.edits import EDITS, Edit, photograph_edit, sample_edit, sample_edits
from editcore.studio.photograph import Setup, sample_setup
from editcore.studio.setting import Scene
from editcore.studio.vocabulary import Tone


@pytest.fixture(scope="module")
def mug() -> Setup:
    """In a studio, whose floor reflects nothing, and with its handle."""
    setup = replace(sample_setup(3, "mug"), scene=Scene("studio", Tone("beige", (222, 203, 170)), seed=1))
    shape = setup.geometry.shape.with_part("handle")
    return replace(setup, geometry=replace(setup.geometry, shape=shape))


def _edit(kind: str, setup: Setup) -> Edit:
    edit = sample_edit(kind, setup, Random(5))
    assert edit is not None
    return edit


@pytest.mark.parametrize("kind", list(EDITS))
def test_only_the_region_changes(kind: str, mug: Setup) -> None:
    photos = photograph_edit(_edit(kind, mug), 96)
    difference = (photos.source.rgb_B3HW - photos.target.rgb_B3HW).abs().amax(dim=1)[0]
    outside = photos.region_1HW[0] == 0
    assert difference[~outside].max() > 0.05, "an edit that changes nothing teaches nothing"
    # In a new scene the product takes a little of the new room's fill light; nothing else may move.
    assert difference[outside].max() < (0.04 if kind == "background" else 2 / 255)


def test_the_same_seed_gives_the_same_edits() -> None:
    first, again = sample_edits(11, ["recolour", "background"]), sample_edits(11, ["recolour", "background"])
    assert first == again
    pictures = [photograph_edit(e[0], 48).target.rgb_B3HW for e in (first, again)]
    assert torch.equal(*pictures)


def test_a_recolour_says_the_colour_it_shows(mug: Setup) -> None:
    edit = _edit("recolour", mug)
    assert edit.colour is not None and edit.target.look.colour == edit.colour
    for words in edit.words:
        found = parse(words, "product").colour
        assert found is not None and found.name == edit.colour.name


def test_a_product_without_such_a_part_has_no_such_edit(mug: Setup) -> None:
    assert sample_edit("part", replace(sample_setup(1, "plate")), Random(0)) is None
    with pytest.raises(ValueError, match="unknown edit kind"):
        sample_edit("melt", mug, Random(0))
