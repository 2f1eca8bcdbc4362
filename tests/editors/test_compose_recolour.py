"""Recolouring: the named colour is reached, detail stays, nothing of the old colour is left."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from editcore.editors.colourspace import oklab_from_srgb, oklab_of, srgb_from_oklab
from editcore.editors.crop import object_box, take
from editcore.editors.recolour import compose_recolour

SIZE = 200
NAVY, CREAM, WHITE, BLACK, RED = (0, 0, 128), (255, 253, 208), (255, 255, 255), (0, 0, 0), (200, 20, 30)
SAGE, ORANGE = (156, 175, 136), (255, 140, 0)


def ball(rgb, background=(120, 124, 128), blurred_rim=1.5):
    """A shaded, finely ribbed ball of one colour: image uint8, alpha uint8, source shading (H, W)."""
    y, x = np.mgrid[0:SIZE, 0:SIZE].astype(np.float32)
    distance = np.hypot(y - 100, x - 100)
    alpha = cv2.GaussianBlur((distance < 70).astype(np.float32), (0, 0), blurred_rim)
    shading = 0.75 + 0.25 * np.sqrt(np.clip(1 - ((x - 75) ** 2 + (y - 70) ** 2) / 130**2, 0, 1))
    shading *= 1 + 0.04 * np.sin(x * 0.9)
    body = srgb_from_oklab(oklab_of(rgb) * shading[..., None])
    picture = alpha[..., None] * body + (1 - alpha[..., None]) * (np.array(background) / 255)
    return np.rint(picture * 255).astype(np.uint8), np.rint(alpha * 255).astype(np.uint8), shading


def recolour(image, alpha, rgb, named=True, **options):
    """Recolour with a blurry, slightly wrong model picture, as the real one makes."""
    box = object_box(alpha)
    made = take(image, box, 64, cv2.BORDER_REFLECT_101) / 255
    mask = take(alpha, box, 64, cv2.BORDER_CONSTANT)[..., None] / 255
    wrong = np.clip(np.array(rgb) / 255 * 0.9 + 0.04, 0, 1)
    made = cv2.GaussianBlur((made * (1 - mask) + wrong * mask).astype(np.float32), (0, 0), 1.5)
    return compose_recolour(image, alpha, made, box, rgb if named else None, **options)


@pytest.mark.parametrize("old", [ORANGE, WHITE, BLACK, SAGE])
@pytest.mark.parametrize("new", [NAVY, CREAM, RED, SAGE, BLACK, WHITE])
def test_mean_chroma_meets_the_named_colour(old, new):
    image, alpha, _ = ball(tuple(np.clip(old, 25, 240)))
    result, _, notes = recolour(image, alpha, new)
    mean = oklab_from_srgb(result / 255)[alpha == 255].mean(axis=0)
    assert np.linalg.norm(mean[1:] - oklab_of(new)[1:]) < 0.035
    assert notes["chroma_error"] < 0.035


@pytest.mark.parametrize(
    ("old", "new", "low", "high"),
    [((240, 240, 240), NAVY, 0.2, 0.36), ((30, 30, 30), CREAM, 0.82, 0.99),
     ((245, 210, 30), WHITE, 0.85, 0.99), (RED, BLACK, 0.1, 0.26), ((30, 30, 30), WHITE, 0.83, 0.99)],
)  # fmt: skip
def test_far_moves_reach_the_target_lightness(old, new, low, high):
    image, alpha, _ = ball(old)
    result, _, _ = recolour(image, alpha, new)
    lightness = float(np.median(oklab_from_srgb(result / 255)[alpha == 255][:, 0]))
    assert low < lightness < high


@pytest.mark.parametrize("new", [NAVY, CREAM, RED, WHITE, BLACK])
def test_relief_survives(new):
    image, alpha, shading = ball((245, 210, 30))
    result, _, _ = recolour(image, alpha, new)
    light = oklab_from_srgb(result / 255)[..., 0]
    inside = cv2.erode(alpha, np.ones((9, 9), np.uint8)) == 255

    def fine(x):
        return (x - cv2.GaussianBlur(x, (0, 0), 4))[inside]

    assert np.corrcoef(fine(light), fine(shading.astype(np.float32)))[0, 1] > 0.85


def test_no_halo_of_the_old_colour_in_the_rim():
    image, alpha, _ = ball(RED, background=(235, 235, 235), blurred_rim=2.5)
    result, _, _ = recolour(image, alpha, (30, 80, 220))
    rim = (alpha > 20) & (alpha < 235)
    redness = oklab_from_srgb(result / 255)[rim][:, 1]
    assert redness.mean() < 0.01, "a red rim is left around the blue ball"
    assert np.percentile(redness, 95) < 0.03


def test_a_beak_and_black_eyes_stay_when_the_body_changes():
    image, alpha, _ = ball((250, 210, 30))
    cv2.circle(image, (60, 110), 16, (235, 90, 20), -1)
    cv2.circle(image, (110, 70), 9, (15, 14, 14), -1)
    result, _, notes = recolour(image, alpha, (30, 80, 220))
    beak, eye = result[110, 60].astype(int), result[70, 110].astype(int)
    assert np.abs(beak - image[110, 60]).max() < 12
    assert eye.max() < 40
    body = oklab_from_srgb(result / 255)[130, 130]
    assert body[2] < -0.1, "the body did not turn blue"
    assert 0.7 < notes["recoloured_share"] < 0.99


def test_white_lettering_stays_white_on_coloured_goods():
    image, alpha, _ = ball((40, 120, 200))
    cv2.rectangle(image, (80, 90), (120, 98), (245, 245, 245), -1)
    result, _, _ = recolour(image, alpha, RED)
    letter = result[94, 100].astype(int)
    assert letter.min() > 225


def test_everything_moves_at_full_breadth():
    image, alpha, _ = ball((250, 210, 30))
    cv2.circle(image, (60, 110), 16, (235, 90, 20), -1)
    result, _, _ = recolour(image, alpha, (30, 80, 220), breadth=1.0)
    assert oklab_from_srgb(result / 255)[110, 60][2] < -0.05


def test_strength_stops_part_way():
    image, alpha, _ = ball((240, 240, 240))
    inside = alpha == 255
    levels = [recolour(image, alpha, NAVY, strength=s)[0][inside].mean() for s in (0.3, 0.6, 1.0)]
    assert image[inside].mean() > levels[0] > levels[1] > levels[2]


def test_without_a_named_colour_the_model_decides():
    image, alpha, _ = ball((240, 240, 240))
    result, _, notes = recolour(image, alpha, (40, 150, 60), named=False)
    mean = oklab_from_srgb(result / 255)[alpha == 255].mean(axis=0)
    assert mean[1] < -0.06 and mean[2] > 0.03
    assert notes["anchored"] == "model" and "chroma_error" not in notes
