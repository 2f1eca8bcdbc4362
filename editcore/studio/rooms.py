"""Paints scenes: seamless studio sweeps, and floors in perspective with a wall behind them."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from editcore.studio import tiles  # noqa: F401  registers the painters
from editcore.studio.gbuffer import Camera
from editcore.studio.perspective import TAN_HALF_FOV, Array, Perspective
from editcore.studio.setting import Scene
from editcore.studio.surfaces import RGB, SURFACE_TABLE, WALL_TABLE, Surface
from editcore.studio.textures import SHADE_RANGE, tile
from editcore.studio.vocabulary import OUTDOOR_SURFACES, Tone

SUBROWS = 3
"""Samples per pixel row: floors shrink faster in depth than across, and one mip level serves both."""
VARIANTS = 3
"""Tiles painted per texture."""
LIGHT: dict[str, tuple[RGB, float]] = {
    "": ((1.0, 1.0, 1.0), 0.0),
    "warm": ((1.06, 0.99, 0.86), 0.0),
    "cool": ((0.90, 0.99, 1.08), 0.0),
    "bright": ((1.05, 1.05, 1.05), 0.12),
    "dark": ((0.48, 0.48, 0.48), 0.0),
    "light": ((1.0, 1.0, 1.0), 0.45),
}
"""Multiplier and wash towards white of each style."""


def paint(scenes: Sequence[Scene], camera: Camera, size: int) -> Tensor:
    """Paint one background per camera: float32 (B, 3, size, size) in [0, 1].

    The same scene painted at another size is the same picture, only sharper.
    """
    pictures = [_paint_one(scene, Perspective.of(camera, i), size) for i, scene in enumerate(scenes)]
    return torch.from_numpy(np.stack(pictures)).permute(0, 3, 1, 2).contiguous()


def paint_floor(scene: Scene, camera: Camera, size: int, first: int = 0) -> Array:
    """The floor alone, as if it had no end: rows ``first``.. of a ``size`` px square, (size - first, size, 3).

    In the scene's style, without wall, pool of light or blur; float32, about [0, 1] but not clipped. Camera 0 of
    ``camera``. Rows above the horizon repeat the farthest floor row.
    """
    view, layout = Perspective.of(camera, 0), _Layout.of(scene)
    start = min(max(first, math.ceil(view.row_of_floor(-40.0, size))), size - 1)
    rows = _floor(scene, layout, view, size, start) * np.array(LIGHT[scene.style][0], np.float32)
    return np.concatenate([np.repeat(rows[:1], start - first, 0), rows])


@dataclass(frozen=True)
class _Layout:
    """What a scene's seed settles."""

    variant: int
    turn: float
    scale: float
    offset: tuple[float, float]
    wall_z: float
    brightness: float
    pool: tuple[float, float, float]
    """Centre (x, y in [-1, 1]) and strength of the pool of light."""
    tile_choice: float

    @staticmethod
    def of(scene: Scene) -> _Layout:
        rng = random.Random(scene.seed)
        turn = rng.choice((0.0, math.pi / 2, rng.uniform(-0.6, 0.6), math.pi / 2 + rng.uniform(-0.4, 0.4)))
        outdoor = scene.surface in OUTDOOR_SURFACES
        return _Layout(
            variant=rng.randrange(VARIANTS),
            turn=turn,
            scale=rng.uniform(0.85, 1.2),
            offset=(rng.random(), rng.random()),
            wall_z=-rng.uniform(8.0, 16.0) if outdoor else -rng.uniform(1.3, 4.0),
            brightness=rng.uniform(0.97, 1.05),
            pool=(rng.uniform(-0.5, 0.5), rng.uniform(-0.6, 0.2), rng.uniform(0.02, 0.12)),
            tile_choice=rng.random(),
        )


def _paint_one(scene: Scene, view: Perspective, size: int) -> Array:
    layout = _Layout.of(scene)
    picture = _sweep(scene, layout, size) if scene.setting == "studio" else _room(scene, layout, view, size)
    x, y, strength = layout.pool
    axis = (np.arange(size, dtype=np.float32) + 0.5) * (2 / size) - 1
    light = (layout.brightness * (1.03 - strength * (axis[:, None] - y) ** 2))[..., None] - (
        strength * (axis[None, :, None] - x) ** 2
    )
    tint, wash = LIGHT[scene.style]
    picture *= light * np.array(tint, np.float32)
    if wash:
        picture += wash * (1 - picture)
    return np.clip(picture, 0, 1, out=picture)


