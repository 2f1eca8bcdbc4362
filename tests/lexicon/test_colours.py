"""Colour names a merchandiser would agree with, and the colour science under them."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from editcore.lexicon import COLOURS, FAMILIES, colour_named
from editcore.lexicon.colour import (
    chroma_distance,
    delta_e,
    nearest_name,
    oklab_to_srgb,
    srgb_to_lab,
    srgb_to_oklab,
)


def lch(name: str) -> tuple[float, float, float]:
    """CIELAB lightness, chroma and hue (degrees) of a colour."""
    colour = colour_named(name)
    assert colour is not None, name
    lightness, a, b = srgb_to_lab(colour.rgb)
    return float(lightness), float(np.hypot(a, b)), float(np.degrees(np.arctan2(b, a)) % 360)


def test_the_table_is_large_and_well_formed() -> None:
    assert len(COLOURS) >= 320
    assert {colour.base for colour in COLOURS.values()} == set(FAMILIES)
    for name, colour in COLOURS.items():
        assert name == colour.name == name.lower()
        assert all(0 <= value <= 255 for value in colour.rgb)


HUES = {
    "red": (0, 50), "orange": (30, 82), "yellow": (68, 118), "green": (95, 190), "turquoise": (155, 245),
    "blue": (205, 318), "purple": (285, 360), "pink": (330, 425), "brown": (15, 90), "beige": (45, 110),
}  # fmt: skip


@pytest.mark.parametrize("family", HUES)
def test_hues_agree_with_the_family(family: str) -> None:
    low, high = HUES[family]
    for name, colour in COLOURS.items():
        if colour.base == family and lch(name)[1] > 8:
            hue = lch(name)[2]
            assert low <= hue <= high or low <= hue + 360 <= high, (name, hue)


def test_lightness_agrees_with_the_family() -> None:
    for name, colour in COLOURS.items():
        lightness, chroma, _ = lch(name)
        if colour.base == "white":
            assert lightness > 89 and chroma < 26, name
        elif colour.base == "black":
            assert lightness < 16 and chroma < 10, name
        elif colour.base == "grey":
            assert 15 < lightness < 90 and chroma < 12, name
        elif colour.base == "beige":
            assert 60 < lightness < 94, name
        elif colour.base == "brown":
            assert lightness < 77, name


def test_names_mean_what_they_say() -> None:
    assert lch("navy")[0] < 20 and COLOURS["navy"].base == "blue"
    assert lch("mustard")[0] > lch("rust")[0] > lch("burgundy")[0]
    assert lch("sage")[1] < lch("emerald")[1]
    assert lch("cream")[0] > 90 > lch("camel")[0]
    assert lch("black")[0] < 10 < lch("charcoal")[0] < 35


@pytest.mark.parametrize("name", ["red", "teal", "mustard", "lilac", "camel", "terracotta", "grey"])
def test_modifiers_move_the_right_way(name: str) -> None:
    lightness, chroma, _ = lch(name)
    assert lch(f"dark {name}")[0] < lightness < lch(f"light {name}")[0] < 99
    assert lch(f"pale {name}")[0] > lch(f"light {name}")[0]
    assert lch(f"very dark {name}")[0] < lch(f"dark {name}")[0]
    assert lch(f"muted {name}")[1] <= chroma + 0.5
    assert srgb_to_lab(colour_named(f"warm {name}").rgb)[2] > srgb_to_lab(colour_named(f"cool {name}").rgb)[2]


@pytest.mark.parametrize(
    ("spelling", "name"),
    [
        ("Dark Gray", "dark grey"),
        ("navy blue", "navy"),
        ("off white", "off-white"),
        ("light-blue", "light blue"),
        ("eggplant", "aubergine"),
        ("Robin's egg blue", "robin egg"),
        ("crème", "cream"),
        ("pale warm gray", "pale warm grey"),
        ("bluish gray", "bluish grey"),
    ],
)
def test_spellings(spelling: str, name: str) -> None:
    colour = colour_named(spelling)
    assert colour is not None and colour.name == name


@pytest.mark.parametrize("words", ["", "mug", "dark", "very", "navy mug", "light wood"])
def test_what_is_no_colour(words: str) -> None:
    assert colour_named(words) is None


def test_oklab_keeps_colours_and_its_reference_values() -> None:
    rgb = np.random.default_rng(0).random((64, 3))
    np.testing.assert_allclose(oklab_to_srgb(srgb_to_oklab(rgb)), rgb, atol=1e-6)
    np.testing.assert_allclose(srgb_to_oklab((255, 0, 0)), [0.628, 0.225, 0.126], atol=1e-3)
    assert np.all(oklab_to_srgb(np.array([0.7, 0.5, 0.5])) >= 0)


def test_lab_agrees_with_scikit_image() -> None:
    from skimage.color import rgb2lab

    rgb = np.random.default_rng(1).random((64, 3))
    np.testing.assert_allclose(srgb_to_lab(rgb), rgb2lab(rgb), atol=0.05)


def test_differences() -> None:
    navy, red = COLOURS["navy"].rgb, COLOURS["red"].rgb
    assert chroma_distance(navy, navy) == 0 == delta_e(navy, navy)
    assert chroma_distance((128, 128, 128), (30, 30, 30)) == pytest.approx(0, abs=0.1)
    assert chroma_distance(navy, red) > 50
    assert chroma_distance(np.array([navy, red]), np.array(red)).shape == (2,)


def test_nearest_name_finds_every_family() -> None:
    for family in FAMILIES:
        assert COLOURS[nearest_name(COLOURS[family].rgb)].base == family
    assert nearest_name((250, 250, 250)) in {"white", "pure white", "snow"}


def test_import_stays_light() -> None:
    code = (
        "import sys, editcore.lexicon; print([m for m in ('numpy', 'torch', 'skimage') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
