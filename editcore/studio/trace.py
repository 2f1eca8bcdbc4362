"""Finds the surface of a shape: sphere tracing from coarse tiles of pixels to single rays.

A cone per tile is marched until it meets the surface (tiles that meet nothing are dropped); the pixels of the
other tiles are marched from there. Lengths are object units, arrays float32 of N rays or points.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from editcore.studio.framing import Pose
from editcore.studio.gbuffer import HALF_FOV, PART_SLOTS
from editcore.studio.kinds import KINDS, Shape
from editcore.studio.sdf import Array, Points, clamp, positive

Index = npt.NDArray[np.int64]
Vec = tuple[float, float, float]
Axes = Sequence[Any]
"""x, y and z: a number (the same for all rays) or an array each."""

TILE = 8
"""Pixels along the side of a coarse tile."""
TILE_STEPS = 14
MARCH_STEPS = 64
"""Besides half a step per pixel of the picture's side: rays that graze a surface advance slowly."""
ENTERED, DEEP = 0.1, -0.4
"""Distances in pixels at which a ray has met the surface, and at which it covers its whole pixel."""
CHUNK = 1 << 14
"""Rays marched at once: bounds the memory and stays in the cache."""


@dataclass(frozen=True)
class View:
    """Camera and key light in the object's own frame, where the pose is undone."""

    origin: Vec
    right: Vec
    up: Vec
    forward: Vec
    light: Vec
    size: int

    @classmethod
    def of(cls, pose: Pose, pitch: float, distance: float, height: float, light: Vec, size: int) -> View:
        """``light`` is the direction to the key light in the world; see ``gbuffer.Camera`` for the rest."""
        cos, sin = math.cos(pitch), math.sin(pitch)
        x, y, z = pose.to_object((-pose.x, height + distance * sin, distance * cos - pose.z))
        return cls(
            origin=(x / pose.scale, y / pose.scale, z / pose.scale),
            right=pose.to_object((1.0, 0.0, 0.0)),
            up=pose.to_object((0.0, cos, -sin)),
            forward=pose.to_object((0.0, -sin, -cos)),
            light=pose.to_object(light),
            size=size,
        )

    @property
    def pixel(self) -> float:
        """Width of a pixel at distance 1."""
        return 2 * math.tan(math.radians(HALF_FOV)) / self.size

    def rays(self, row: Array, column: Array) -> Points:
        """Unit directions through pixel coordinates; pixel centres are at +0.5."""
        across = (column.astype(np.float32) - self.size / 2) * self.pixel
        upward = (self.size / 2 - row.astype(np.float32)) * self.pixel
        scale = 1 / np.sqrt(1 + across * across + upward * upward)
        axes = zip(self.right, self.up, self.forward, strict=True)
        return Points(*((across * r + upward * u + f) * scale for r, u, f in axes))

    def to_camera(self, vectors_3N: Array) -> Array:
        """Object-frame vectors in camera axes (x right, y up, z towards the camera), (3, N)."""
        x, y, z = self.forward
        return np.array([self.right, self.up, (-x, -y, -z)], np.float32) @ vectors_3N


def along(origin: Axes, direction: Axes, t: Array) -> Points:
    """Points at distances ``t`` along rays; either end may be one for all rays."""
    return Points(*(o + d * t for o, d in zip(origin, direction, strict=True)))


def box_hits(shape: Shape, origin: Axes, direction: Axes, margin: Any) -> tuple[Array, Array]:
    """Where rays enter and leave the box around the shape, widened by ``margin``; near > far: a miss."""
    low, high, _ = shape.extent()
    near, far = np.zeros(1, np.float32), np.full(1, 1e3, np.float32)
    for o, d, a, b in zip(origin, direction, low, high, strict=True):
        inverse = 1 / np.where(np.abs(d) < 1e-6, np.float32(1e-6), d)
        first, second = (a - margin - o) * inverse, (b + margin - o) * inverse
        near = np.maximum(near, np.minimum(first, second))
        far = np.minimum(far, np.maximum(first, second))
    return near.astype(np.float32), far.astype(np.float32)


