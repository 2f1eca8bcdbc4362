"""New backgrounds on synthetic goods: no halo, no ghost, shadows only darken and only on the ground."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from editcore.editors.backdrop import compose_background, fill_ghost, sweep
from editcore.editors.crop import picture_box, take
from editcore.editors.matte import foreground
from editcore.editors.shadow import ground_shadow

SIZE = 240


def goods(background=(20, 230, 40), product=(200, 60, 60), cut=False):
    """A block standing in the picture with a soft rim: image, alpha."""
    mask = np.zeros((SIZE, SIZE), np.float32)
    mask[80 : (SIZE if cut else 180), 70:170] = 1
    alpha = cv2.GaussianBlur(mask, (0, 0), 2)
    alpha[alpha > 0.98], alpha[alpha < 0.02] = 1, 0
    image = alpha[..., None] * np.array(product) + (1 - alpha[..., None]) * np.array(background)
    return np.rint(image).astype(np.uint8), np.rint(alpha * 255).astype(np.uint8)


def plain(rgb, size=64):
    return np.full((size, size, 3), np.array(rgb) / 255, np.float32)


def test_rim_holds_nothing_of_the_old_background():
    image, alpha = goods()
    new = (235, 235, 235)
    result, _, _ = compose_background(image, alpha, plain(new), picture_box(SIZE, SIZE), 0, shadow=False)
    a = alpha[..., None] / 255
    ideal = a * np.array((200, 60, 60)) + (1 - a) * np.array(new)
    rim = (alpha > 12) & (alpha < 243)
    assert np.abs(result[rim] - ideal[rim]).mean() < 6
    naive = a * image + (1 - a) * np.array(new)
    halo, naive_halo = ((x[rim] - ideal[rim])[:, 1].mean() for x in (result, naive))
    assert abs(halo) < 0.2 * naive_halo


def test_foreground_is_exact_where_opaque_and_pure_in_the_rim():
    image, alpha = goods()
    fore = foreground(image, alpha)
    np.testing.assert_allclose(fore[alpha == 255], image[alpha == 255] / 255, atol=1e-6)
    assert np.abs(fore[alpha > 60] * 255 - (200, 60, 60)).mean() < 4


def test_the_ghost_of_the_product_is_gone_from_the_background():
    _, alpha = goods()
    box = picture_box(SIZE, SIZE)
    scene = plain((210, 200, 190), 256)
    ghost = cv2.GaussianBlur(take(alpha, box, 256, cv2.BORDER_CONSTANT) / 255, (0, 0), 4)[..., None]
    painted = scene * (1 - ghost) + ghost * np.array((0.8, 0.2, 0.2), np.float32)
    assert np.abs(fill_ghost(painted, alpha, box) - scene).max() < 0.01


def test_a_horizon_behind_the_product_stays_level():
    _, alpha = goods()
    scene = plain((220, 220, 220), 256)
    scene[140:] = 0.3
    filled = fill_ghost(scene, alpha, picture_box(SIZE, SIZE))
    beside = int(70 / SIZE * 256) - 6  # inside the filled zone, left of the product
    assert filled[128, beside, 0] > 0.75 and filled[152, beside, 0] < 0.42


def test_shadow_darkens_only_the_ground():
    image, alpha = goods(background=(120, 120, 120))
    image[::2, ::3] = 60  # textured: no shadow can be measured in the source
    lit, _, notes = compose_background(image, alpha, plain((210, 205, 200)), picture_box(SIZE, SIZE), 5)
    flat, _, _ = compose_background(
        image, alpha, plain((210, 205, 200)), picture_box(SIZE, SIZE), 5, shadow=False
    )
    assert notes["shadow"] == "made"
    change = lit.astype(int) - flat
    assert change.max() <= 1, "a shadow never lightens"
    assert change[184:188, 90:150].mean() < -20, "no contact shadow under the product"
    assert np.abs(change[:70]).max() <= 1, "shadow above the product"
    assert np.abs(change[:, :25]).max() <= 2


def test_shadow_of_a_plain_source_is_carried_over():
    image, alpha = goods(background=(200, 200, 200))
    y, x = np.mgrid[0:SIZE, 0:SIZE]
    dark = 1 - 0.5 * np.exp(-(((x - 185) / 14.0) ** 2) - ((y - 178) / 6.0) ** 2)
    keep = alpha[..., None] / 255
    image = np.rint(keep * image + (1 - keep) * image * dark[..., None]).astype(np.uint8)
    shadow = ground_shadow(image, alpha)
    assert shadow.origin == "source"
    assert shadow.light[178, 185] < 0.7 and shadow.light[178, 50] > 0.93
    assert shadow.light.max() <= 1


def test_no_shadow_for_goods_cut_by_the_lower_border():
    image, alpha = goods(cut=True)
    shadow = ground_shadow(image, alpha)
    assert shadow.origin == "none" and (shadow.light == 1).all()


@pytest.mark.parametrize("rgb", [(12, 12, 14), (250, 250, 250)])
def test_smooth_gradients_get_grain_but_keep_their_mean(rgb):
    image, alpha = goods()
    result, _, _ = compose_background(image, alpha, plain(rgb), picture_box(SIZE, SIZE), 1, shadow=False)
    corner = result[:60, :60].astype(float)
    assert 0.5 < corner.std(axis=(0, 1)).mean() < 2
    assert np.abs(corner.mean(axis=(0, 1)) - rgb).max() < 0.4


def test_detail_is_multiplied_on_and_declared():
    image, alpha = goods()
    detail = np.ones((SIZE, SIZE), np.float32)
    detail[200:, ::2] = 0.5
    result, _, notes = compose_background(
        image, alpha, plain((200, 200, 200)), picture_box(SIZE, SIZE), 1, detail=detail, shadow=False
    )
    assert notes["detail"] == "procedural floor texture"
    assert abs(result[210:, ::2].mean() - 100) < 2 and abs(result[210:, 1::2].mean() - 200) < 2
    with pytest.raises(ValueError, match="detail"):
        compose_background(image, alpha, plain((1, 1, 1)), picture_box(SIZE, SIZE), 1, detail=detail[:9])


def test_a_sweep_has_one_hue_and_keeps_its_light() -> None:
    light = np.linspace(0.4, 0.8, 64, dtype=np.float32)[:, None, None]
    scene = np.broadcast_to(light * np.array([1.2, 1.0, 0.8], np.float32), (64, 64, 3)).copy()
    patchy = scene.copy()
    patchy[40:50, 10:20] *= np.array([0.9, 1.0, 1.15], np.float32)
    smooth = sweep(patchy)
    ratios = smooth / smooth.mean(axis=-1, keepdims=True)
    assert np.ptp(ratios, axis=(0, 1)).max() < 1e-4, "one hue"
    assert np.abs(ratios[0, 0] - [1.2, 1.0, 0.8]).max() < 0.01, "the typical one"
    assert np.abs(smooth[8:-8] - scene[8:-8]).max() < 0.03, "under the light that was there"
