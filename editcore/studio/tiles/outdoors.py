"""The outdoors."""

from __future__ import annotations

import cv2
import numpy as np

from editcore.studio.textures import Planes, cells, grid, noise, painter, ramp, strokes


def _stones(pixels: int, rng: np.random.Generator, count: int, jitter: float, joint: float) -> Planes:
    centre, edge, number = cells(pixels, rng, count, jitter=jitter, warp=0.3 / count)
    kind, tones = rng.random(count**2)[number], rng.uniform(0.82, 1.16, count**2)[number]
    body = ramp(edge, joint, joint + 0.12)
    dome = 1.12 - 0.4 * ramp(centre, 0.15, 0.8)
    shade = tones * dome + 0.16 * (noise(pixels, rng, 128) - 0.5)
    second = body * (kind < 0.4)
    return (shade * body + 1 - body).astype(np.float32), body * (kind >= 0.4), second


@painter("cobblestone")
def cobblestone(pixels: int, rng: np.random.Generator) -> Planes:
    """Rounded setts with dark joints."""
    return _stones(pixels, rng, 10, 0.45, 0.1)


@painter("pebbles")
def pebbles(pixels: int, rng: np.random.Generator) -> Planes:
    """Beach stones of mixed tone."""
    return _stones(pixels, rng, 24, 0.95, 0.04)


@painter("grass")
def grass(pixels: int, rng: np.random.Generator) -> Planes:
    """Overlapping blades, some of them yellow."""
    tone, kind = strokes(pixels, rng, 9000, (0.012, 0.04), 0.004)
    patch = noise(pixels, rng, 8, octaves=3)
    shade = 0.5 + 0.75 * tone + 0.35 * (patch - 0.5)
    second = ramp(kind, 0.72, 0.8)
    return shade.astype(np.float32), 1 - second - ramp(tone, 0.18, 0.0) * (1 - second), second


@painter("moss")
def moss(pixels: int, rng: np.random.Generator) -> Planes:
    """Small cushions with speckle."""
    centre, _, _ = cells(pixels, rng, 20, jitter=1.0, warp=0.02)
    speck = noise(pixels, rng, 256)
    second = ramp(noise(pixels, rng, 16, octaves=3), 0.5, 0.8)
    shade = 1.25 - 0.55 * ramp(centre, 0.1, 0.85) + 0.5 * (speck - 0.5)
    return shade.astype(np.float32), 1 - second, second


@painter("sand")
def sand(pixels: int, rng: np.random.Generator) -> Planes:
    """Wind ripples and grain."""
    _, v = grid(pixels)
    bend = noise(pixels, rng, 4, octaves=3)
    ripple = np.sin(2 * np.pi * (v * 14 + 1.6 * bend))
    shade = 1 + 0.13 * ripple * (0.4 + noise(pixels, rng, 4)) + 0.28 * (noise(pixels, rng, 256) - 0.5)
    second = 0.5 * ramp(bend, 0.4, 0.9)
    return shade.astype(np.float32), 1 - second, second


@painter("snow")
def snow(pixels: int, rng: np.random.Generator) -> Planes:
    """Drifts with bluish hollows, sparkling."""
    height = noise(pixels, rng, 4, octaves=4)
    slope = np.roll(height, pixels // 64, 0) - np.roll(height, -pixels // 64, 0)
    second = (0.45 * ramp(height, 0.6, 0.15) + 1.6 * slope.clip(0, 1)).clip(0, 0.9)
    sparkle = ramp(noise(pixels, rng, 256), 0.85, 1.0)
    return (
        (1 + 0.05 * sparkle + 0.05 * (noise(pixels, rng, 128) - 0.5)).astype(np.float32),
        1 - second,
        second,
    )


@painter("soil")
def soil(pixels: int, rng: np.random.Generator) -> Planes:
    """Crumbs of all sizes."""
    centre, _, number = cells(pixels, rng, 44, jitter=1.0, warp=0.02)
    tone = rng.uniform(0.55, 1.4, 44 * 44)[number]
    shade = tone * (1.1 - 0.4 * ramp(centre, 0.2, 0.8)) + 0.6 * (noise(pixels, rng, 32, octaves=4) - 0.5)
    second = (rng.random(44 * 44)[number] < 0.12).astype(np.float32)
    return shade.astype(np.float32), 1 - second, second


@painter("leaves")
def leaves(pixels: int, rng: np.random.Generator) -> Planes:
    """Fallen leaves of three colours, overlapping."""
    canvas = np.zeros((pixels, pixels, 3), np.float32)
    canvas[...] = (0.35, 0.0, 1.0)
    for _ in range(900):
        x, y = rng.random(2) * pixels
        long, heading, tone = rng.uniform(0.022, 0.042) * pixels, rng.uniform(0, 360), rng.uniform(0.75, 1.25)
        ink = ((tone, 1.0, 0.0), (tone, 0.0, 1.0), (tone, 0.0, 0.0))[rng.integers(3)]
        for dx in (-pixels, 0, pixels):
            for dy in (-pixels, 0, pixels):
                box = ((x + dx, y + dy), (2 * long, 1.1 * long), heading)
                cv2.ellipse(canvas, box, ink, -1, cv2.LINE_AA)
                rib = long * np.array([np.cos(np.radians(heading)), np.sin(np.radians(heading))])
                ends = [(int(x + dx + s * rib[0]), int(y + dy + s * rib[1])) for s in (-1, 1.3)]
                cv2.line(canvas, ends[0], ends[1], (tone * 0.6, *ink[1:]), max(1, pixels // 400), cv2.LINE_AA)
    return canvas[..., 0], canvas[..., 1], canvas[..., 2]


@painter("water")
def water(pixels: int, rng: np.random.Generator) -> Planes:
    """Interfering ripples with bright crests."""
    a, b = noise(pixels, rng, 16, 8, octaves=3), noise(pixels, rng, 16, 8, octaves=3)
    crest = ramp(np.abs(a - b), 0.12, 0.0)
    second = (0.75 * crest**2).clip(0, 1)
    third = ramp(a, 0.6, 0.3) * (1 - second) * 0.6
    return np.ones_like(a), 1 - second - third, second
