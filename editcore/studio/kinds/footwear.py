"""Shoes and boots, modelled over a last: toe to +x, heel to -x."""

from __future__ import annotations

import numpy as np

from editcore.studio import sdf
from editcore.studio.kinds.base import Dice, Field, Present, kind
from editcore.studio.sdf import Array, Points


def _outline(p: Points, ball: float, heel: float) -> Array:
    """Distance to the outline of a footprint seen from above: two circles and what lies between them."""
    along = sdf.clamp((p.x + 0.5) * (1 / 0.92), 0.0, 1.0)
    waist = 0.05 * np.sin(along * np.pi)  # the arch of the foot is narrower
    return sdf.length(p.x + 0.5 - 0.92 * along, p.z) - (heel + (ball - heel) * along - waist)


def _last(p: Points, outline: Array, ball: float, toe: float, instep: float) -> Array:
    """A foot up to the ankle: toe box, vamp rising to the instep, heel counter, blended."""
    q = Points(p.x, p.y, p.z * (0.25 / ball))
    front = sdf.ellipsoid(q.moved(0.4, 0.1), 0.34, 0.13 + toe, 0.235)
    vamp = sdf.capsule(q, (0.3, 0.13 + toe * 0.3, 0.0), (-0.28, instep - 0.14, 0.0), 0.16, 0.17)
    back = sdf.ellipsoid(q.moved(-0.43, 0.24), 0.27, 0.34, 0.215)
    foot = sdf.smooth_union(sdf.smooth_union(front, vamp, 0.2), back, 0.16) * min(1.0, ball / 0.25)
    wall = sdf.smooth_intersection(
        outline + 0.03, abs(p.y - 0.11) - 0.12, 0.1
    )  # the sides go down to the sole
    return sdf.smooth_union(foot, wall, 0.1)


def _sole(p: Points, outline: Array, thick: float, lip: float) -> Array:
    """A slab that follows the footprint."""
    return sdf.smooth_intersection(outline - lip, abs(p.y - thick / 2) - thick / 2, 0.04) * 0.95


def _sprung(p: Points) -> Points:
    """Points of a shoe whose toe is lifted a little off the floor."""
    return Points(p.x, p.y - sdf.clamp(p.x - 0.25, 0.0, 0.6) ** 2 * 0.3, p.z)


@kind(
    "shoe",
    "sneaker",
    "trainer",
    parts=("upper", "sole", "laces", "trim"),
    optional=("laces", "trim"),
    facing=1.0,
    two_sided=True,
)
def shoe(dice: Dice) -> Field:
    ball, heel, thick = dice(0.225, 0.27), dice(0.19, 0.22), dice(0.09, 0.16)
    toe, instep, collar = dice(0.08, 0.14), dice(0.46, 0.54), dice(0.5, 0.58)
    if dice.chance(0.35):  # a high-top
        collar += dice(0.15, 0.28)
    lip, capped = dice(0.024, 0.045), dice.chance(0.5)

    def field(p: Points, present: Present) -> dict[str, Array]:
        p = _sprung(p)
        outline = _outline(p, ball, heel)
        foot = _last(p.moved(y=thick * 0.6), outline, ball, toe, instep)
        shaft = sdf.capsule(p, (-0.4, 0.3, 0.0), (-0.43, collar + 0.1, 0.0), 0.2, 0.19)
        body = sdf.smooth_union(foot, shaft, 0.12)
        body = sdf.smooth_intersection(body, outline - 0.012, 0.05)
        rim = p.y + (p.x + 0.4) * -0.3 - collar - thick * 0.6  # the collar dips at the heel
        body = sdf.smooth_intersection(body, rim, 0.04)
        throat = sdf.ellipsoid(p.moved(-0.37, collar + 0.16 + thick * 0.6).about_z(-0.25), 0.19, 0.34, 0.135)
        body = sdf.smooth_cut(body, throat, 0.03)
        tongue = sdf.ellipsoid(p.moved(-0.215, collar - 0.01 + thick * 0.6).about_z(0.3), 0.035, 0.13, 0.1)
        parts = {"upper": sdf.smooth_union(body, tongue, 0.03), "sole": _sole(p, outline, thick, lip)}
        slope = p.moved(0.0, instep).about_z(-0.42)
        if "laces" in present:
            near = slope.x - sdf.clamp(np.round(slope.x * (1 / 0.085)), -2, 2) * 0.085
            bars = sdf.smooth_intersection(body - 0.02, abs(near) - 0.021, 0.02)
            bars = np.maximum(bars, np.maximum(abs(p.z) - 0.105, 0.25 - p.y))
            knot = p.mirrored(z=True).moved(-0.14, instep + 0.13, 0.06).about_x(-0.5)
            loop = sdf.length(sdf.length(knot.x, knot.z * 0.8) - 0.055, knot.y) - 0.015
            parts["laces"] = np.minimum(bars * 0.9, loop * 0.8)
        if "trim" in present and capped:
            parts["trim"] = np.maximum(body - 0.006, 0.47 - p.x + p.y * 0.25)
        elif "trim" in present:
            stripe = abs(p.x + 0.05 + (p.y - 0.3) * 0.6)
            stripe = abs(stripe - 0.06) - 0.025
            parts["trim"] = np.maximum(np.maximum(body - 0.006, stripe), 0.1 - abs(p.z))
        return parts

    return field