def pixels(shape: Shape, view: View) -> Iterator[tuple[Index, Index, Array]]:
    """Chunks of (rows, columns, distance to start from) of the pixels that may show the object."""
    tiles = -(-view.size // TILE)
    row, column = np.divmod(np.arange(tiles * tiles), tiles)
    row, column = row * TILE, column * TILE
    rays = view.rays(row + TILE / 2, column + TILE / 2)
    cone = TILE * view.pixel * 0.72  # half a diagonal and a little, at distance 1
    near, far = box_hits(shape, view.origin, rays, cone * math.dist(view.origin, (0, 0, 0)) * 1.2)
    inside = np.flatnonzero(near < far)
    row, column, t, far = row[inside], column[inside], near[inside], far[inside]
    rays = Points(*(v[inside] for v in rays))
    for _ in range(TILE_STEPS):
        free = positive(shape.distance(along(view.origin, rays, t)) - cone * t)
        t = np.minimum(t + free * (1 / (1 + cone)), far)
    met = np.flatnonzero(t < far)
    down, across = np.divmod(np.arange(TILE * TILE), TILE)
    rows, columns = (row[met, None] + down).ravel(), (column[met, None] + across).ravel()
    start = np.repeat(t[met], TILE * TILE)
    held = (rows < view.size) & (columns < view.size)
    rows, columns, start = rows[held], columns[held], start[held]
    for i in range(0, len(rows), CHUNK):
        yield rows[i : i + CHUNK], columns[i : i + CHUNK], start[i : i + CHUNK]


def march(shape: Shape, view: View, rays: Points, start: Array) -> tuple[Index, Array, Array]:
    """Indices of the rays that touch the object, where, and how near they come (pixels, negative inside).

    A ray that gets half a pixel deep covers its pixel whole; for the others the nearest approach tells the
    share covered. The surface is where a ray first enters, else its nearest approach.
    """
    _, far = box_hits(shape, view.origin, rays, 0.03)
    nearest, surface = np.full_like(start, 1e3), start.copy()
    state = (np.arange(len(start)), *rays, start, far, nearest.copy(), surface.copy())
    steps = MARCH_STEPS + view.size // 2
    for step in range(steps):
        index, dx, dy, dz, t, end, best, best_t = state
        footprint = t * view.pixel
        distance = shape.distance(along(view.origin, Points(dx, dy, dz), t))
        ratio = distance / footprint
        best_t = np.where((ratio < best) & (best > ENTERED), t, best_t)
        best = np.minimum(best, ratio)
        going = (best > DEEP) & (t < end)
        sink = (best <= ENTERED) * np.minimum(footprint * 0.6, 0.012)
        t = t + np.maximum(distance + sink, footprint * 0.35) * going
        state = (index, dx, dy, dz, t, end, best, best_t)
        if step % 3 == 2 or step == steps - 1:
            nearest[index], surface[index] = best, best_t
            kept = np.flatnonzero(going)
            if not len(kept):
                break
            state = tuple(v[kept] for v in state)  # type: ignore[assignment]
    touched = np.flatnonzero(nearest < 2.0)
    return touched, surface[touched], nearest[touched]


def refine(shape: Shape, p: Points, footprint: Array) -> tuple[Points, Points, Array]:
    """Nearest surface points, outward unit normals there and the length of the distance's gradient.

    By finite differences at the corners of a small tetrahedron.
    """
    corners = np.array([[1, -1, -1, 1], [-1, -1, 1, 1], [-1, 1, -1, 1]], np.float32)
    step = clamp(footprint * 0.5, 0.0015, 0.006)
    around = Points(*((v + step * c[:, None]).ravel() for v, c in zip(p, corners, strict=True)))
    distance = shape.distance(around).reshape(4, -1)
    gradient = (corners @ distance) / (4 * step)
    steepness = np.maximum(np.sqrt((gradient * gradient).sum(axis=0)), 0.05)
    normal = gradient / steepness
    depth = clamp(distance.mean(axis=0) / steepness, -0.02, 0.02)
    return Points(*(np.stack(p) - normal * depth)), Points(*normal), steepness


def part_shares(shape: Shape, p: Points, footprint: Array) -> Array:
    """Share of each part slot at surface points, (P, N); seams between parts are one pixel soft."""
    slots = KINDS[shape.kind].parts
    shares = np.zeros((PART_SLOTS, len(footprint)), np.float32)
    distances = shape.parts(p)
    nearest = np.minimum.reduce(list(distances.values()))
    for name, distance in distances.items():
        shares[slots.index(name)] = positive(1 - (distance - nearest) / footprint)
    return shares / shares.sum(axis=0)