def _rgb(tone: Tone) -> RGB:
    return (tone.rgb[0] / 255, tone.rgb[1] / 255, tone.rgb[2] / 255)


def _sweep(scene: Scene, layout: _Layout, size: int) -> Array:
    """Paper rolled from the wall on to the floor: two nearly equal tones and a soft bend."""
    rng = random.Random(scene.seed + 1)
    assert scene.colour is not None
    axis = (np.arange(size, dtype=np.float32) + 0.5) * (2 / size) - 1
    bend, softness = rng.uniform(-0.5, 0.25), rng.uniform(3, 14)
    top, bottom = rng.uniform(0.9, 1.02), rng.uniform(0.95, 1.05)
    shade = top + (bottom - top) / (1 + np.exp(-(axis - bend) * softness))
    picture = np.empty((size, size, 3), np.float32)
    picture[:] = shade[:, None, None] * np.array(_rgb(scene.colour), np.float32)
    return picture


def _room(scene: Scene, layout: _Layout, view: Perspective, size: int) -> Array:
    """Floor below, wall above; the row they share is mixed by area."""
    edge = float(np.clip(view.row_of_floor(layout.wall_z, size), 0, size))
    picture = np.empty((size, size, 3), np.float32)
    if edge < size:
        picture[int(edge) :] = _floor(scene, layout, view, size, int(edge))
    if edge > 0:
        wall = _wall(scene, layout, view, size, math.ceil(edge))
        picture[: int(edge)] = wall[: int(edge)]
        if edge % 1:
            share = edge % 1
            picture[int(edge)] = share * wall[int(edge)] + (1 - share) * picture[int(edge)]
    return _depth_of_field(picture, scene.blur, edge, size)


def _depth_of_field(picture: Array, blur: float, edge: float, size: int) -> Array:
    if blur < 0.05:
        return picture
    soft = cv2.GaussianBlur(picture, (0, 0), blur * size / 50, borderType=cv2.BORDER_REPLICATE)
    rows = np.arange(size, dtype=np.float32)
    share = np.clip((edge + 0.22 * size - rows) / (0.22 * size), 0, 1)[:, None, None]
    return picture + share * (soft - picture)


def _floor(scene: Scene, layout: _Layout, view: Perspective, size: int, first: int) -> Array:
    surface = SURFACE_TABLE[scene.surface]
    ray_y, ray_z = view.rays(first, size, SUBROWS)
    reach = np.where(ray_y < -1e-3, -view.eye_y / np.minimum(ray_y, -1e-3), 1e3)
    depth = view.eye_z + reach * ray_z
    across = _columns(size)
    cos, sin = math.cos(layout.turn), math.sin(layout.turn)
    scale = layout.scale / surface.width
    u = (cos * scale) * (reach[:, None] * across) + (layout.offset[0] - sin * scale * depth)[:, None]
    v = (sin * scale) * (reach[:, None] * across) + (layout.offset[1] + cos * scale * depth)[:, None]
    pixel = 2 * TAN_HALF_FOV / size
    along = np.abs(np.gradient(depth)) if len(depth) > 1 else reach * pixel
    footprint = (np.maximum(reach * pixel, along) * scale).astype(np.float32)
    rows = _textured(surface, scene, layout, u, v, footprint, size)
    if surface.gloss:
        _reflect_wall(rows, scene, surface.gloss, ray_y[1::SUBROWS], ray_z[1::SUBROWS])
    if scene.surface in OUTDOOR_SURFACES:
        haze = (1 - np.exp(-np.maximum(reach[1::SUBROWS] - 6, 0) / 12))[:, None, None]
        rows += haze * (np.array(_rgb(scene.wall), np.float32) - rows)
    return rows


def _reflect_wall(rows: Array, scene: Scene, gloss: float, ray_y: Array, ray_z: Array) -> None:
    """Schlick's approximation: a glossy floor takes the wall's colour at grazing angles."""
    facing = -ray_y / np.hypot(ray_y, ray_z)
    share = gloss * (0.12 + 0.88 * (1 - facing.clip(0, 1)) ** 3)
    rows += share[:, None, None] * (np.array(_rgb(scene.wall), np.float32) - rows)


