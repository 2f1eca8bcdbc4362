"""The most different pictures of a catalogue: farthest-point sampling over what pictures look like.

The first is the most ordinary one (nearest to the mean), then always the one farthest from all chosen so far
(Gonzalez 1985, "Clustering to minimize the maximum intercluster distance": at most twice the best possible radius).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

import cv2
import numpy as np

Embed = Callable[[Sequence[np.ndarray]], np.ndarray]
"""(H, W, 3) uint8 pictures to (N, D) float features."""
CANDIDATES = 200
"""Pictures that are looked at; from a larger catalogue they are taken at even distances."""
_GRID = 6
_Any = TypeVar("_Any")


def candidates(items: Sequence[_Any], count: int = CANDIDATES) -> list[_Any]:
    """At most ``count`` of the items, evenly over their order."""
    if len(items) <= count:
        return list(items)
    return [items[n * len(items) // count] for n in range(count)]


def farthest(features_ND: np.ndarray, count: int) -> list[int]:
    """Indices of ``count`` rows (or all) that lie far apart, the most ordinary first."""
    points = np.asarray(features_ND, np.float64)
    if not len(points):
        return []
    chosen = [int(np.argmin(np.linalg.norm(points - points.mean(0), axis=1)))]
    nearest = np.linalg.norm(points - points[chosen[0]], axis=1)
    while len(chosen) < min(count, len(points)):
        nearest[chosen] = -1
        chosen.append(int(np.argmax(nearest)))
        nearest = np.minimum(nearest, np.linalg.norm(points - points[chosen[-1]], axis=1))
    return chosen


def colours_and_shape(pictures: Sequence[np.ndarray]) -> np.ndarray:
    """Features without a model: a coarse CIELAB thumbnail and the proportions, (N, 109), about 1 where very unlike."""
    rows = []
    for picture in pictures:
        small = cv2.resize(picture, (_GRID, _GRID), interpolation=cv2.INTER_AREA).astype(np.float32) / 255
        lab = cv2.cvtColor(small, cv2.COLOR_RGB2LAB).reshape(-1) / 100 / _GRID
        rows.append(np.append(lab, np.log(picture.shape[1] / picture.shape[0])))
    return np.array(rows)
