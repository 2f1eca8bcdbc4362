"""Stone, plaster, clay, metal, paper."""

from __future__ import annotations

import numpy as np

from editcore.studio.textures import Planes, cells, grid, noise, painter, ramp


@painter("marble")
def marble(pixels: int, rng: np.random.Generator) -> Planes:
    """Warped veins of two widths over a cloudy ground."""
    cloud, warp = noise(pixels, rng, 4, octaves=5), noise(pixels, rng, 2, octaves=6)
    veins = np.zeros_like(cloud)
    for rows, width, strength in ((2, 0.022, 1.0), (4, 0.012, 0.6), (8, 0.012, 0.3)):
        ridge = np.abs(noise(pixels, rng, rows, octaves=6) + 0.35 * (warp - 0.5) - 0.5)
        veins = np.maximum(veins, strength * ramp(ridge, width * 2, 0.0) * (0.35 + 0.9 * cloud))
        veins = np.maximum(veins, 0.35 * strength * ramp(ridge, width * 6, 0.0))
    veins = veins.clip(0, 1)
    haze = (0.5 * ramp(cloud, 0.45, 1.0)) * (1 - veins)
    return np.ones_like(cloud), 1 - veins - haze, veins


@painter("travertine")
def travertine(pixels: int, rng: np.random.Generator) -> Planes:
    """Wavy bands across u with small pits."""
    _, v = grid(pixels)
    bands = 0.5 + 0.5 * np.sin(2 * np.pi * (v * 7 + 1.4 * noise(pixels, rng, 8, 2, octaves=4)))
    pits = ramp(noise(pixels, rng, 128, 32), 0.82, 0.95)
    second = (0.55 * bands * noise(pixels, rng, 16, 4, octaves=3) * 1.4).clip(0, 1)
    return 1 - 0.12 * pits, (1 - second) * (1 - 0.7 * pits), second * (1 - 0.7 * pits)


@painter("terrazzo")
def terrazzo(pixels: int, rng: np.random.Generator) -> Planes:
    """Angular chips of two colours in a plain ground."""
    centre, edge, number = cells(pixels, rng, 26, jitter=1.0, warp=0.01)
    _, small_edge, small_number = cells(pixels, rng, 64, jitter=1.0)
    kind, kind_small = rng.random(26 * 26)[number], rng.random(64 * 64)[small_number]
    chip = ramp(edge, 0.14, 0.2) * ramp(centre, 0.62, 0.52)
    grit = ramp(small_edge, 0.2, 0.3) * (1 - chip)
    second = chip * (kind < 0.36) + grit * (kind_small < 0.1)
    third = chip * ((kind >= 0.36) & (kind < 0.68)) + grit * (kind_small > 0.9)
    tone = 1 + (kind - 0.5) * 0.3 * chip
    return tone.astype(np.float32), (1 - second - third).clip(0, 1), second.clip(0, 1)


@painter("granite")
def granite(pixels: int, rng: np.random.Generator) -> Planes:
    """Fine crystals of three tones."""
    _, _, number = cells(pixels, rng, 96, jitter=1.0)
    cluster = 0.45 * (noise(pixels, rng, 16, octaves=3) - 0.5)
    kind = rng.random(96 * 96)[number] + cluster
    tone = 1 + 0.2 * (rng.random(96 * 96)[number] - 0.5)
    return (
        tone.astype(np.float32),
        (kind < 0.5).astype(np.float32),
        ((kind >= 0.5) & (kind < 0.78)).astype(np.float32),
    )


@painter("slate")
def slate(pixels: int, rng: np.random.Generator) -> Planes:
    """Cleft layers: steps of a slow noise, with bright edges."""
    height = noise(pixels, rng, 4, 8, octaves=6) * 7
    step = height - np.floor(height)
    edge = ramp(step, 0.16, 0.0)
    tone = 0.86 + 0.05 * (np.floor(height) % 4) + 0.16 * (noise(pixels, rng, 64, octaves=3) - 0.5)
    second = (0.75 * edge * noise(pixels, rng, 16)).clip(0, 1)
    return tone.astype(np.float32), 1 - second, second


@painter("concrete")
def concrete(pixels: int, rng: np.random.Generator) -> Planes:
    """Clouds, fine grain and pores."""
    cloud = noise(pixels, rng, 4, octaves=6)
    grain = noise(pixels, rng, 256)
    pores = ramp(noise(pixels, rng, 128), 0.88, 0.98)
    second = (0.9 * ramp(cloud, 0.35, 0.85)).clip(0, 1)
    shade = 1.02 + 0.22 * (cloud - 0.5) + 0.14 * (grain - 0.5) - 0.3 * pores
    return shade, 1 - second, second


@painter("plaster")
def plaster(pixels: int, rng: np.random.Generator) -> Planes:
    """Trowel marks lit from one side."""
    height = noise(pixels, rng, 8, 16, octaves=5)
    step = pixels // 256
    slope = np.roll(height, step, 1) - np.roll(height, -step, 1)
    shade = 1 + 0.8 * slope + 0.12 * (noise(pixels, rng, 4) - 0.5)
    return shade.astype(np.float32), np.ones_like(height), np.zeros_like(height)


@painter("clay")
def clay(pixels: int, rng: np.random.Generator) -> Planes:
    """Unglazed pottery: throwing rings, dust and grit."""
    rings, dust = noise(pixels, rng, 64, 2), noise(pixels, rng, 8, octaves=4)
    grit = ramp(noise(pixels, rng, 128), 0.85, 0.97)
    shade = 1 + 0.2 * (rings - 0.5) + 0.2 * (dust - 0.5) - 0.22 * grit
    return shade.astype(np.float32), np.ones_like(dust), np.zeros_like(dust)


@painter("brushed")
def brushed(pixels: int, rng: np.random.Generator) -> Planes:
    """Fine straight scratches along u."""
    lines = noise(pixels, rng, 256, 8) + 0.6 * noise(pixels, rng, 512, 16)
    second = (0.8 * noise(pixels, rng, 2, 4)).clip(0, 1)
    return (1 + 0.34 * (lines / 1.6 - 0.5)).astype(np.float32), 1 - second, second


@painter("smooth")
def smooth(pixels: int, rng: np.random.Generator) -> Planes:
    """No structure but the faintest cloud: glass, paper, painted walls."""
    cloud = noise(pixels, rng, 4)
    return 1 + 0.02 * (cloud - 0.5), np.ones_like(cloud), np.zeros_like(cloud)


@painter("paper")
def paper(pixels: int, rng: np.random.Generator) -> Planes:
    """Fibres and a faint grain."""
    grain = noise(pixels, rng, 256) + noise(pixels, rng, 64, 128)
    return (1 + 0.09 * (grain - 1)).astype(np.float32), np.ones_like(grain), np.zeros_like(grain)