def _wall(scene: Scene, layout: _Layout, view: Perspective, size: int, rows: int) -> Array:
    ray_y, ray_z = view.rays(0, size, SUBROWS)
    ray_y, ray_z = ray_y[: rows * SUBROWS], ray_z[: rows * SUBROWS]
    reach = (layout.wall_z - view.eye_z) / ray_z
    height = view.eye_y + reach * ray_y
    if scene.surface in OUTDOOR_SURFACES:
        return _sky(scene, height[1::SUBROWS], size)
    surface = WALL_TABLE[scene.wall_finish]
    scale = layout.scale / surface.width
    u = scale * reach[:, None] * _columns(size) + layout.offset[0]
    v = np.broadcast_to((-scale * height)[:, None], u.shape)
    footprint = reach * (2 * TAN_HALF_FOV / size) * scale
    dyed = replace(scene, colour=scene.wall, second=None)
    picture = _textured(surface, dyed, layout, u, v, footprint, size)
    # Less light reaches the foot of the wall.
    foot = 1 - 0.14 * np.exp(-height[1::SUBROWS].clip(0) / 0.25)
    return (picture * foot[:, None, None]).astype(np.float32)


def _sky(scene: Scene, height: Array, size: int) -> Array:
    """Paler towards the horizon."""
    pale = np.exp(-height.clip(0) / 2.5)[:, None, None] * 0.45
    colour = np.array(_rgb(scene.wall), np.float32)
    return np.broadcast_to(colour + pale * (1 - colour), (len(height), size, 3)).astype(np.float32)


def _columns(size: int) -> Array:
    """Horizontal ray directions of the pixel columns."""
    return (((np.arange(size, dtype=np.float32) + 0.5) * 2 / size - 1) * TAN_HALF_FOV).astype(np.float32)[
        None, :
    ]


def _textured(
    surface: Surface, scene: Scene, layout: _Layout, u: Array, v: Array, footprint: Array, size: int
) -> Array:
    """Sample and dye the surface's tile; u, v (rows * SUBROWS, columns) and the footprint are in tiles."""
    name = surface.tiles[int(layout.tile_choice * len(surface.tiles))]
    pixels = 512 if size <= 256 else 1024
    planes = _sample(tile(name, layout.variant, pixels), u, v, np.log2(np.maximum(footprint * pixels, 1e-6)))
    first = _rgb(scene.colour) if scene.colour else None
    second = _rgb(scene.second) if scene.second else None
    palette = surface.colours(first, second)
    inks = planes[..., 1:].reshape(-1, 2) @ (palette[:2] - palette[2]) + palette[2]
    return (planes[..., :1] * SHADE_RANGE) * inks.reshape(*planes.shape[:2], 3)


def _sample(levels: tuple[NDArray[np.uint8], ...], u: Array, v: Array, level: Array) -> Array:
    """Trilinear mip sampling; ``level`` (per row) is monotonic along the rows. Returns pixel rows, [0, 1]."""
    count, columns = len(u) // SUBROWS, u.shape[1]
    total = np.zeros((count, columns, 3), np.float32)
    level = level[SUBROWS // 2 :: SUBROWS].clip(0, len(levels) - 1.001).astype(np.float32)
    u, v = u - np.floor(u), v - np.floor(v)
    for number in range(int(level.min()), int(level.max()) + 2):
        weight = 1 - np.abs(level - number)
        rows = np.flatnonzero(weight > 0)
        if not len(rows):
            continue
        span, fine = slice(rows[0], rows[-1] + 1), slice(rows[0] * SUBROWS, (rows[-1] + 1) * SUBROWS)
        texels = np.float32(levels[number].shape[0])
        x, y = u[fine] * texels - np.float32(0.5), v[fine] * texels - np.float32(0.5)
        image = cv2.remap(levels[number], x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_WRAP)
        image = cv2.resize(image, (columns, rows[-1] + 1 - rows[0]), interpolation=cv2.INTER_AREA)
        total[span] += image * (weight[span, None, None] / 255).clip(0)
    return total