@kind(
    "boot",
    "ankle boot",
    "work boot",
    parts=("upper", "sole", "cuff", "laces"),
    optional=("cuff", "laces"),
    facing=1.0,
    two_sided=True,
)
def boot(dice: Dice) -> Field:
    ball, heel, thick = dice(0.225, 0.26), dice(0.19, 0.215), dice(0.09, 0.14)
    toe, instep, top = dice(0.09, 0.15), dice(0.48, 0.54), dice(0.95, 1.35)
    leg = dice(0.225, 0.26)

    def field(p: Points, present: Present) -> dict[str, Array]:
        p = _sprung(p)
        outline = _outline(p, ball, heel)
        foot = _last(p.moved(y=thick * 0.7), outline, ball, toe, instep)
        foot = sdf.smooth_intersection(foot, outline - 0.012, 0.05)
        shaft = sdf.capsule(p, (-0.36, 0.35, 0.0), (-0.4, top + 0.3, 0.0), 0.205, leg)
        body = sdf.smooth_union(foot, shaft, 0.16)
        folds = np.sin(p.y * 19 + p.x * 5) * sdf.positive(1 - abs(p.y - 0.52) * 4) * 0.008
        body = sdf.smooth_intersection(body + folds, p.y - top, 0.03) * 0.9
        throat = sdf.capsule(p, (-0.383, top - 0.2, 0.0), (-0.4, top + 0.3, 0.0), 0.15, leg - 0.05)
        body = sdf.smooth_cut(body, throat, 0.03)
        sole = _sole(p, outline, thick, 0.03)
        block = sdf.smooth_intersection(outline - 0.015, abs(p.y - 0.08) - 0.08, 0.03)
        parts = {"upper": body, "sole": np.minimum(sole, np.maximum(block, p.x + 0.3))}
        if "cuff" in present:
            band = sdf.cylinder(p.moved(-0.395, top - 0.04), leg + 0.025, 0.085, 0.04)
            parts["cuff"] = sdf.smooth_cut(band, sdf.cylinder(p.moved(-0.395, top), leg - 0.03, 0.35), 0.02)
        if "laces" in present:
            step = 0.11
            near = p.y - sdf.clamp(np.round(p.y / step), 5, np.floor((top - 0.16) / step)) * step
            cross = abs(near - (abs(p.z) - 0.05) * 0.45) - 0.02
            bars = sdf.smooth_intersection(body - 0.018, cross, 0.02)
            parts["laces"] = np.maximum(bars, np.maximum(abs(p.z) - 0.11, -0.33 - p.x)) * 0.85
        return parts

    return field
