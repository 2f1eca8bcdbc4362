"""The painters of the texture tiles: woods, stones, cloths, bricks and the outdoors.

Each returns shade, first and second share (see ``textures``); one tile spans about 2.4 object units.
"""

from __future__ import annotations

import numpy as np

from editcore.studio.textures import Plane, cells, grid, noise, painter, ramp, strokes

Planes = tuple[Plane, Plane, Plane]


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
    along = np.floor((v + start) * 2)
    tone = rng.uniform(0.86, 1.12, (boards, 4))[across.astype(int), along.astype(int) % 4]
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
    number = np.where(flat, (i - phase) * 31 + j * 17, i * 13 + (j - (2 * long - 1 - phase)) * 29) % 97
    border = np.minimum(np.minimum(side, 1 - side), np.minimum(along, long - along))
    slot = ramp(border, 0.06, 0.02)
    streak = np.where(flat, noise(pixels, rng, 256, 16), noise(pixels, rng, 16, 256))
    dark = (0.15 + 0.8 * ramp(streak, 0.35, 1.0)).clip(0, 1)
    tone = rng.uniform(0.8, 1.15, 97)[number]
    return tone.astype(np.float32), (1 - dark) * (1 - slot), dark * (1 - slot)


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
    import cv2

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


@painter("brushed")
def brushed(pixels: int, rng: np.random.Generator) -> Planes:
    """Fine straight scratches along u."""
    lines = noise(pixels, rng, 256, 8) + 0.6 * noise(pixels, rng, 512, 16)
    second = (0.8 * noise(pixels, rng, 2, 4)).clip(0, 1)
    return (1 + 0.34 * (lines / 1.6 - 0.5)).astype(np.float32), 1 - second, second


@painter("cork")
def cork(pixels: int, rng: np.random.Generator) -> Planes:
    """Granules with dark specks."""
    _, edge, number = cells(pixels, rng, 48, jitter=1.0, warp=0.015)
    kind, tone = rng.random(48 * 48)[number], rng.uniform(0.84, 1.14, 48 * 48)[number]
    third = (kind < 0.1) * ramp(edge, 0.05, 0.15) + 0.35 * ramp(edge, 0.08, 0.0)
    second = (kind > 0.7).astype(np.float32) * (1 - third)
    shade = tone + 0.2 * (noise(pixels, rng, 128) - 0.5)
    return shade.astype(np.float32), (1 - second - third).clip(0, 1), second


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


@painter("pile")
def pile(pixels: int, rng: np.random.Generator) -> Planes:
    """Brushed velvet pile: faint strokes and patches."""
    patches, hairs = noise(pixels, rng, 4, octaves=3), noise(pixels, rng, 256, 128)
    shade = 1 + 0.22 * (patches - 0.5) + 0.14 * (hairs - 0.5)
    return shade.astype(np.float32), np.ones_like(patches), np.zeros_like(patches)


@painter("clay")
def clay(pixels: int, rng: np.random.Generator) -> Planes:
    """Unglazed pottery: throwing rings, dust and grit."""
    rings, dust = noise(pixels, rng, 64, 2), noise(pixels, rng, 8, octaves=4)
    grit = ramp(noise(pixels, rng, 128), 0.85, 0.97)
    shade = 1 + 0.2 * (rings - 0.5) + 0.2 * (dust - 0.5) - 0.22 * grit
    return shade.astype(np.float32), np.ones_like(dust), np.zeros_like(dust)
