"""Bags and luggage."""

from __future__ import annotations

import numpy as np

from editcore.studio import sdf
from editcore.studio.kinds.base import Dice, Field, Present, kind
from editcore.studio.sdf import Array, Points


@kind(
    "handbag",
    "bag",
    "purse",
    parts=("body", "strap", "clasp", "flap"),
    optional=("strap", "flap"),
    facing=0.7,
)
def handbag(dice: Dice) -> Field:
    wide, high, deep = dice(0.46, 0.62), dice(0.3, 0.42), dice(0.16, 0.24)
    flare, pinch, drop = dice(-0.22, 0.3), dice(0.35, 0.65), dice(0.35, 0.55)
    grip, rise, tube = wide * dice(0.42, 0.62), dice(0.3, 0.5), dice(0.026, 0.042)

    def field(p: Points, present: Present) -> dict[str, Array]:
        # Four leaning sides: exact planes keep the distances exact. A bag is flat at the top.
        lean_x, lean_z = flare * wide * 0.5 / high, pinch * deep * 0.5 / high
        x = (abs(p.x) - wide + lean_x * (p.y - high)) * (1 + lean_x**2) ** -0.5
        z = (abs(p.z) - deep + lean_z * p.y) * (1 + lean_z**2) ** -0.5
        body = sdf.smooth_intersection(sdf.smooth_intersection(x, z, 0.2), abs(p.y - high) - high, 0.14)
        top = 2 * high
        parts = {"body": body}
        if "flap" in present:
            low = top - 2 * high * drop
            curve = low + 0.1 * (p.x / wide) ** 2 - p.y
            parts["flap"] = np.maximum(body - 0.014, np.maximum(curve, -p.z - 0.02) * 0.8)
            front = deep * (1 - pinch * (low + 0.06) * 0.5 / high)
            parts["clasp"] = sdf.ellipsoid(p.moved(y=low + 0.06, z=front + 0.01), 0.065, 0.05, 0.03)
        else:
            front = deep * (1 - pinch * 0.85)
            parts["clasp"] = sdf.ellipsoid(p.moved(y=top * 0.85, z=front), 0.07, 0.05, 0.035)
        if "strap" in present:
            m = p.mirrored(z=True).moved(y=top - 0.1, z=deep * (1 - pinch) * 0.75).about_x(0.12)
            parts["strap"] = sdf.arch(m, grip, rise + 0.1, tube)
        return parts

    return field


@kind(
    "backpack",
    "rucksack",
    "school bag",
    parts=("body", "pocket", "straps", "handle"),
    optional=("pocket", "straps", "handle"),
    facing=1.0,
)
def backpack(dice: Dice) -> Field:
    wide, high, deep = dice(0.34, 0.42), dice(0.5, 0.6), dice(0.18, 0.24)
    pocket_high, pocket_deep, square = dice(0.2, 0.27), dice(0.07, 0.1), dice(0.1, 0.2)

    def field(p: Points, present: Present) -> dict[str, Array]:
        dome = sdf.clamp((p.y - high) * (1 / high), 0.0, 1.0)
        q = Points(p.x * (1 + 0.28 * dome * dome), p.y - high, p.z * (1 + 0.5 * dome * dome))
        body = sdf.box(q, wide, high, deep, square) * 0.8
        parts = {"body": body}
        seam = abs(p.z - deep * 0.35) - 0.012  # the zip runs over the top, a groove
        parts["body"] = sdf.smooth_cut(
            body, np.maximum(abs(body) - 0.02, np.maximum(seam, 0.45 * high - p.y)), 0.012
        )
        if "pocket" in present:
            bag = p.moved(y=pocket_high + 0.1, z=deep + pocket_deep * 0.4)
            pouch = sdf.box(bag, wide * 0.78, pocket_high, pocket_deep, 0.065)
            zip_line = np.maximum(abs(pouch) - 0.018, abs(bag.y - pocket_high * 0.5) - 0.01)
            parts["pocket"] = sdf.smooth_cut(pouch, zip_line, 0.01)
        if "straps" in present:
            m = p.mirrored(x=True).moved(wide * 0.62, high * 0.98, -deep * 0.95)
            bow = sdf.length(m.z * (high * 0.8 / 0.26), m.y) - high * 0.8
            band = sdf.length(sdf.positive(abs(bow) * 0.42 - 0.012), sdf.positive(abs(m.x) - 0.055)) - 0.016
            parts["straps"] = np.maximum(band, m.z - 0.05) * 0.8
        if "handle" in present:
            parts["handle"] = sdf.arch(p.moved(y=2 * high - 0.06, z=-deep * 0.2), 0.1, 0.17, 0.026)
        return parts

    return field


@kind(
    "suitcase",
    "travel case",
    "trolley",
    parts=("body", "handle", "wheels", "corners"),
    optional=("handle",),
    facing=0.9,
)
def suitcase(dice: Dice) -> Field:
    wide, high, deep = dice(0.38, 0.48), dice(0.5, 0.6), dice(0.16, 0.22)
    wheel, reach, ribs = dice(0.045, 0.07), dice(0.2, 0.42), dice(0.09, 0.14)
    guarded = dice.chance(0.5)

    def field(p: Points, present: Present) -> dict[str, Array]:
        q = p.moved(y=high + 2 * wheel)
        shell = sdf.box(q, wide, high, deep, 0.09)
        near = q.x - sdf.clamp(np.round(q.x / ribs), -3, 3) * ribs
        groove = np.maximum(abs(shell) - 0.012, np.maximum(abs(near) - 0.012, abs(q.y) - high * 0.82))
        split = np.maximum(abs(shell) - 0.016, abs(q.z) - 0.01)
        parts = {"body": sdf.smooth_cut(shell, np.minimum(groove, split), 0.012)}
        m = p.mirrored(x=True, z=True).moved(wide * 0.78, wheel, deep * 0.6)
        parts["wheels"] = np.minimum(
            sdf.disc(m, wheel, 0.035, 0.015), sdf.cylinder(m.moved(y=wheel), 0.035, wheel)
        )
        if "handle" in present:
            parts["handle"] = sdf.arch(
                p.moved(y=2 * high + wheel, z=-deep * 0.5), wide * 0.42, reach + 0.08, 0.024
            )
        if guarded:
            c = Points(abs(q.x) - wide, abs(q.y) - high, abs(q.z) - deep)
            parts["corners"] = np.maximum(shell - 0.01, sdf.sphere(c, 0.17))
        return parts

    return field
