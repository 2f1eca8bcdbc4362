"""Tiles, bricks and panels."""

from __future__ import annotations

import numpy as np

from editcore.studio.textures import Plane, Planes, grid, noise, painter, ramp


def _joints(
    u: Plane, v: Plane, columns: int, rows: int, gap: float, stagger: float = 0.0
) -> tuple[Plane, Plane]:
    """Joint share and number of each brick; ``gap`` in units of the tile."""
    row = np.floor(v * rows)
    x = u * columns + stagger * (row % 2)
    near = np.minimum(
        np.minimum(x % 1, 1 - x % 1) / columns, np.minimum((v * rows) % 1, 1 - (v * rows) % 1) / rows
    )
    return ramp(near, gap, gap * 0.6), (np.floor(x) % columns) + columns * row


def _laid(
    pixels: int, rng: np.random.Generator, columns: int, rows: int, gap: float, stagger: float, spread: float
) -> tuple[Plane, Plane, Plane]:
    u, v = grid(pixels)
    joint, number = _joints(u, v, columns, rows, gap, stagger)
    tone = 1 + spread * (rng.random(columns * rows)[number.astype(int)] - 0.5)
    return joint, tone.astype(np.float32), number


@painter("tiles")
def tiles(pixels: int, rng: np.random.Generator) -> Planes:
    """Square glazed tiles, joints in the third colour."""
    joint, tone, _ = _laid(pixels, rng, 6, 6, 0.006, 0.0, 0.1)
    return tone + 0.06 * (noise(pixels, rng, 8) - 0.5), 1 - joint, np.zeros_like(joint)


@painter("wall tiles")
def wall_tiles(pixels: int, rng: np.random.Generator) -> Planes:
    """Metro tiles, half-lapped."""
    joint, tone, _ = _laid(pixels, rng, 6, 12, 0.004, 0.5, 0.08)
    return tone + 0.05 * (noise(pixels, rng, 8) - 0.5), 1 - joint, np.zeros_like(joint)


@painter("checker")
def checker(pixels: int, rng: np.random.Generator) -> Planes:
    """Chessboard of 6 x 6 tiles, hairline joints."""
    joint, tone, number = _laid(pixels, rng, 6, 6, 0.002, 0.0, 0.06)
    odd = ((number % 6 + number // 6) % 2).astype(np.float32)
    cloud = 0.12 * (noise(pixels, rng, 8, octaves=4) - 0.5)
    return tone + cloud - 0.2 * joint, 1 - odd, odd


@painter("bricks")
def bricks(pixels: int, rng: np.random.Generator) -> Planes:
    """Rough bricks in running bond, mortar in the third colour."""
    u, v = grid(pixels)
    wobble = 0.006 * (noise(pixels, rng, 32, octaves=2) - 0.5)
    joint, number = _joints(u + wobble, v + wobble, 4, 12, 0.009, 0.5)
    tone = 1 + 0.45 * (rng.random(64)[number.astype(int) % 64] - 0.5)
    shade = tone + 0.35 * (noise(pixels, rng, 64, octaves=3) - 0.5)
    dark = (rng.random(64)[number.astype(int) % 64] < 0.25) * 0.6 * (1 - joint)
    return (shade * (1 - joint) + joint).astype(np.float32), (1 - joint - dark).clip(0, 1), dark


@painter("panels")
def panels(pixels: int, rng: np.random.Generator) -> Planes:
    """Wainscot: raised frames with a light and a dark edge."""
    u, v = grid(pixels)
    x, y = np.abs((u * 4) % 1 - 0.5), np.abs((v * 2) % 1 - 0.5)
    frame = np.maximum(x - 0.36, (y - 0.4) * 2)
    bevel = ramp(np.abs(frame), 0.035, 0.015)
    side = np.where((u * 4) % 1 - 0.5 + (v * 2) % 1 - 0.5 > 0, 1.0, -1.0)
    shade = 1 + 0.16 * bevel * side - 0.04 * (frame < 0)
    return shade.astype(np.float32), np.ones_like(x), np.zeros_like(x)
