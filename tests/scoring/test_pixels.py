"""Preservation and colour: exact values where they are known, and each falls when the edit gets worse."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from editcore.scoring.colour import colour_errors, region_change
from editcore.scoring.preservation import PSNR_CAP, preservation

NAVY = (22, 33, 63)


def scene(seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """A grainy picture and a region in its middle."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:96, :128]
    base = np.stack([120 + 60 * np.sin(x / 9), 130 + 40 * np.cos(y / 7), 90 + x / 2], axis=2)
    picture = np.clip(base + rng.normal(0, 4, base.shape), 0, 255).astype(np.uint8)
    region = np.zeros((96, 128), np.uint8)
    region[24:72, 32:96] = 255
    return picture, region


def shaded(rgb: tuple[int, int, int], region: np.ndarray, picture: np.ndarray) -> np.ndarray:
    """The region painted in a colour, lit from the left (linear light), with a highlight."""
    light = np.linspace(0.35, 1.0, region.shape[1])[None, :, None]
    linear = (np.array(rgb) / 255) ** 2.2 * light
    painted = np.broadcast_to(linear ** (1 / 2.2) * 255, picture.shape).astype(np.uint8).copy()
    painted[30:36, 80:90] = 250
    return np.where(region[..., None] > 0, painted, picture)


def test_identical_kept_pixels_are_exactly_perfect() -> None:
    before, region = scene()
    after = before.copy()
    after[region > 0] = 0
    assert preservation(before, after, region) == {
        "kept_psnr": PSNR_CAP,
        "kept_ssim": 1.0,
        "kept_max_diff": 0,
        "kept_changed": 0.0,
    }


def test_one_damaged_pixel_is_seen() -> None:
    before, region = scene()
    after = before.copy()
    after[0, 0, 1] ^= 1
    figures = preservation(before, after, region)
    kept = (region == 0).sum()
    assert figures["kept_max_diff"] == 1
    assert figures["kept_changed"] == pytest.approx(1 / kept)
    assert figures["kept_psnr"] == pytest.approx(10 * np.log10(255**2 * kept * 3))
    assert figures["kept_ssim"] < 1


def test_kept_figures_fall_with_the_damage() -> None:
    before, region = scene()
    noise = np.random.default_rng(1).normal(0, 1, before.shape)
    rows = []
    for strength in (1, 4, 12, 40):
        after = np.clip(before + strength * noise, 0, 255).astype(np.uint8)
        rows.append(preservation(before, np.where(region[..., None] > 0, before, after), region))
    for better, worse in pairwise(rows):
        assert better["kept_psnr"] > worse["kept_psnr"] and better["kept_ssim"] > worse["kept_ssim"]
        assert better["kept_max_diff"] < worse["kept_max_diff"]
    assert rows[-1]["kept_ssim"] < 0.7 and rows[-1]["kept_psnr"] < 20
    shares = []
    for rows_hit in (2, 6, 20):
        after = before.copy()
        after[:rows_hit] ^= 1
        shares.append(preservation(before, after, region)["kept_changed"])
    assert 0 < shares[0] < shares[1] < shares[2] < 1


def test_changes_inside_the_region_do_not_count_as_damage() -> None:
    before, region = scene()
    after = before.copy()
    after[0, 0] = 0
    damaged_too = after.copy()
    damaged_too[region > 0] = 255
    assert preservation(before, after, region) == preservation(before, damaged_too, region)


def test_nothing_kept_has_no_figures_and_misfits_are_refused() -> None:
    before, region = scene()
    assert set(preservation(before, before, np.full_like(region, 255)).values()) == {None}
    with pytest.raises(ValueError, match="one size"):
        preservation(before, before[:-1], region)
    with pytest.raises(ValueError, match="region"):
        preservation(before, before, region[:-1])


def test_region_change_measures_the_edit() -> None:
    before, region = scene()
    assert region_change(before, before, region) == 0
    slight = np.clip(before.astype(int) + 2, 0, 255).astype(np.uint8)
    assert 0 < region_change(before, slight, region) < 2 < 15 < region_change(before, 255 - before, region)
    outside = np.where(region[..., None] > 0, before, 255 - before)
    assert region_change(before, outside, region) == 0
    assert region_change(before, before, np.zeros_like(region)) is None


def test_the_named_colour_in_light_and_shade_is_close() -> None:
    picture, region = scene()
    for rgb in (NAVY, (200, 32, 30), (247, 247, 245), (20, 20, 20), (220, 180, 40)):
        errors = colour_errors(shaded(rgb, region, picture), region, rgb)
        assert errors["chroma_error"] < 5, rgb
        assert errors["delta_e"] < 16, rgb


def test_colour_errors_grow_away_from_the_named_colour() -> None:
    picture, region = scene()
    ladder = [(200, 32, 30), (200, 70, 60), (190, 110, 100), (150, 150, 150), (60, 160, 160)]
    errors = [colour_errors(shaded(rgb, region, picture), region, ladder[0]) for rgb in ladder]
    for name in ("chroma_error", "delta_e"):
        values = [error[name] for error in errors]
        assert values == sorted(values) and values[-1] > 4 * values[0], name


def test_delta_e_tells_pale_from_dark_where_chroma_cannot() -> None:
    picture, region = scene()
    grey = shaded((128, 128, 128), region, picture)
    white = colour_errors(grey, region, (250, 250, 250))
    assert white["chroma_error"] < 3  # grey is as colourless as white
    assert white["delta_e"] > 25  # and yet not white
    pale_blue = colour_errors(shaded((150, 170, 230), region, picture), region, NAVY)
    assert pale_blue["delta_e"] > 35


def test_two_wrong_colours_do_not_average_to_the_right_one() -> None:
    picture, region = scene()
    halves = picture.copy()
    halves[24:48, 32:96], halves[48:72, 32:96] = (
        (200, 60, 190),
        (60, 190, 70),
    )  # magenta and green, grey in the mean
    assert colour_errors(halves, region, (128, 128, 128))["chroma_error"] > 50


def test_an_empty_region_has_no_colour() -> None:
    picture, region = scene()
    assert colour_errors(picture, np.zeros_like(region), NAVY) == {"chroma_error": None, "delta_e": None}
