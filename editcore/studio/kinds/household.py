"""Small things of the house: cushion, box, candle, clock."""

from __future__ import annotations

import math

import numpy as np

from editcore.studio import sdf
from editcore.studio.kinds.base import Dice, Field, Present, kind
from editcore.studio.sdf import Array, Points


@kind(
    "cushion",
    "pillow",
    "throw pillow",
    parts=("body", "piping", "button"),
    optional=("piping", "button"),
    facing=0.7,
)
def cushion(dice: Dice) -> Field:
    half = dice(0.46, 0.56)
    tall = half if dice.chance(0.65) else half * dice(0.62, 0.8)
    thick, pinch, lean = dice(0.16, 0.24), dice(0.1, 0.18), dice(0.12, 0.4)

    def field(p: Points, present: Present) -> dict[str, Array]:
        # Leans back on its lower edge. The outline is a square whose sides curve inwards, so the corners
        # stick out in points; the filling is thickest in the middle and flat at the seam.
        q = p.moved(y=tall * 0.93).about_x(-lean)
        u, v = q.x / half, q.y / tall
        x, y = abs(q.x) - half + pinch * half * (1 - v * v), abs(q.y) - tall + pinch * tall * (1 - u * u)
        outline = sdf.smooth_intersection(x, y, 0.08)
        bulge = np.power(sdf.positive(1 - u * u) * sdf.positive(1 - v * v), 0.45)
        body = sdf.smooth_intersection(outline * 0.8, (abs(q.z) - thick * bulge - 0.012) * 0.62, 0.03)
        parts = {"body": body}
        if "piping" in present:
            parts["piping"] = (sdf.length(outline + 0.01, q.z) - 0.022) * 0.8
        if "button" in present:
            parts["body"] = sdf.smooth_union(
                sdf.smooth_cut(body, sdf.sphere(q.moved(z=thick + 0.03), 0.07), 0.2), body + 0.02, 0.02
            )
            parts["button"] = sdf.ellipsoid(q.moved(z=thick - 0.03), 0.05, 0.05, 0.025)
        return parts

    return field


@kind(
    "box", "gift box", "storage box", parts=("body", "lid", "ribbon"), optional=("lid", "ribbon"), facing=0.9
)
def box(dice: Dice) -> Field:
    wide, high, deep = dice(0.4, 0.6), dice(0.22, 0.48), dice(0.36, 0.55)
    rim, band, bow = dice(0.06, 0.11), dice(0.045, 0.075), dice.chance(0.7)

    def field(p: Points, present: Present) -> dict[str, Array]:
        q = p.moved(y=high)
        body = sdf.box(q, wide, high, deep, 0.012)
        parts = {"body": np.maximum(body, -sdf.box(q.moved(y=0.06), wide - 0.035, high, deep - 0.035))}
        top = 2 * high
        if "lid" in present:
            top += 0.02
            lid = sdf.box(p.moved(y=top - rim), wide + 0.025, rim, deep + 0.025, 0.012)
            parts["lid"] = lid
        if "ribbon" in present:
            around = sdf.box(p.moved(y=top / 2), wide + 0.034, top / 2 + 0.008, deep + 0.034, 0.012)
            cross = np.minimum(abs(p.x) - band, abs(p.z) - band)
            ribbon = np.maximum(around, cross)
            if "lid" not in present:
                ribbon = np.maximum(ribbon, -sdf.box(q.moved(y=0.06), wide - 0.03, high, deep - 0.03))
            elif bow:
                m = p.mirrored(x=True).moved(0.13, top + 0.1).about_z(0.5)
                loop = sdf.length(sdf.length(m.x, m.y * 1.7) - 0.13, sdf.positive(abs(m.z) - 0.05)) - 0.016
                ribbon = np.minimum(np.minimum(ribbon, loop * 0.6), sdf.sphere(p.moved(y=top + 0.05), 0.05))
            parts["ribbon"] = ribbon
        return parts

    return field


