"""Woods, wicker and cork."""

from __future__ import annotations

import numpy as np

from editcore.studio.textures import Plane, Planes, cells, grid, noise, painter, ramp


def _grain(pixels: int, rng: np.random.Generator, across: Plane, boards: int) -> Plane:
    """Share of dark late wood along v; ``across`` numbers the boards, each with its own rings."""
    u, _ = grid(pixels)
    shift = rng.random(boards)[across.astype(int) % boards]
    bend = noise(pixels, rng, 4, 16) + 0.35 * noise(pixels, rng, 8, 64)
    rings = 0.5 + 0.5 * np.sin(2 * np.pi * (u * boards * 3.2 + 5 * shift + 2.2 * bend))
    pores = noise(pixels, rng, 16, 256)
    return (
        0.45 * rings**1.6 + 0.75 * ramp(pores, 0.45, 1.0) + 0.25 * noise(pixels, rng, 8, 128) - 0.12
    ).clip(0, 1)


def _boards(pixels: int, rng: np.random.Generator, boards: int, gap: float) -> Planes:
    u, v = grid(pixels)
    across = np.floor(u * boards)
    start = rng.random(boards)[across.astype(int)]
    along = np.floor((v + start) * 2) % 2  # a board goes on across the tile's border
    tone = rng.uniform(0.86, 1.12, (boards, 4))[across.astype(int), along.astype(int)]
    edge = np.minimum((u * boards) % 1, 1 - (u * boards) % 1) / boards
    butt = np.minimum(((v + start) * 2) % 1, 1 - ((v + start) * 2) % 1) / 2
    slot = ramp(np.minimum(edge, butt), gap, gap * 0.4) if gap else np.zeros_like(u)
    dark = _grain(pixels, rng, across + boards * along, boards * 4)
    return (tone * (1 - 0.25 * slot)).astype(np.float32), (1 - dark) * (1 - slot), dark * (1 - slot)


@painter("planks")
def planks(pixels: int, rng: np.random.Generator) -> Planes:
    """Six boards with dark gaps."""
    return _boards(pixels, rng, boards=6, gap=0.006)


@painter("table top")
def table_top(pixels: int, rng: np.random.Generator) -> Planes:
    """Wide glued boards, hairline joints."""
    shade, first, second = _boards(pixels, rng, boards=4, gap=0.0025)
    return 1 + 0.6 * (shade - 1), first, second


@painter("painted planks")
def painted_planks(pixels: int, rng: np.random.Generator) -> Planes:
    """Boards under paint: little grain, clear gaps."""
    shade, first, second = _boards(pixels, rng, boards=6, gap=0.008)
    slot = 1 - first - second
    return (1 + 0.3 * (shade - 1)) * (1 - 0.14 * second), 1 - slot, np.zeros_like(first)


@painter("parquet")
def parquet(pixels: int, rng: np.random.Generator) -> Planes:
    """Herringbone: blocks of 1 x 4 in alternating directions."""
    u, v = grid(pixels)
    n, long = 16, 4
    x, y = u * n, v * n
    i, j = np.floor(x).astype(int), np.floor(y).astype(int)
    phase = (i - j) % (2 * long)
    flat = phase < long  # blocks that lie along u
    along = np.where(flat, phase + x % 1, (2 * long - 1 - phase) + y % 1)
    side = np.where(flat, y % 1, x % 1)
    first = (
        np.where(flat, i - phase, j - (2 * long - 1 - phase)) % n
    )  # a block goes on across the tile's border
    number = np.where(flat, first * 31 + j * 17, i * 13 + first * 29) % 97
    border = np.minimum(np.minimum(side, 1 - side), np.minimum(along, long - along))
    slot = ramp(border, 0.06, 0.02)
    streak = np.where(flat, noise(pixels, rng, 256, 16), noise(pixels, rng, 16, 256))
    dark = (0.15 + 0.8 * ramp(streak, 0.35, 1.0)).clip(0, 1)
    tone = rng.uniform(0.8, 1.15, 97)[number]
    return tone.astype(np.float32), (1 - dark) * (1 - slot), dark * (1 - slot)


@painter("wicker")
def wicker(pixels: int, rng: np.random.Generator) -> Planes:
    """Strands over and under upright stakes."""
    u, v = grid(pixels)
    column, row = np.floor(u * 10), np.floor(v * 24)
    over = ((column + row) % 2) * 2 - 1
    bulge = np.cos(np.pi * ((u * 10) % 1 - 0.5)) * over
    strand = np.sin(np.pi * ((v * 24) % 1))
    tone = rng.uniform(0.9, 1.1, 24)[row.astype(int)]
    shade = tone * (0.55 + 0.45 * strand**0.7 + 0.34 * bulge * strand)
    return shade.astype(np.float32), np.ones_like(u), np.zeros_like(u)


@painter("cork")
def cork(pixels: int, rng: np.random.Generator) -> Planes:
    """Granules with dark specks."""
    _, edge, number = cells(pixels, rng, 48, jitter=1.0, warp=0.015)
    kind, tone = rng.random(48 * 48)[number], rng.uniform(0.84, 1.14, 48 * 48)[number]
    third = (kind < 0.1) * ramp(edge, 0.05, 0.15) + 0.35 * ramp(edge, 0.08, 0.0)
    second = (kind > 0.7).astype(np.float32) * (1 - third)
    shade = tone + 0.2 * (noise(pixels, rng, 128) - 0.5)
    return shade.astype(np.float32), (1 - second - third).clip(0, 1), second
