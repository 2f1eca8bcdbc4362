"""Seamless texture tiles, painted once from fixed seeds and kept as mip levels.

A tile knows structure, not colour. Its three channels are *shade* (brightness, 1 = the colour as named),
*first* and *second*: the shares of the pixel that take the first and the second colour of a palette; what is
left takes the third. One plank tile so serves every wood, one tile of veins every marble.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from itertools import product

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from scipy.spatial import cKDTree

Plane = NDArray[np.float32]
Planes = tuple[Plane, Plane, Plane]
"""Shade, first share, second share."""
Painter = Callable[[int, np.random.Generator], Planes]

SHADE_RANGE = 1.5
"""Shade is stored as uint8 in [0, SHADE_RANGE]."""

PAINTERS: dict[str, Painter] = {}


def painter(name: str) -> Callable[[Painter], Painter]:
    """Register a function ``(pixels, generator) -> shade, first, second`` as the painter of a tile."""

    def register(paint: Painter) -> Painter:
        PAINTERS[name] = paint
        return paint

    return register


@lru_cache(maxsize=160)
def tile(name: str, variant: int, pixels: int) -> tuple[NDArray[np.uint8], ...]:
    """Mip levels of a tile, finest first: uint8 arrays of pixels x pixels x 3 down to 8 x 8 x 3."""
    seed = [sum(map(ord, name)), variant]
    shade, first, second = PAINTERS[name](pixels, np.random.default_rng(seed))
    planes = np.stack([shade / (SHADE_RANGE * shade.mean()), first, second], axis=-1)
    level: NDArray[np.uint8] = (planes.clip(0, 1) * 255 + 0.5).astype(np.uint8)
    levels = [level]
    while level.shape[0] > 8:
        half = (level.shape[1] // 2, level.shape[0] // 2)
        level = cv2.resize(level, half, interpolation=cv2.INTER_AREA).astype(np.uint8)
        levels.append(level)
    return tuple(levels)


# --- ingredients -----------------------------------------------------------------------------------------


def noise(
    pixels: int, rng: np.random.Generator, rows: int, columns: int | None = None, octaves: int = 1
) -> Plane:
    """Periodic smooth noise, mean 0.5 and in about [0, 1], from a lattice of rows x columns values."""
    columns = columns or rows
    total, weight, weights = np.zeros((pixels, pixels), np.float32), 1.0, 0.0
    for _ in range(octaves):
        total += weight * _lattice(pixels, rng.random((rows, columns), dtype=np.float32))
        weights += weight
        rows, columns, weight = min(rows * 2, 512), min(columns * 2, 512), weight * 0.55
    return ((total / weights - 0.5) * (1 + 0.25 * (octaves - 1)) + 0.5).astype(np.float32)


def _lattice(pixels: int, values: Plane) -> Plane:
    rows, columns = values.shape
    wrapped = F.pad(torch.from_numpy(values)[None, None], (2, 2, 2, 2), mode="circular")
    margin = (2 * pixels // rows, 2 * pixels // columns)
    size = (pixels + 2 * margin[0], pixels + 2 * margin[1])
    smooth = F.interpolate(wrapped, size=size, mode="bicubic", align_corners=False)[0, 0]
    return smooth[margin[0] : margin[0] + pixels, margin[1] : margin[1] + pixels].numpy()


def grid(pixels: int) -> tuple[Plane, Plane]:
    """Coordinates u (right) and v (down) of the pixel centres in [0, 1)."""
    axis = (np.arange(pixels, dtype=np.float32) + 0.5) / pixels
    return np.broadcast_to(axis[None, :], (pixels, pixels)), np.broadcast_to(axis[:, None], (pixels, pixels))


def cells(
    pixels: int, rng: np.random.Generator, count: int, jitter: float = 0.9, warp: float = 0.0
) -> tuple[Plane, Plane, NDArray[np.int64]]:
    """Periodic Voronoi cells on a jittered grid: distance to the centre and to the edge, and the cell number.

    Distances are in units of the mean cell width.
    """
    corners = np.stack(np.meshgrid(np.arange(count), np.arange(count)), -1).reshape(-1, 2)
    centres = ((corners + 0.5 + jitter * (rng.random((count * count, 2)) - 0.5)) / count) % 1.0
    u, v = grid(pixels)
    if warp:
        u, v = u + warp * (noise(pixels, rng, 32) - 0.5), v + warp * (noise(pixels, rng, 32) - 0.5)
    points = np.stack([u, v], -1).reshape(-1, 2) % 1.0
    distance, index = cKDTree(centres, boxsize=1.0).query(points, k=2)
    distance = (distance * count).astype(np.float32).reshape(pixels, pixels, 2)
    return distance[..., 0], distance[..., 1] - distance[..., 0], index[:, 0].reshape(pixels, pixels)


def ramp(x: Plane, low: float, high: float) -> Plane:
    """0 below ``low``, 1 above ``high``, straight in between (high < low turns it round)."""
    return ((x - low) / (high - low)).clip(0, 1)


def strokes(
    pixels: int,
    rng: np.random.Generator,
    count: int,
    length: tuple[float, float],
    width: float,
    heading: tuple[float, float] = (0.0, 6.283),
) -> tuple[Plane, Plane]:
    """Short overlapping lines over the whole tile: brightness of the topmost one, and its random number."""
    canvas = np.zeros((pixels, pixels, 2), np.float32)
    starts, angles = rng.random((count, 2)) * pixels, rng.uniform(*heading, count)
    lengths, tones = rng.uniform(*length, count) * pixels, rng.random((count, 2))
    thickness = max(1, round(width * pixels))
    for start, angle, reach, tone in zip(starts, angles, lengths, tones, strict=True):
        end = start + reach * np.array([np.cos(angle), np.sin(angle)])
        for shift in product((-pixels, 0, pixels), repeat=2):
            low, high = np.minimum(start, end) + shift, np.maximum(start, end) + shift
            if (high > 0).all() and (low < pixels).all():
                ends = [tuple(int(x * 16) for x in point + shift) for point in (start, end)]
                cv2.line(canvas, ends[0], ends[1], tone.tolist(), thickness, cv2.LINE_AA, 4)
    return canvas[..., 0], canvas[..., 1]
