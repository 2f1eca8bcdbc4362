"""Cloth, carpets and leather."""

from __future__ import annotations

import numpy as np

from editcore.studio.textures import Plane, Planes, cells, grid, noise, painter, ramp, strokes


def _threads(pixels: int, rng: np.random.Generator, count: int, depth: float) -> Plane:
    """Shade of a plain weave of count x count threads with uneven thickness."""
    u, v = grid(pixels)
    slub_u, slub_v = noise(pixels, rng, 8, 128), noise(pixels, rng, 128, 8)
    warp, weft = np.sin(np.pi * u * count) ** 2, np.sin(np.pi * v * count) ** 2
    over = ((np.floor(u * count) + np.floor(v * count)) % 2).astype(np.float32)
    weave = over * warp * (0.6 + 0.8 * slub_u) + (1 - over) * weft * (0.6 + 0.8 * slub_v)
    return 1 + depth * (weave - 0.5) + 0.5 * depth * (slub_u + slub_v - 1)


def _folds(pixels: int, rng: np.random.Generator, depth: float) -> Plane:
    height = noise(pixels, rng, 2, 4, octaves=3)
    return depth * (pixels / 512) * (np.roll(height, 1, 1) - np.roll(height, -1, 1))


@painter("linen")
def linen(pixels: int, rng: np.random.Generator) -> Planes:
    """Coarse weave, soft folds."""
    shade = _threads(pixels, rng, 96, 0.42) + _folds(pixels, rng, 6.0)
    return shade.astype(np.float32), np.ones_like(shade), np.zeros_like(shade)


@painter("cotton")
def cotton(pixels: int, rng: np.random.Generator) -> Planes:
    """Fine weave, clear folds."""
    shade = _threads(pixels, rng, 128, 0.2) + _folds(pixels, rng, 3.0)
    return shade.astype(np.float32), np.ones_like(shade), np.zeros_like(shade)


@painter("velvet")
def velvet(pixels: int, rng: np.random.Generator) -> Planes:
    """Crushed pile: broad light and dark patches."""
    shade = 0.95 + 0.5 * (noise(pixels, rng, 4, 8, octaves=4) - 0.5) + _folds(pixels, rng, 10.0)
    return shade.astype(np.float32), np.ones_like(shade), np.zeros_like(shade)


@painter("gingham")
def gingham(pixels: int, rng: np.random.Generator) -> Planes:
    """Checked cloth: full, half and no colour."""
    u, v = grid(pixels)
    soft = lambda x: ramp(np.abs((x * 8) % 1 - 0.5), 0.26, 0.24)  # noqa: E731
    first = 0.5 * soft(u) + 0.5 * soft(v)
    return (_threads(pixels, rng, 128, 0.1) + _folds(pixels, rng, 8.0)).astype(np.float32), first, 1 - first


@painter("carpet")
def carpet(pixels: int, rng: np.random.Generator) -> Planes:
    """Short dense loops in rows."""
    centre, _, number = cells(pixels, rng, 72, jitter=0.5)
    tone = rng.uniform(0.86, 1.14, 72 * 72)[number]
    shade = tone * (1.16 - 0.5 * ramp(centre, 0.1, 0.75)) + 0.18 * (noise(pixels, rng, 8) - 0.5)
    return shade.astype(np.float32), np.ones_like(shade), np.zeros_like(shade)


@painter("rug")
def rug(pixels: int, rng: np.random.Generator) -> Planes:
    """Flat-woven bands with rows of diamonds."""
    u, v = grid(pixels)
    band = (v * 6) % 1
    diamond = np.abs((u * 12) % 1 - 0.5) * 2 + np.abs(band - 0.5) * 4
    second = np.maximum(
        ramp(diamond, 0.98, 0.9) * (1 - ramp(diamond, 0.5, 0.42)), ramp(np.abs(band - 0.5), 0.36, 0.38)
    )
    second = second * (1 - ramp(np.abs(band - 0.5), 0.44, 0.46))
    third = ramp(diamond, 0.3, 0.24)
    return _threads(pixels, rng, 128, 0.3).astype(np.float32), (1 - second - third).clip(0, 1), second


@painter("fur")
def fur(pixels: int, rng: np.random.Generator) -> Planes:
    """Long overlapping locks."""
    tone, _ = strokes(pixels, rng, 5200, (0.03, 0.08), 0.006, (0.6, 2.4))
    clump = noise(pixels, rng, 16, octaves=3)
    shade = 0.62 + 0.42 * tone + 0.34 * (clump - 0.3)
    return shade.astype(np.float32), np.ones_like(shade), np.zeros_like(shade)


@painter("leather")
def leather(pixels: int, rng: np.random.Generator) -> Planes:
    """Pebbled grain with creases."""
    _, edge, _ = cells(pixels, rng, 56, jitter=1.0, warp=0.01)
    shade = 1.06 - 0.4 * ramp(edge, 0.28, 0.0) + 0.16 * (noise(pixels, rng, 4, octaves=3) - 0.5)
    return shade.astype(np.float32), np.ones_like(shade), np.zeros_like(shade)


@painter("weave")
def weave(pixels: int, rng: np.random.Generator) -> Planes:
    """Upholstery: a clear basket weave of 28 threads."""
    shade = _threads(pixels, rng, 28, 0.42)
    return shade.astype(np.float32), np.ones_like(shade), np.zeros_like(shade)


@painter("knit")
def knit(pixels: int, rng: np.random.Generator) -> Planes:
    """Stocking stitch: columns of V."""
    u, v = grid(pixels)
    x = (u * 14) % 1
    slant = np.where(x < 0.5, x, 1 - x)
    stitch = (v * 20 + 1.1 * slant) % 1
    shade = 1.12 - 0.5 * ramp(np.abs(stitch - 0.5), 0.22, 0.5) - 0.4 * ramp(slant, 0.1, 0.0)
    return (
        (shade + 0.1 * (noise(pixels, rng, 64) - 0.5)).astype(np.float32),
        np.ones_like(u),
        np.zeros_like(u),
    )


@painter("denim")
def denim(pixels: int, rng: np.random.Generator) -> Planes:
    """Diagonal twill with pale weft and worn patches."""
    u, v = grid(pixels)
    twill = 0.5 + 0.5 * np.sin(2 * np.pi * (u * 40 + v * 40))
    shade = (
        0.86
        + 0.3 * twill * (0.5 + noise(pixels, rng, 32, 256))
        + 0.25 * (noise(pixels, rng, 4, octaves=3) - 0.5)
    )
    return shade.astype(np.float32), np.ones_like(u), np.zeros_like(u)


@painter("pile")
def pile(pixels: int, rng: np.random.Generator) -> Planes:
    """Brushed velvet pile: faint strokes and patches."""
    patches, hairs = noise(pixels, rng, 4, octaves=3), noise(pixels, rng, 256, 128)
    shade = 1 + 0.22 * (patches - 0.5) + 0.14 * (hairs - 0.5)
    return shade.astype(np.float32), np.ones_like(patches), np.zeros_like(patches)
