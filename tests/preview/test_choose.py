from __future__ import annotations

import numpy as np

from editcore.preview.choose import candidates, colours_and_shape, farthest


def test_the_most_ordinary_comes_first_then_the_farthest_of_all() -> None:
    points = np.array([[0, 0], [0.1, 0], [10, 0], [0, 8], [0.1, 0.1], [10, 0.2]])
    chosen = farthest(points, 3)
    assert chosen[0] in (0, 1, 4) and set(chosen[1:]) <= {2, 3, 5} and 3 in chosen
    assert sorted(farthest(points, 20)) == [0, 1, 2, 3, 4, 5]
    assert farthest(np.zeros((0, 3)), 6) == []
    assert sorted(farthest(np.zeros((3, 2)), 3)) == [0, 1, 2]  # equal pictures are still different rows


def test_candidates_are_spread_over_a_large_catalogue() -> None:
    assert candidates(range(5), 10) == [0, 1, 2, 3, 4]
    assert candidates(range(100), 4) == [0, 25, 50, 75]


def test_without_a_model_colours_and_proportions_tell_pictures_apart() -> None:
    rng = np.random.default_rng(0)
    reds = [
        np.full((40, 40, 3), (200, 30, 30), np.uint8) + rng.integers(0, 5, (40, 40, 3), np.uint8)
        for _ in range(4)
    ]
    blue, wide = np.full((40, 40, 3), (30, 30, 200), np.uint8), np.full((20, 60, 3), (200, 30, 30), np.uint8)
    features = colours_and_shape([*reds, blue, wide])
    assert features.shape == (6, 109)
    assert set(farthest(features, 3)[1:]) == {4, 5}