@kind("candle", "pillar candle", parts=("wax", "wick", "holder"), optional=("holder",))
def candle(dice: Dice) -> Field:
    radius, high = dice(0.18, 0.34), dice(0.5, 0.95)
    lift, wide, dish = dice(0.06, 0.14), radius + dice(0.08, 0.18), dice(0.03, 0.1)

    def field(p: Points, present: Present) -> dict[str, Array]:
        up = lift
        wax = sdf.cylinder(p.moved(y=up + high / 2), radius, high / 2, 0.03)
        pool = sdf.ellipsoid(p.moved(y=up + high), radius * 0.8, 0.05, radius * 0.8)
        parts = {"wax": sdf.smooth_cut(wax, pool, 0.04)}
        flame = sdf.ellipsoid(p.moved(y=up + high + 0.13), 0.05, 0.1, 0.05)
        tip = sdf.capsule(p, (0.0, up + high - 0.05, 0.0), (0.0, up + high + 0.1, 0.0), 0.014)
        parts["wick"] = sdf.smooth_union(tip, flame, 0.03)
        if "holder" in present:
            tray = sdf.turned(
                p, sdf.Profile.through((-0.02, wide * 0.6), (lift + dish, wide)), 0.0, lift + dish, 0.02
            )
            hollow = sdf.cylinder(p.moved(y=lift + 0.5), wide - 0.06, 0.5)
            parts["holder"] = sdf.smooth_cut(tray, hollow, 0.02)
        return parts

    return field


@kind("clock", "alarm clock", parts=("case", "face", "hands", "bells"), optional=("bells",), facing=0.6)
def clock(dice: Dice) -> Field:
    radius, deep = dice(0.4, 0.5), dice(0.1, 0.18)
    hour, minute = dice(0, 2 * math.pi), dice(0, 2 * math.pi)
    rim, square = dice(0.04, 0.08), dice.chance(0.3)

    def field(p: Points, present: Present) -> dict[str, Array]:
        q = p.moved(y=radius + 0.07)
        inner = radius - rim
        if square:
            case, well = (
                sdf.box(q, radius, radius, deep, 0.08),
                sdf.box(q.moved(z=deep), inner, inner, 0.03, 0.02),
            )
        else:
            case, well = sdf.disc(q, radius, deep, 0.04), sdf.disc(q.moved(z=deep), inner, 0.03)
        m = p.mirrored(x=True)
        feet = sdf.capsule(m, (radius * 0.5, 0.2, 0.0), (radius * 0.68, 0.035, 0.0), 0.05, 0.035)
        parts = {"case": np.minimum(sdf.smooth_cut(case, well, 0.015), feet)}
        face = q.moved(z=deep - 0.035)
        parts["face"] = sdf.box(face, inner, inner, 0.012) if square else sdf.disc(face, inner, 0.012)
        step = math.pi / 6
        angle = np.arctan2(q.x, q.y)
        near = angle - np.round(angle / step) * step
        r = sdf.length(q.x, q.y)
        ticks = sdf.box(
            Points(r * np.sin(near), r * np.cos(near) - inner * 0.86, face.z - 0.012), 0.012, 0.035, 0.008
        )
        hands = sdf.sphere(face.moved(z=0.02), 0.03)
        for turn, reach, width in ((hour, 0.5, 0.018), (minute, 0.74, 0.012)):
            end = (math.sin(turn) * inner * reach, math.cos(turn) * inner * reach, 0.025)
            hands = np.minimum(hands, sdf.capsule(face, (0.0, 0.0, 0.025), end, width))
        parts["hands"] = np.minimum(hands, ticks)
        if "bells" in present:
            b = m.moved(radius * 0.55, q_top(radius)).about_z(-0.55)
            bell = sdf.ellipsoid(b, 0.17, 0.13, 0.17)
            bell = sdf.smooth_intersection(bell, -b.y, 0.02)
            grip = sdf.arch(p.moved(y=2 * radius + 0.04), 0.14, 0.17, 0.022)
            parts["bells"] = np.minimum(bell, grip)
        return parts

    return field


def q_top(radius: float) -> float:
    """Height at which the bells of an alarm clock sit."""
    return 0.07 + radius * 1.83
