"""What holds for every kind of edit: untouched pixels untouched, no crash on odd shapes, clear refusals."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from editcore.editors.compose import compose
from editcore.editors.crop import give_back, model_input, object_box, picture_box, take

KINDS = ["recolour", "background", "material", "part"]


def disc(height: int, width: int, centre: tuple[float, float], radius: float) -> np.ndarray:
    """Soft-edged disc as alpha uint8; centre (y, x)."""
    y, x = np.mgrid[0:height, 0:width]
    distance = np.hypot(y - centre[0], x - centre[1])
    return np.rint(np.clip(radius - distance + 0.5, 0, 1) * 255).astype(np.uint8)


def photo(height: int, width: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


def edit(kind, image, alpha, seed=3, **options):
    target = "background" if kind == "background" else "product"
    box = model_input(image, alpha, target, 64).box
    made = np.random.default_rng(1).random((64, 64, 3), dtype=np.float32)
    return compose(kind, image, alpha, made, box, seed=seed, target_rgb=(200, 30, 40), **options)


@pytest.mark.parametrize("kind", KINDS)
def test_outside_the_region_is_the_source_bit_for_bit(kind):
    image, alpha = photo(150, 200), disc(150, 200, (70, 110), 40)
    result = edit(kind, image, alpha)
    expected = alpha == 255 if kind == "background" else alpha == 0
    np.testing.assert_array_equal(result.region == 0, expected)
    np.testing.assert_array_equal(result.image[expected], image[expected])
    assert result.image.dtype == result.region.dtype == np.uint8
    assert (result.image[~expected] != image[~expected]).any(), "nothing was edited"


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("shape", "centre", "radius"),
    [((3, 3), (1, 1), 1), ((9, 5), (4, 2), 2), ((6, 700), (3, 350), 3), ((500, 4), (250, 2), 2),
     ((60, 80), (59, 79), 30), ((60, 80), (30, 40), 200), ((64, 64), (70, 32), 20)],
)  # fmt: skip
def test_odd_shapes_and_masks_at_the_border_keep_the_contract(kind, shape, centre, radius):
    image, alpha = photo(*shape), disc(*shape, centre, radius)
    result = edit(kind, image, alpha)
    np.testing.assert_array_equal(result.image[result.region == 0], image[result.region == 0])


@pytest.mark.parametrize("kind", KINDS)
def test_an_empty_mask_is_refused_in_words(kind):
    image = photo(20, 20)
    with pytest.raises(ValueError, match="mask is empty"):
        compose(kind, image, np.zeros((20, 20), np.uint8), np.zeros((8, 8, 3)), (0, 0, 20, 20), seed=0)


def test_mismatched_input_and_strength_are_refused():
    image, alpha = photo(20, 20), disc(20, 20, (10, 10), 5)
    with pytest.raises(ValueError, match="expected uint8"):
        compose("recolour", image, alpha[:10], np.zeros((8, 8, 3)), (0, 0, 20, 20), seed=0)
    with pytest.raises(ValueError, match="strength"):
        compose("recolour", image, alpha, np.zeros((8, 8, 3)), (0, 0, 20, 20), seed=0, strength=0)


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_seed_gives_the_same_picture(kind):
    image, alpha = photo(90, 70), disc(90, 70, (45, 30), 20)
    np.testing.assert_array_equal(edit(kind, image, alpha).image, edit(kind, image, alpha).image)


def test_object_fills_the_training_share_of_the_crop():
    alpha = disc(300, 400, (100, 300), 50)
    crop = model_input(photo(300, 400), alpha, "product")
    assert 0.4 <= np.sqrt(crop.region.mean() * 4 / np.pi) <= 0.8
    left, top, right, bottom = crop.box
    assert right - left == bottom - top and crop.picture.shape == (128, 128, 3)


def test_background_crop_shows_nothing_of_the_old_background():
    image = np.full((100, 160, 3), (0, 255, 0), np.uint8)
    alpha = disc(100, 160, (50, 80), 30)
    image[alpha > 0] = (200, 0, 0)
    crop = model_input(image, alpha, "background")
    assert crop.box == picture_box(100, 160) == (0, -30, 160, 130)
    assert crop.picture[..., 1].max() <= 0.51, "green of the old background leaks into the cut-out"
    np.testing.assert_allclose(crop.picture[0, 0], 0.5, atol=1e-6)


@pytest.mark.parametrize("box", [(20, 10, 84, 74), (-30, -20, 98, 108), (0, 0, 64, 64)])
def test_crop_and_back_lands_on_the_same_pixels(box):
    image = cv2.GaussianBlur(photo(90, 120), (0, 0), 4)
    crop = take(image, box, 96, cv2.BORDER_REFLECT_101)
    back = give_back(crop, box, (90, 120))
    left, top, right, bottom = box
    inside = np.s_[max(top, 0) + 3 : min(bottom, 90) - 3, max(left, 0) + 3 : min(right, 120) - 3]
    assert np.abs(back[inside] - image[inside].astype(np.float32)).max() < 4
    shifted = np.abs(back[inside] - np.roll(image, 1, axis=1)[inside].astype(np.float32)).mean()
    assert np.abs(back[inside] - image[inside].astype(np.float32)).mean() < 0.5 * shifted


def test_object_box_is_square_and_holds_the_object():
    alpha = disc(200, 50, (100, 25), 24)
    left, top, right, bottom = object_box(alpha)
    assert right - left == bottom - top
    assert left <= 1 and right >= 49 and top <= 76 and bottom >= 124
