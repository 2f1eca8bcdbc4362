"""Scenes: same picture at any size, perspective, shadows on the ground only."""

from __future__ import annotations

import random

import pytest
import torch
import torch.nn.functional as F

from editcore.studio.gbuffer import Camera, GBuffer
from editcore.studio.scenes import Scene, compose, horizon_row, paint, paint_floor, sample_scene
from editcore.studio.vocabulary import SURFACES, Tone

BLUE, SAND = Tone("blue", (40, 80, 180)), Tone("sand", (200, 180, 150))


def camera(count: int = 1, pitch: float = 0.3) -> Camera:
    one = torch.ones(count)
    return Camera(pitch=one * pitch, distance=one * 4.2, height=one * 0.5)


def still(size: int, scenes: int) -> GBuffer:
    """A flat square standing in the middle, with a shadow to its right."""
    coverage, ground = torch.zeros(scenes, 1, size, size), torch.ones(scenes, 1, size, size)
    coverage[..., size // 4 : size * 3 // 4, size // 3 : size * 2 // 3] = 1
    ground[..., size * 5 // 8 : size * 3 // 4, size * 2 // 3 : size * 5 // 6] = 0.2
    zeros = torch.zeros(scenes, 3, size, size)
    parts = torch.cat([coverage, zeros], 1)
    return GBuffer(
        ("box",) * scenes,
        coverage,
        parts,
        zeros,
        zeros,
        zeros,
        coverage,
        ground,
        camera(scenes),
        torch.ones(scenes, 3),
    )


def test_painting_is_deterministic_and_differs_by_seed() -> None:
    scene, other = Scene("floor", None, "walnut wood", seed=1), Scene("floor", None, "walnut wood", seed=2)
    first, again, changed = (paint([s], camera(), 64) for s in (scene, scene, other))
    assert torch.equal(first, again)
    assert (first - changed).abs().mean() > 0.01


@pytest.mark.parametrize("surface", ["oak wood", "checker", "grass", "white marble", "terrazzo"])
def test_the_same_scene_at_another_size_is_the_same_picture(surface: str) -> None:
    scene = Scene("floor", None, surface, wall=SAND, seed=3, blur=0.4)
    small, large = paint([scene], camera(), 128), F.avg_pool2d(paint([scene], camera(), 256), 2)
    assert (small - large).abs().mean() < 0.02
    coarse = [F.avg_pool2d(picture, 16) for picture in (small, large)]
    assert (coarse[0] - coarse[1]).abs().max() < 0.05


def test_1024_pixels_are_sharper_but_the_same() -> None:
    scene = Scene("floor", None, "oak wood", wall=SAND, seed=3)
    large, small = paint([scene], camera(), 1024), paint([scene], camera(), 128)
    assert (F.avg_pool2d(large, 8) - small).abs().mean() < 0.025
    enlarged = F.interpolate(small, size=1024, mode="bilinear")
    detail = lambda x: (x[..., 1:] - x[..., :-1]).abs().mean()  # noqa: E731
    assert detail(large) > 1.5 * detail(enlarged)


def test_floor_texture_is_finer_near_the_horizon() -> None:
    picture = paint_floor(Scene("floor", None, "checker", seed=5), camera(pitch=0.25), 256).mean(-1)
    edges = lambda row: int(((picture[row, 1:] > 0.5) != (picture[row, :-1] > 0.5)).sum())  # noqa: E731
    far, near = (sum(edges(row + i) for i in range(12)) for row in (70, 240))
    assert far > 1.3 * near > 0


def test_floor_ends_at_the_horizon_and_walls_stand_above() -> None:
    view = camera(pitch=0.1)
    row = float(horizon_row(view, 256)[0])
    assert row == pytest.approx((1 - 0.10033 / 0.26795) * 128, abs=0.1)
    red_wall = Scene("floor", BLUE, "carpet", wall=Tone("red", (220, 20, 20)), seed=7)
    picture = paint([red_wall], view, 256)[0]
    assert picture[0, : int(row)].mean() > 0.6 and picture[2, : int(row)].mean() < 0.2
    assert picture[2, 240:].mean() > picture[0, 240:].mean() + 0.2


def test_studio_sweep_has_the_colour_named() -> None:
    for rgb in [(40, 80, 180), (240, 240, 238), (24, 24, 26), (200, 98, 66)]:
        scenes = [Scene("studio", Tone("x", rgb), seed=seed) for seed in range(6)]
        mean = paint(scenes, camera(6), 48).mean((0, 2, 3)) * 255
        assert (mean - torch.tensor(rgb)).abs().max() < 16


def test_shadow_darkens_only_the_ground_where_it_falls() -> None:
    scenes = [Scene("studio", SAND), Scene("floor", None, "carpet", wall=SAND)]
    gbuffer = still(64, 2)
    background, product = paint(scenes, gbuffer.camera, 64), torch.full((2, 3, 64, 64), 0.6)
    picture = compose(gbuffer, product, background, scenes)
    on_object = gbuffer.coverage_B1HW.expand_as(picture) == 1
    shadow = (gbuffer.ground_B1HW < 1).expand_as(picture) & ~on_object
    assert torch.equal(picture[on_object], product[on_object])
    assert torch.equal(picture[~on_object & ~shadow], background[~on_object & ~shadow])
    assert bool((picture[shadow] < 0.6 * background[shadow]).all())


def test_glossy_floor_reflects_the_object_below_its_foot_only() -> None:
    scenes = [Scene("floor", None, "black marble", wall=SAND, seed=2)]
    gbuffer = still(64, 1)
    gbuffer.ground_B1HW.fill_(1.0)
    background = paint(scenes, gbuffer.camera, 64)
    changed = (compose(gbuffer, torch.ones(1, 3, 64, 64), background, scenes) - background).abs().sum(1)[
        0
    ] > 0.01
    changed &= gbuffer.coverage_B1HW[0, 0] == 0
    assert changed[48:].any() and not changed[:48].any()


def test_every_surface_paints_in_range_and_has_texture() -> None:
    scenes = [Scene("floor", None, surface, seed=11) for surface in SURFACES]
    pictures = paint(scenes, camera(len(scenes), pitch=0.55), 64)
    assert pictures.isfinite().all() and pictures.min() >= 0 and pictures.max() <= 1
    flat = {s for s, p in zip(SURFACES, pictures, strict=True) if p[:, 40:].std((1, 2)).mean() < 0.004}
    assert flat <= {"glass", "paper"}, flat


def test_sampled_scenes_paint_and_repeat() -> None:
    draws = [[sample_scene(random.Random(seed)) for seed in range(30)] for _ in range(2)]
    assert draws[0] == draws[1]
    assert {scene.setting for scene in draws[0]} == {"studio", "floor"}
    assert paint(draws[0], camera(30), 32).shape == (30, 3, 32, 32)


def test_scene_refuses_what_it_does_not_know() -> None:
    with pytest.raises(ValueError, match="unknown surface 'lava'; expected one of oak wood"):
        Scene("floor", None, "lava")
    with pytest.raises(ValueError, match="style is 'moody'"):
        Scene("studio", BLUE, style="moody")
