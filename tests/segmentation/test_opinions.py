"""Several looks: what a closer look may add, what it may not take away, and when a third is asked for."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from editcore.segmentation.opinions import ask, crop_box, difference


def product() -> np.ndarray:
    """A (300, 200) white body with a thin antenna on black, and a pale middle."""
    picture = np.zeros((300, 200, 3), np.uint8)
    picture[120:220, 60:140] = 255
    picture[90:120, 99:101] = 255
    picture[150:190, 85:115] = 200
    return picture


def truth(picture: np.ndarray) -> np.ndarray:
    return (picture[..., 0] > 127).astype(np.float32)


class Network:
    """Answers with the maps given, in turn; sees the truth where one is None."""

    def __init__(self, *answers: np.ndarray | None) -> None:
        self.answers: Iterator[np.ndarray | None] = iter(answers)
        self.seen: list[np.ndarray] = []

    def __call__(self, picture: np.ndarray) -> np.ndarray:
        self.seen.append(picture.copy())
        answer = next(self.answers)
        return truth(picture) if answer is None else answer


def without_antenna(picture: np.ndarray) -> np.ndarray:
    map_ = truth(picture)
    map_[:120] = 0
    return map_


def test_looks_that_agree_are_two_the_second_mirrored_and_close() -> None:
    picture = product()
    picture[120:130, 60:70] = 0  # tells left from right
    network = Network(None, None)
    opinions = ask(picture, network)
    assert opinions.looks == len(network.seen) == 2 and opinions.disagreement == 0
    top, bottom, left, right = crop_box(truth(picture), 300, 200) or (0, 0, 0, 0)
    assert 60 < top < 90 < 220 < bottom < 240 and 40 < left < 60 < 140 < right < 160
    assert np.array_equal(network.seen[1], picture[top:bottom, left:right][:, ::-1])
    assert np.array_equal(opinions.map > 0.5, truth(picture) > 0.5)


def test_a_closer_look_brings_back_a_thin_part() -> None:
    picture = product()
    first = truth(picture)
    first[90:120] *= 0.4  # believed by less than half
    opinions = ask(picture, Network(first, None, None))
    assert (opinions.map[95:115, 100] == 1).all()
    assert opinions.looks == 3 and opinions.disagreement == 0


def test_a_closer_look_cannot_take_the_middle_but_can_take_what_was_unsure() -> None:
    picture = product()
    first = truth(picture)
    first[230:260, 60:140] = 0.6  # the table below
    hollow = truth(picture)
    hollow[145:195, 80:120] = 0
    top, bottom, left, right = crop_box(first, 300, 200) or (0, 0, 0, 0)
    close = hollow[top:bottom, left:right]
    opinions = ask(picture, Network(first, close[:, ::-1].copy(), close))
    assert (opinions.map[140:200, 75:125] == 1).all()
    assert (opinions.map[232:258, 62:138] == 0).all()
    assert opinions.disagreement > 0.15 and opinions.looks == 3


def test_one_look_of_three_may_be_wrong_two_are_a_doubt() -> None:
    picture = product()
    half = truth(picture)
    half[170:] = 0
    top, bottom, left, right = crop_box(truth(picture), 300, 200) or (0, 0, 0, 0)
    wrong = half[top:bottom, left:right]
    assert ask(picture, Network(None, wrong[:, ::-1].copy(), None)).disagreement == 0
    assert ask(picture, Network(None, wrong[:, ::-1].copy(), wrong)).disagreement > 0.3


def test_a_rim_is_no_contradiction_and_a_thin_part_is() -> None:
    picture = product()
    solid = truth(picture)
    shifted = np.roll(solid, 1, axis=1)
    assert difference(solid, solid) == 0
    assert difference(solid, shifted) < 0.002
    assert difference(solid, without_antenna(picture)) == difference(without_antenna(picture), solid) > 0.004
    assert difference(solid, np.zeros((50, 40), np.float32)) == 1


def test_a_picture_without_a_product_is_looked_at_once() -> None:
    opinions = ask(product(), Network(np.full((320, 320), 0.2, np.float32)))
    assert opinions.looks == 1 and opinions.disagreement == 0
    assert crop_box(np.zeros((10, 10)), 300, 200) is None


@pytest.mark.parametrize(
    ("height", "width", "row", "column"), [(16, 16, 319, 319), (3000, 20, 0, 0), (40, 40, 160, 319)]
)
def test_specks_at_the_edge_of_any_picture_are_looked_at_too(
    height: int, width: int, row: int, column: int
) -> None:
    speck = np.zeros((320, 320), np.float32)
    speck[row, column] = 1
    full = np.ones((320, 320), np.float32)
    opinions = ask(np.zeros((height, width, 3), np.uint8), Network(speck, full, full))
    assert opinions.map.shape[0] <= height and opinions.map.shape[1] <= width
    assert opinions.map.max() == 1 and max(opinions.map.shape) <= 1280
