"""Light on the object and on the floor: soft shadows of an area light, and ambient occlusion.

Soft shadows from distances follow Inigo Quilez, "Soft shadows in raymarched SDFs" (iquilezles.org).
"""

from __future__ import annotations

import math

import numpy as np

from editcore.studio.kinds import Shape
from editcore.studio.sdf import Array, Points, clamp, positive
from editcore.studio.trace import CHUNK, Vec, View, along, box_hits

LIGHT_WIDTH = 0.22
"""Tangent of the key light's half size seen from the object: larger is softer."""
AMBIENT = 0.4
"""Share of the light that a shadow does not take away."""
SHADOW_STEPS = 48
FIRST = 0.012
"""Where the way to the light starts, object units."""
FLOOR_SIZE = 384
"""Above this picture size the smooth floor shadow is computed on a coarser grid of pixels."""
ON_OBJECT, ON_FLOOR = (0.04, 0.12, 0.3), (0.05, 0.2)
"""Heights above the surface at which ambient occlusion is felt, object units."""


def visibility(shape: Shape, light: Vec, p: Points) -> Array:
    """Share of the key light seen from each point, [0, 1].

    The narrowest gap beside the way to the light, as a share of the light's half width there; negative inside
    the object. The gap between two steps is where their free spheres meet, and the last step ends where the
    way leaves the object's box, so that there are no bands.
    """
    _, reach = box_hits(shape, p, light, _penumbra(shape, light))
    reach = np.maximum(reach, FIRST)
    result = np.ones_like(reach)
    begin = np.full_like(reach, FIRST)
    state = (np.arange(len(reach)), *p, reach, begin, np.ones_like(reach), begin, np.full_like(reach, FIRST))
    for step in range(SHADOW_STEPS):
        index, x, y, z, end, t, seen, stride, before = state
        gap = _distance(shape, along(Points(x, y, z), light, t))
        back = (stride * stride + gap * gap - before * before) / (2 * stride)
        back = np.minimum(positive(back), np.minimum(positive(gap), stride))
        beside = np.where(gap > 0, np.sqrt(positive(gap * gap - back * back)), gap)
        seen = np.maximum(np.minimum(seen, beside / (np.maximum(t - back, FIRST) * LIGHT_WIDTH)), -1.0)
        going = (t < end) & (seen > -1)
        stride = np.minimum(clamp(abs(gap), 0.014, 0.3), np.maximum(end - t, 1e-4))
        state = (index, x, y, z, end, t + stride, seen, stride, gap)
        if step % 3 == 2 or step == SHADOW_STEPS - 1:
            result[index] = seen
            kept = np.flatnonzero(going)
            if not len(kept):
                break
            state = tuple(v[kept] for v in state)  # type: ignore[assignment]
    return 0.25 * (1 + result) ** 2 * (2 - result)


def _penumbra(shape: Shape, light: Vec) -> float:
    """Half width of the light's cone on the floor's way past the top of the shape, object units."""
    return LIGHT_WIDTH * shape.extent().high[1] / light[1]


def _distance(shape: Shape, p: Points) -> Array:
    """Distance to the shape, at least that to its box: cautious distances would cast too wide a shadow."""
    low, high, _ = shape.extent()
    square = np.zeros_like(p.x)
    for v, a, b in zip(p, low, high, strict=True):
        beside = positive(abs(v - (a + b) / 2) - (b - a) / 2)
        square = square + beside * beside
    return np.maximum(shape.distance(p), np.sqrt(square))


def object_light(shape: Shape, view: View, p: Points, n: Points, footprint: Array) -> Array:
    """Key-light visibility and ambient occlusion at surface points, [0, 1]."""
    visible = visibility(shape, view.light, along(p, n, footprint + 0.008))
    probes = Points(*(np.concatenate([v + a * h for h in ON_OBJECT]) for v, a in zip(p, n, strict=True)))
    free = np.minimum(shape.distance(probes), probes.y).reshape(len(ON_OBJECT), -1)
    closed = clamp(1 - free / np.array(ON_OBJECT, np.float32)[:, None], 0.0, 1.0).mean(axis=0)
    return (AMBIENT + (1 - AMBIENT) * visible) * (1 - 0.75 * closed)


def floor_light(shape: Shape, view: View) -> Array:
    """Light on the floor y = 0 seen through each pixel (size, size), also behind the object; 1 = no shadow.

    ``view`` may be coarser than the picture (``FLOOR_SIZE``).
    """
    row, column = np.divmod(np.arange(view.size * view.size), view.size)
    rays = view.rays(row + 0.5, column + 0.5)
    t = view.origin[1] / np.maximum(-rays.y, 1e-3)
    p = along(view.origin, rays, t)
    p = Points(p.x, np.zeros_like(p.x), p.z)
    low, high, _ = shape.extent()
    near, far = box_hits(shape, p, view.light, _penumbra(shape, view.light))
    close = np.maximum(abs(p.x - (low[0] + high[0]) / 2) - (high[0] - low[0]) / 2, 0.0) ** 2
    close = close + np.maximum(abs(p.z - (low[2] + high[2]) / 2) - (high[2] - low[2]) / 2, 0.0) ** 2
    shaded = np.flatnonzero((rays.y < -1e-3) & ((near < far) | (close < max(ON_FLOOR) ** 2)))
    light = np.ones(view.size * view.size, np.float32)
    for i in range(0, len(shaded), CHUNK):
        index = shaded[i : i + CHUNK]
        q = Points(*(v[index] for v in p))
        contact = np.ones_like(q.x)
        for height in ON_FLOOR:
            closed = positive(1 - _distance(shape, Points(q.x, q.y + height, q.z)) * (1 / height))
            contact = contact * (1 - 0.4 * closed * closed * (2 - closed))
        light[index] = (AMBIENT + (1 - AMBIENT) * visibility(shape, view.light, q)) * contact
    return light.reshape(view.size, view.size)


def key_direction(azimuth: float, elevation: float = math.radians(48.0)) -> Vec:
    """World direction to the key light; azimuth 0 is the camera's side, positive to the right."""
    flat = math.cos(elevation)
    return (math.sin(azimuth) * flat, math.sin(elevation), math.cos(azimuth) * flat)
