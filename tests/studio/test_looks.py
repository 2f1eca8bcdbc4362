"""Looks: named colours come out as named, materials differ, patterns stick to the object."""

from __future__ import annotations

import random
from dataclasses import replace

import numpy as np
import pytest
import torch
from skimage.color import deltaE_ciede2000, rgb2lab

from editcore.studio.gbuffer import Camera, GBuffer
from editcore.studio.looks import Finish, Look, neutral, sample_look, shade
from editcore.studio.patterns import inks
from editcore.studio.perspective import TAN_HALF_FOV
from editcore.studio.vocabulary import MATERIALS, METALS, PATTERNS, WOODS, Tone

NAMED = {
    "white": (244, 243, 240), "black": (24, 24, 26), "navy": (24, 34, 80), "red": (200, 32, 30),
    "cream": (247, 236, 210), "sage": (156, 175, 136), "terracotta": (200, 98, 66), "teal": (0, 110, 115),
    "mustard": (215, 165, 40), "lavender": (190, 170, 225), "grey": (128, 128, 130), "brown": (100, 62, 36),
}  # fmt: skip
RED, WHITE = Tone("red", NAMED["red"]), Tone("white", NAMED["white"])


def ball(size: int = 64, radius: float = 0.55) -> GBuffer:
    """A ball on the floor, photographed level, lit from the upper right; its right half is part 1."""
    axis = ((torch.arange(size) + 0.5) * 2 / size - 1) * TAN_HALF_FOV * 4.0
    y, x = torch.meshgrid(-axis, axis, indexing="ij")
    inside = (x**2 + y**2 < radius**2).float()[None]
    z = (radius**2 - x**2 - y**2).clamp(min=0).sqrt()
    normal = torch.stack([x, y, z]) / radius * inside
    right = inside * (x > 0)
    parts = torch.cat([inside - right, right, torch.zeros(2, size, size)])
    level = torch.zeros(1)
    return GBuffer(
        kinds=("ball",),
        coverage_B1HW=inside[None],
        parts_BPHW=parts[None],
        normal_B3HW=normal[None],
        position_B3HW=(torch.stack([x, y + radius, z]) * inside)[None],
        own_normal_B3HW=normal[None],
        light_B1HW=inside[None],
        ground_B1HW=torch.ones(1, 1, size, size),
        camera=Camera(level, level + 4.0, level + radius),
        key_light_B3=torch.tensor([[0.5, 0.6, 0.62]]),
    )


def mean_colour(gbuffer: GBuffer, look: Look) -> np.ndarray:
    shaded = shade(gbuffer, [look], neutral(gbuffer.camera))
    return ((shaded * gbuffer.coverage_B1HW).sum((0, 2, 3)) / gbuffer.coverage_B1HW.sum()).numpy()


def difference(rgb: np.ndarray, named: tuple[int, int, int]) -> float:
    return float(
        deltaE_ciede2000(rgb2lab(rgb[None, None])[0, 0], rgb2lab(np.array(named)[None, None] / 255)[0, 0])
    )


@pytest.mark.parametrize(
    ("name", "limit"), [("matte", 7.0), ("ceramic", 7.0), ("fabric", 7.0), ("leather", 7.0)]
)
def test_mean_colour_of_a_plain_object_is_the_colour_named(name: str, limit: float) -> None:
    gbuffer = ball()
    worst = {c: difference(mean_colour(gbuffer, Look(name, Tone(c, rgb))), rgb) for c, rgb in NAMED.items()}
    assert max(worst.values()) < limit, worst
    assert np.mean(list(worst.values())) < limit / 2


def test_same_look_is_the_same_picture_and_another_seed_is_not() -> None:
    gbuffer, ambient = ball(), torch.full((1, 3), 0.8)
    look = Look("wooden", variety="oak", seed=4)
    first, again = (shade(gbuffer, [look], ambient) for _ in range(2))
    assert torch.equal(first, again)
    assert (first - shade(gbuffer, [replace(look, seed=5)], ambient)).abs().max() > 0.05


def test_every_material_and_variety_shades_within_range_and_differs() -> None:
    gbuffer, ambient = ball(48), torch.full((1, 3), 0.8)
    looks = [Look(m, RED) for m in MATERIALS] + [Look("wooden", variety=w) for w in WOODS]
    looks += [Look("metal", variety=m) for m in METALS]
    pictures = [shade(gbuffer, [look], ambient) for look in looks]
    for look, picture in zip(looks, pictures, strict=True):
        assert picture.isfinite().all() and picture.min() >= 0 and picture.max() <= 1, look
        assert picture[0, :, 0, 0].sum() == 0  # nothing off the object
    for i, one in enumerate(pictures):
        for j in range(i):
            assert (one - pictures[j]).abs().max() > 0.02, (looks[i], looks[j])


def test_part_finish_changes_only_that_part() -> None:
    gbuffer, ambient = ball(), torch.full((1, 3), 0.8)
    plain = Look("matte", WHITE)
    dressed = replace(plain, parts=((1, Finish("matte", RED)),))
    changed = (shade(gbuffer, [plain], ambient) - shade(gbuffer, [dressed], ambient)).abs().sum(
        1, keepdim=True
    ) > 0.02
    assert bool(changed[gbuffer.parts_BPHW[:, 1:2] > 0].float().mean() > 0.9)
    assert not bool(changed[gbuffer.parts_BPHW[:, 1:2] == 0].any())


def test_patterns_show_both_colours() -> None:
    gbuffer = ball(96)
    on = gbuffer.coverage_B1HW[0, 0] > 0
    for pattern in PATTERNS[1:]:
        picture = shade(gbuffer, [Look("matte", RED, WHITE, pattern)], neutral(gbuffer.camera))[0]
        whiteness = picture[2][on] / picture[0][on].clamp(min=0.05)
        assert (whiteness > 0.8).float().mean() > 0.03, pattern
        assert (whiteness < 0.4).float().mean() > 0.1, pattern


def test_round_patterns_close_without_a_seam() -> None:
    """The chart's left and right end (3 units apart) carry the same ink."""
    v = torch.linspace(0, 1, 50)
    for pattern in PATTERNS:
        ends = [
            inks(pattern, torch.stack([torch.full((50,), u), v], 1), v, 0.01, 3.7) for u in (-1.4999, 1.5001)
        ]
        assert torch.allclose(ends[0][0], ends[1][0], atol=0.1) or pattern == "floral", pattern


def test_sampled_looks_are_determined_by_the_generator() -> None:
    draws = [[sample_look("mug", random.Random(seed)) for seed in range(40)] for _ in range(2)]
    assert draws[0] == draws[1]
    assert len({look.material for look in draws[0]}) > 5
    assert len({hash(look) for look in draws[0]}) > 35


def test_unknown_material_says_what_is_expected() -> None:
    with pytest.raises(ValueError, match="unknown material 'cheese'; expected one of ceramic"):
        shade(ball(16), [Look("cheese", RED)], torch.ones(1, 3))
