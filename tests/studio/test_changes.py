"""Changes: each alters what it says and nothing else, can be undone, and composes with the others."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations
from random import Random
from typing import Any

import numpy as np
import pytest
import torch

from editcore.lexicon import parse
from editcore.studio.changes import CHANGES, Change, composes, in_view, sample_change
from editcore.studio.changes.appearance import Recolour, Repattern
from editcore.studio.changes.parts import Part
from editcore.studio.changes.stance import Mirror, Move, Rotate, Scale, Tilt
from editcore.studio.changes.view import Raise
from editcore.studio.finish import Look
from editcore.studio.photograph import Photos, Setup, photograph, sample_setup
from editcore.studio.setting import Scene
from editcore.studio.standing import standing
from editcore.studio.vocabulary import Tone

NAVY = Tone("navy", (24, 34, 80))
ALTERS = {
    "look": {"look"}, "scene": {"scene"}, "tint": {"tint"}, "yaw": {"yaw", "mirrored"}, "tilt": {"tilt"},
    "parts": {"present"}, "place": {"x"}, "size": {"scale"}, "camera": {"camera"}, "light": {"light"},
}  # fmt: skip
"""What of a setup each thing touched is."""


@pytest.fixture(scope="module")
def teapot() -> Setup:
    """Plain, in a studio, whole, in the middle, with room around it, lit from the front."""
    setup = sample_setup(4, "teapot")
    _, distance, height = setup.geometry.camera
    geometry = replace(
        setup.geometry,
        shape=setup.geometry.shape.complete(),
        pose=replace(setup.geometry.pose, x=0.0, yaw=0.4),
        camera=(0.35, distance * 1.6, height),
        light=0.0,
    )
    look, scene = (
        Look("ceramic", Tone("red", (200, 32, 30))),
        Scene("studio", Tone("beige", (222, 203, 170)), seed=1),
    )
    return replace(setup, geometry=geometry, look=look, scene=scene)


def _change(kind: str, setup: Setup) -> Change:
    for seed in range(50):
        change = sample_change(kind, Random(seed))
        if change.products and setup.kind not in change.products:
            continue
        if change.applies(change.prepare(setup)):
            return change
    raise AssertionError(f"no {kind} applies to a {setup.kind}")


def _shot(*setups: Setup) -> Photos:
    return photograph(setups, 64)


def _facts(setup: Setup) -> dict[str, Any]:
    geometry = setup.geometry
    return {
        **vars(geometry.pose), "present": geometry.shape.present, "specimen": geometry.shape.seed,
        "camera": geometry.camera, "light": geometry.light, "look": setup.look, "scene": setup.scene,
        "tint": setup.tint, "shown": setup.shown, "noun": setup.noun,
    }  # fmt: skip


@pytest.mark.parametrize("kind", list(CHANGES))
def test_a_change_alters_what_it_touches_and_nothing_else(kind: str, teapot: Setup) -> None:
    change = _change(kind, teapot)
    before = change.prepare(teapot)
    old, new = _facts(before), _facts(change.apply(before))
    altered = {name for name in old if old[name] != new[name]}
    allowed = {"shown"} if kind == "remove" else set().union(*(ALTERS[touched] for touched in change.touches))
    assert altered and altered <= allowed
    assert change.apply(before) != before and change.words


def test_a_recolour_keeps_the_product_where_it_is(teapot: Setup) -> None:
    photos = _shot(teapot, Recolour(NAVY).apply(teapot))
    assert torch.equal(photos.mask_B1HW[0], photos.mask_B1HW[1])
    inside = photos.mask_B1HW[0, 0] > 0
    difference = (photos.rgb_B3HW[0] - photos.rgb_B3HW[1]).abs().amax(0)
    assert difference[~inside].max() < 2 / 255 and difference[inside].mean() > 0.2
    colour = photos.rgb_B3HW[1][:, photos.mask_B1HW[1, 0] == 1].mean(1)
    assert colour.argmax() == 2, "navy is blue"


def test_a_new_background_keeps_the_product(teapot: Setup) -> None:
    photos = _shot(teapot, _change("background", teapot).apply(teapot))
    inside = photos.mask_B1HW[0, 0] == 1
    difference = (photos.rgb_B3HW[0] - photos.rgb_B3HW[1]).abs().amax(0)
    assert difference[inside].max() < 0.06, "only the fill light of the new room may show"
    assert difference[photos.mask_B1HW[0, 0] == 0].mean() > 0.05


def test_a_mirrored_product_is_its_mask_flipped_and_twice_is_the_same(teapot: Setup) -> None:
    once = Mirror().apply(teapot)
    assert Mirror().apply(once) == teapot
    masks = _shot(teapot, once).mask_B1HW
    assert (masks[1] - masks[0].flip(-1)).abs().mean() < 0.001
    assert (masks[1] - masks[0]).abs().mean() > 0.01, "a teapot with its spout to the other side"


def test_a_pattern_is_mirrored_with_the_product(teapot: Setup) -> None:
    dotted = Repattern("floral", NAVY).apply(replace(teapot, geometry=replace(teapot.geometry, light=0.0)))
    photos = _shot(dotted, Mirror().apply(dotted))
    inside = (photos.mask_B1HW[0].flip(-1) * photos.mask_B1HW[1])[0] == 1
    difference = (photos.rgb_B3HW[0].flip(-1) - photos.rgb_B3HW[1]).abs().amax(0)
    assert difference[inside].mean() < 0.05


@pytest.mark.parametrize("angle", [-0.4, 0.4])
def test_a_tilted_product_rests_on_the_floor_with_its_top_to_the_side(angle: float) -> None:
    bottle = sample_setup(4, "bottle")
    pitch, distance, height = bottle.geometry.camera
    roomy = replace(bottle, geometry=replace(bottle.geometry, camera=(pitch, distance * 1.5, height)))
    tilted = Tilt(angle).apply(roomy)
    shape = standing(tilted.geometry.shape, tilted.geometry.pose)
    low = shape.extent().low[1]
    assert -0.03 < low < 0.03
    mask = _shot(tilted).mask_B1HW[0, 0].numpy()
    columns, rows = np.arange(64), np.flatnonzero(mask.sum(1) > 0.5)
    centre = lambda part: (part.sum(0) * columns).sum() / part.sum()  # noqa: E731
    upper, lower = mask[rows[0] : rows[0] + 6], mask[rows[-1] - 6 : rows[-1]]
    assert (centre(upper) - centre(lower)) * np.sign(angle) > 5


def test_moving_and_growing_are_seen_in_the_picture(teapot: Setup) -> None:
    masks = _shot(teapot, Move(0.15).apply(teapot), Scale(1.3).apply(teapot)).mask_B1HW[:, 0]
    columns = torch.arange(64) / 64
    centres = [(mask.sum(0) * columns).sum() / mask.sum() for mask in masks]
    assert float(centres[1] - centres[0]) == pytest.approx(0.15, abs=0.02)
    assert float(masks[2].sum() / masks[0].sum()) == pytest.approx(1.3**2, rel=0.12)


@pytest.mark.parametrize("change", [Rotate(0.7), Tilt(0.3), Move(-0.1), Scale(0.7), Mirror(), Raise(0.2)])
def test_a_change_can_be_undone(change: Change, teapot: Setup) -> None:
    assert change.inverse is not None and change.inverse.kind == change.kind
    back = _facts(change.inverse.apply(change.apply(teapot)))
    for name, value in _facts(teapot).items():
        assert back[name] == (
            pytest.approx(value) if isinstance(value, float | tuple) and name != "tint" else value
        )
    lid = Part("handle", adds=False)
    assert lid.inverse.apply(lid.apply(teapot)) == teapot


def test_changes_that_compose_give_the_same_in_either_order(teapot: Setup) -> None:
    changes = [_change(kind, teapot) for kind in CHANGES]
    together = 0
    for first, second in combinations(changes, 2):
        setup = second.prepare(first.prepare(teapot))
        one, other = (_facts(a.apply(b.apply(setup))) for a, b in ((first, second), (second, first)))
        if composes(first, second):
            together += 1
            assert one == other, f"{first.kind} and {second.kind}"
    assert together > 40
    assert not composes(Recolour(NAVY), Repattern("striped", NAVY)) and not composes(Rotate(0.5), Mirror())


def test_a_change_does_not_apply_where_it_would_not_be_seen_or_leaves_the_picture(teapot: Setup) -> None:
    assert not Recolour(NAVY).applies(Recolour(NAVY).apply(teapot))
    assert not Part("handle", adds=True).applies(teapot), "it has one"
    assert Move(0.1).applies(teapot) and not Move(0.6).applies(teapot)
    assert not in_view(Move(0.6).apply(teapot).geometry)
    assert "plate" not in (Rotate(0.5).products or ()), "it looks the same from all sides"


def test_words_say_what_changes(teapot: Setup) -> None:
    for seed in range(20):
        recolour, background = (sample_change(k, Random(seed)) for k in ("recolour", "background"))
        assert isinstance(recolour, Recolour)
        found = parse(recolour.words, "product").colour
        assert found is not None and found.name == recolour.colour.name
        assert parse(background.words, "background").words == background.words
    assert Move(0.1).words == "move it to the right" and Part("handle", False).words == "remove the handle"


def test_the_same_seed_draws_the_same_change_and_unknown_kinds_are_told() -> None:
    for kind in CHANGES:
        assert sample_change(kind, Random(3)) == sample_change(kind, Random(3))
    with pytest.raises(ValueError, match="unknown kind of change"):
        sample_change("melt", Random(0))
