"""Where a matte comes from, and a real photo through the real network."""

from __future__ import annotations

import numpy as np
import pytest
from skimage import data

from editcore.images import BadImage, Picture
from editcore.segmentation import ModelMissing, U2NetP, segment, u2net


def picture(rgb: np.ndarray, alpha: np.ndarray | None = None) -> Picture:
    return Picture(rgb, alpha, "PNG", rgb.shape[1::-1])


def plain(height: int = 60, width: int = 90) -> Picture:
    return picture(np.full((height, width, 3), 200, np.uint8))


def box(height: int, width: int) -> np.ndarray:
    mask = np.zeros((height, width), np.uint8)
    mask[height // 4 : height * 3 // 4, width // 4 : width * 3 // 4] = 255
    return mask


def never(_: np.ndarray) -> np.ndarray:
    raise AssertionError("the network must not run")


def test_a_given_mask_wins_over_everything() -> None:
    source = picture(plain().rgb, 255 - box(60, 90))
    matte = segment(source, given_mask=box(60, 90), model=never)
    assert matte.source == "given" and matte.doubt == ""
    assert np.array_equal(matte.alpha, box(60, 90))
    assert segment(plain(), given_mask=box(120, 180), model=never).alpha.shape == (60, 90)


def test_the_files_own_transparency_wins_over_the_network() -> None:
    matte = segment(picture(plain().rgb, box(60, 90)), model=never)
    assert matte.source == "alpha" and np.array_equal(matte.alpha, box(60, 90))


@pytest.mark.parametrize(
    ("source", "mask", "code"),
    [
        (plain(), box(90, 60), "mask_size"),
        (plain(), np.zeros((60, 90), np.uint8), "mask_empty"),
        (picture(plain().rgb, box(60, 90) // 8), None, "mask_empty"),
    ],
)
def test_masks_that_cannot_be_used(source: Picture, mask: np.ndarray | None, code: str) -> None:
    with pytest.raises(BadImage) as caught:
        segment(source, given_mask=mask, model=never)
    assert caught.value.code == code


def test_a_network_that_finds_nothing_is_bad_input_not_an_empty_edit() -> None:
    with pytest.raises(BadImage) as caught:
        segment(plain(), model=lambda _: np.zeros((320, 320), np.float32))
    assert caught.value.code == "no_product"


def test_the_cup_on_its_saucer_is_found() -> None:
    coffee = np.ascontiguousarray(data.coffee())
    matte = segment(picture(coffee))
    assert matte.source == "u2netp" and matte.alpha.shape == coffee.shape[:2]
    assert matte.doubt == ""
    assert 0.40 < matte.figures.area < 0.55
    assert matte.alpha[200, 250] == 255  # the coffee
    assert matte.alpha[300, 110] == 255  # the saucer
    for row, column in ((10, 10), (390, 10), (20, 590), (390, 590)):  # the table
        assert matte.alpha[row, column] == 0


def test_the_network_is_deterministic_and_maps_follow_the_picture() -> None:
    net = U2NetP()
    coffee = np.ascontiguousarray(data.coffee())
    upright, mirrored = net.many([coffee, np.ascontiguousarray(coffee[:, ::-1])])
    assert np.array_equal(upright, net(coffee))
    assert upright.shape == (320, 320) and upright.min() >= 0 and upright.max() <= 1
    agreement = (upright > 0.5) == (mirrored[:, ::-1] > 0.5)
    assert agreement.mean() > 0.98
    assert len(net.identity["sha256"]) == 64


def test_a_missing_model_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(u2net, "FILE", "not-there.onnx")
    with pytest.raises(ModelMissing, match="pip install"):
        u2net.model_path()
    monkeypatch.setattr(u2net, "WHEEL", "no-such-distribution")
    with pytest.raises(ModelMissing, match="pip install"):
        u2net.model_path()
    assert not isinstance(ModelMissing("x"), ValueError)  # never taken for bad input
