"""Procedural floors on blurred stand-ins for the model's pictures."""

from __future__ import annotations

import math

import cv2
import numpy as np
import pytest
import torch

from editcore.editors.compose import compose
from editcore.editors.crop import picture_box
from editcore.editors.floor import floor_detail
from editcore.editors.vantage import camera_for, depth_at, find_boundary, plausible_cameras
from editcore.lexicon import parse
from editcore.studio.gbuffer import Camera
from editcore.studio.scenes import Scene, paint
from editcore.studio.vocabulary import Tone

SIZE, FOOT = 320, 0.7
BOX = picture_box(SIZE, SIZE)
GREY_WALL = Tone("grey", (150, 150, 155))


def matte() -> np.ndarray:
    alpha = np.zeros((SIZE, SIZE), np.uint8)
    alpha[int(0.3 * SIZE) : int(FOOT * SIZE), int(0.4 * SIZE) : int(0.6 * SIZE)] = 255
    return alpha


def painted(surface: str, seed: int, degrees: float = 18.0, blur: float = 4.0) -> tuple[np.ndarray, float]:
    """A room as soft as the model's and a little off in colour, and the row of its boundary found without blur."""
    camera = camera_for(math.radians(degrees), FOOT, 0.4)
    white, black = Tone("white", (255, 255, 255)), Tone("black", (0, 0, 0))
    both = [
        paint([Scene("floor", None, surface, wall=wall, seed=seed)], camera, 256)[0].mean((0, 2))
        for wall in (white, black)
    ]
    changed = np.abs((both[0] - both[1]).numpy()) > 0.5
    edge = float(np.flatnonzero(changed).max() + 1) / 256 if changed.any() else 0.0
    sharp = (
        paint([Scene("floor", None, surface, wall=GREY_WALL, seed=seed)], camera, 256)[0]
        .permute(1, 2, 0)
        .numpy()
    )
    soft = cv2.GaussianBlur(sharp, (0, 0), blur) * np.array((1.05, 1.0, 0.94), np.float32)
    return soft.clip(0, 1), edge


def detail_of(words: str, room: np.ndarray, seed: int = 5):
    return floor_detail(parse(words, "background"), matte(), room, BOX, seed)


def test_nothing_without_a_named_floor() -> None:
    room, _ = painted("oak wood", 1)
    assert detail_of("light grey studio background", room) is None
    assert detail_of("warmer", room) is None
    assert floor_detail(parse("red", "product"), matte(), room, BOX, 0) is None


@pytest.mark.parametrize("surface", ["light oak wood", "white marble", "checker"])
def test_boundary_is_found_in_blurred_rooms(surface: str) -> None:
    errors = []
    for seed in range(4):
        room, edge = painted(surface, seed, degrees=12 + 3 * seed, blur=3 + seed % 3)
        errors.append(abs(find_boundary(room, FOOT).row - edge))
    assert max(errors) < 0.04


def test_floor_without_a_boundary_fills_the_picture() -> None:
    camera = Camera(*(torch.tensor([v]) for v in (math.radians(32), 3.0, 0.4)))
    room = paint([Scene("floor", None, "grass", wall=Tone("sky blue", (150, 196, 235)), seed=4)], camera, 256)
    room = cv2.GaussianBlur(room[0].permute(1, 2, 0).numpy(), (0, 0), 4)
    assert find_boundary(room, FOOT, np.array((0.33, 0.5, 0.18)), np.array((150, 196, 235)) / 255).row == 0


def test_cameras_see_the_foot_on_its_row_and_the_wall_at_a_usual_depth() -> None:
    for camera in plausible_cameras(0.4, FOOT, 0.4, outdoors=False):
        assert depth_at(camera, FOOT) == pytest.approx(0, abs=1e-4)
    assert 1.0 < -depth_at(plausible_cameras(0.4, FOOT, 0.4, outdoors=False)[0], 0.4) < 4.5


