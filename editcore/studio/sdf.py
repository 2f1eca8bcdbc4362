"""Signed distance primitives: how far a point is from a surface, negative inside.

Every function takes a ``Points`` (three float32 arrays of one shape, object units) and plain numbers, and
returns distances of that shape. NumPy, because tracing evaluates many small arrays and its overhead per call
is a third of torch's. Distances are exact or too small, never too large, so that sphere tracing cannot step
through a surface. Formulas: Inigo Quilez, "Distance functions" and "Smooth minimum" (iquilezles.org).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.floating[Any]]
"""float32 throughout: plain numbers do not widen it."""


class Points(NamedTuple):
    """Coordinates: x right, y up, z towards the viewer of an object that is not turned."""

    x: Array
    y: Array
    z: Array

    def moved(self, x: float = 0.0, y: float = 0.0, z: float = 0.0) -> Points:
        """The same points seen from an origin at (x, y, z)."""
        return Points(self.x - x if x else self.x, self.y - y if y else self.y, self.z - z if z else self.z)

    def mirrored(self, x: bool = False, z: bool = False) -> Points:
        """Folds the halves x < 0 and z < 0 over: what is modelled once appears on both sides."""
        return Points(abs(self.x) if x else self.x, self.y, abs(self.z) if z else self.z)

    def about_x(self, angle: float) -> Points:
        """Points in a frame turned by ``angle`` about the x axis: +y of that frame leans towards +z."""
        c, s = math.cos(angle), math.sin(angle)
        return Points(self.x, self.y * c + self.z * s, self.z * c - self.y * s)

    def about_y(self, angle: float) -> Points:
        """Points in a frame turned by ``angle`` about the y axis: +z of that frame leans towards +x."""
        c, s = math.cos(angle), math.sin(angle)
        return Points(self.x * c - self.z * s, self.y, self.z * c + self.x * s)

    def about_z(self, angle: float) -> Points:
        """Points in a frame turned by ``angle`` about the z axis: +x of that frame leans towards +y."""
        c, s = math.cos(angle), math.sin(angle)
        return Points(self.x * c + self.y * s, self.y * c - self.x * s, self.z)


def positive(a: Array) -> Array:
    return np.maximum(a, 0.0)


def negative(a: Array) -> Array:
    return np.minimum(a, 0.0)


def clamp(a: Array, low: float, high: float) -> Array:
    """``numpy.clip`` without its call overhead."""
    return np.minimum(np.maximum(a, low), high)


def length(a: Array, b: Array, c: Array | None = None) -> Array:
    """Euclidean length of 2 or 3 components (several times faster than ``numpy.hypot``)."""
    square = a * a + b * b
    return np.sqrt(square if c is None else square + c * c)


# --- combining ---


def union(*distances: Array) -> Array:
    result = distances[0]
    for distance in distances[1:]:
        result = np.minimum(result, distance)
    return result


def smooth_union(a: Array, b: Array, radius: float) -> Array:
    """Union with a fillet; ``radius`` is the width of the blend."""
    overlap = positive(radius - abs(a - b))
    return np.minimum(a, b) - overlap * overlap * (0.25 / radius)


def smooth_intersection(a: Array, b: Array, radius: float) -> Array:
    """Intersection with rounded edges."""
    overlap = positive(radius - abs(a - b))
    return np.maximum(a, b) + overlap * overlap * (0.25 / radius)


def smooth_cut(a: Array, hole: Array, radius: float) -> Array:
    """``a`` without ``hole``, with rounded edges."""
    return smooth_intersection(a, -hole, radius)


# --- solids ---


def sphere(p: Points, radius: float) -> Array:
    return length(*p) - radius


def ellipsoid(p: Points, rx: float, ry: float, rz: float) -> Array:
    """First-order distance: exact on the surface and close to it for moderate ratios of the radii."""
    x, y, z = p.x * (1 / rx), p.y * (1 / ry), p.z * (1 / rz)
    square = x * x + y * y + z * z
    x, y, z = x * (1 / rx), y * (1 / ry), z * (1 / rz)
    slope = np.sqrt(x * x + y * y + z * z + 1e-9)
    return (square - np.sqrt(square)) / slope


def box(p: Points, hx: float, hy: float, hz: float, rounding: float = 0.0) -> Array:
    """A box of half sizes (hx, hy, hz), edges rounded inwards."""
    x, y, z = (abs(p.x) - (hx - rounding)), (abs(p.y) - (hy - rounding)), (abs(p.z) - (hz - rounding))
    outside = length(positive(x), positive(y), positive(z))
    inside = negative(np.maximum(x, np.maximum(y, z)))
    return outside + inside - rounding


def cylinder(p: Points, radius: float, half: float, rounding: float = 0.0) -> Array:
    """An upright cylinder of half height ``half``."""
    r = length(p.x, p.z) - (radius - rounding)
    y = abs(p.y) - (half - rounding)
    return length(positive(r), positive(y)) + negative(np.maximum(r, y)) - rounding


def disc(p: Points, radius: float, half: float, rounding: float = 0.0) -> Array:
    """A cylinder along z (a wheel seen from the front, a clock)."""
    return cylinder(Points(p.x, p.z, p.y), radius, half, rounding)


def cone(p: Points, bottom: float, top: float, half: float, rounding: float = 0.0) -> Array:
    """An upright cone frustum between y = -half (radius ``bottom``) and y = half (radius ``top``)."""
    slope = (top - bottom) / (2 * half)
    middle = (top + bottom) / 2
    side = (length(p.x, p.z) - middle - p.y * slope) / math.sqrt(1 + slope * slope)
    return smooth_intersection(side, abs(p.y) - half, max(rounding, 1e-3))


def capsule(
    p: Points,
    a: tuple[float, float, float],
    b: tuple[float, float, float],
    radius: float,
    end_radius: float | None = None,
) -> Array:
    """A rod with round ends from ``a`` to ``b``; ``end_radius`` makes it taper (first-order distance)."""
    ex, ey, ez = b[0] - a[0], b[1] - a[1], b[2] - a[2]
    x, y, z = p.x - a[0], p.y - a[1], p.z - a[2]
    square = ex * ex + ey * ey + ez * ez
    along = clamp(x * (ex / square) + y * (ey / square) + z * (ez / square), 0.0, 1.0)
    distance = length(x - along * ex, y - along * ey, z - along * ez)
    if end_radius is None:
        return distance - radius
    return distance - radius - along * (end_radius - radius)


def torus(p: Points, major: float, minor: float) -> Array:
    """A ring lying flat, around the y axis."""
    return length(length(p.x, p.z) - major, p.y) - minor


def ring(p: Points, major: float, minor: float, stretch: float = 1.0) -> Array:
    """An upright ring facing z; ``stretch`` > 1 makes it taller than wide."""
    return (length(length(p.x, p.y / stretch) - major, p.z) - minor) * min(1.0, stretch)


def arch(p: Points, half_width: float, height: float, radius: float) -> Array:
    """A handle: posts at x = +-half_width from y = 0 up, joined by a half ring; tube radius ``radius``."""
    straight = max(height - half_width, 0.0)
    y = p.y - clamp(p.y, 0, straight) if straight else p.y
    over = positive(y)
    return length(length(length(p.x, over) - half_width, negative(y)), p.z) - radius


# --- turned (lathe) bodies ---


@dataclass(frozen=True)
class Profile:
    """Radius of a turned body by height: ``base + slope * y`` plus smooth steps ``(from, to, change)``."""

    base: float
    slope: float = 0.0
    steps: tuple[tuple[float, float, float], ...] = ()

    @classmethod
    def through(cls, *knots: tuple[float, float]) -> Profile:
        """A wavy profile whose bellies and waists are the knots (height, radius), heights ascending."""
        return cls(knots[0][1], 0.0, tuple((a[0], b[0], b[1] - a[1]) for a, b in pairwise(knots)))

    def radius(self, y: Array) -> Array:
        r = y * self.slope + self.base if self.slope else np.full_like(y, self.base)
        for start, end, change in self.steps:
            s = clamp((y - start) * (1 / (end - start)), 0, 1)
            r = r + s * s * (3 * change - (2 * change) * s)
        return r

    def at(self, y: float) -> float:
        return float(self.radius(np.array([y], np.float32))[0])

    @property
    def steepness(self) -> float:
        """Factor that turns radial into safe distances: 1 / sqrt(1 + (steepest slope)^2)."""
        steepest = max((1.5 * abs(c) / (e - s) for s, e, c in self.steps), default=0.0) + abs(self.slope)
        return 1 / math.sqrt(1 + steepest * steepest)


def turned(p: Points, profile: Profile, bottom: float, top: float, rounding: float = 0.03) -> Array:
    """A solid body of revolution between two heights."""
    side = (length(p.x, p.z) - profile.radius(p.y)) * profile.steepness
    return smooth_intersection(side, abs(p.y - (bottom + top) / 2) - (top - bottom) / 2, rounding)


def vessel(p: Points, profile: Profile, top: float, wall: float, rounding: float = 0.05) -> Array:
    """A hollow body of revolution standing on y = 0, open at the top, with a rounded lip."""
    factor = profile.steepness
    side = (length(p.x, p.z) - profile.radius(p.y)) * factor
    outer = smooth_intersection(side, abs(p.y - top / 2) - top / 2, rounding)
    hole = np.maximum(side + wall * factor, wall * 1.2 - p.y)
    return smooth_cut(outer, hole, wall * 0.6)