@pytest.mark.parametrize(
    "words", ["on a walnut table", "grey concrete floor", "white marble", "checker floor"]
)
def test_detail_keeps_the_model_light_and_leaves_the_wall(words: str) -> None:
    room, edge = painted(parse(words, "background").surface or "", 3)
    found = detail_of(words, room)
    assert found is not None and found.detail.shape == (SIZE, SIZE, 3) and found.detail.dtype == np.float32
    assert abs(float(found.notes["floor_edge"]) - edge) < 0.04
    assert np.abs(found.detail[: int((edge - 0.11) * SIZE)] - 1).max() < 0.15, (
        "a clean wall stays nearly as it is"
    )
    near = slice(int((edge + 0.1) * SIZE), None)
    model = cv2.resize(room, (SIZE, SIZE), interpolation=cv2.INTER_CUBIC)[near]
    assert (found.detail[near] * model).mean() / model.mean() == pytest.approx(1, abs=0.08)
    if "checker" not in words:
        assert found.detail[near].mean() == pytest.approx(1, abs=0.06)
    grain = lambda x: np.abs(np.diff(x, axis=1)).mean()  # noqa: E731
    assert grain(found.detail[near] * model) > 1.5 * grain(model)


def test_what_a_floor_smears_over_a_plain_wall_is_wiped_off() -> None:
    room, edge = painted("checker", 3)
    smeared = room.copy()
    rows = slice(int((edge - 0.09) * room.shape[0]), int((edge - 0.05) * room.shape[0]))
    smeared[rows, : room.shape[1] // 3] *= 0.8
    model = cv2.resize(smeared, (SIZE, SIZE), interpolation=cv2.INTER_CUBIC)
    plain = detail_of("on a checkered floor in front of a white wall", smeared)
    tiled = detail_of("on a checkered floor in front of a white tiled wall", smeared)
    assert plain and tiled
    found = float(plain.notes["floor_edge"])
    assert found == pytest.approx(edge, abs=0.04)
    spot = slice(int((edge - 0.085) * SIZE), int((min(edge, found) - 0.055) * SIZE)), slice(10, SIZE // 4)
    wall = model[: int((edge - 0.15) * SIZE)].mean(axis=(0, 1))
    assert np.abs(model[spot] - wall).mean() > 0.08
    assert np.abs((model * plain.detail)[spot] - wall).mean() < 0.04
    assert (tiled.detail[: int((edge - 0.11) * SIZE)] == 1).all(), "a wall with a finish is the model's"


def test_same_row_same_floor_other_row_other_floor() -> None:
    room, _ = painted("walnut wood", 2)
    first, again, other = (detail_of("walnut wood", room, seed) for seed in (5, 5, 90))
    assert first and again and other
    np.testing.assert_array_equal(first.detail, again.detail)
    assert np.abs(first.detail - other.detail).mean() > 0.01


def test_texture_is_finer_towards_the_boundary() -> None:
    room, edge = painted("tiles", 6, degrees=14)
    found = detail_of("white tiles", room)
    assert found is not None
    grey = found.detail.mean(-1)[:, : SIZE // 3]
    first = int((edge + 0.05) * SIZE)
    joints = grey < np.median(grey[first:]) - 0.04
    starts = lambda rows: (np.diff(rows.astype(int), axis=0) > 0).sum() / len(rows)  # noqa: E731
    middle = (first + SIZE) // 2
    assert starts(joints[first:middle]) > 1.3 * starts(joints[middle:]) > 0


def test_composite_keeps_the_product_and_says_that_the_texture_is_procedural() -> None:
    room, _ = painted("walnut wood", 2)
    alpha, found = matte(), detail_of("walnut wood", room)
    assert found is not None
    image = np.full((SIZE, SIZE, 3), 90, np.uint8)
    result = compose("background", image, alpha, room, BOX, seed=1, detail=found.detail, setting="floor")
    assert result.notes["detail"] == "procedural floor texture"
    np.testing.assert_array_equal(result.image[alpha == 255], image[alpha == 255])
