"""Furniture: seats, tables and what stands on them."""

from __future__ import annotations

import numpy as np

from editcore.studio import sdf
from editcore.studio.kinds.base import Dice, Field, Present, kind
from editcore.studio.sdf import Array, Points


@kind(
    "chair",
    "dining chair",
    parts=("seat", "back", "legs", "cushion"),
    optional=("back", "cushion"),
    facing=0.9,
)
def chair(dice: Dice) -> Field:
    half, high, tall = dice(0.34, 0.42), dice(0.58, 0.72), dice(0.62, 0.85)
    leg, splay, lean = dice(0.028, 0.045), dice(0.0, 0.07), dice(0.08, 0.2)
    style, rounded = dice.pick("panel", "slats", "frame"), dice.chance(0.4)

    def field(p: Points, present: Present) -> dict[str, Array]:
        q = p.moved(y=high)
        seat = sdf.cylinder(q, half, 0.04, 0.03) if rounded else sdf.box(q, half, 0.04, half, 0.03)
        foot, joint = half * 0.86 + splay, half * (0.7 if rounded else 0.86)
        m = p.mirrored(x=True, z=True)
        parts = {
            "body": seat,
            "legs": sdf.capsule(m, (joint, high, joint), (foot, leg, foot), leg * 1.2, leg * 0.8),
        }
        parts["seat"] = parts.pop("body")
        if "back" in present:
            b = p.moved(y=high, z=-half + 0.05).about_x(-lean)
            side = sdf.capsule(b.mirrored(x=True), (half * 0.85, 0.0, 0.0), (half * 0.88, tall, 0.0), 0.03)
            if style == "panel":
                fill = sdf.box(b.moved(y=tall * 0.66), half * 0.86, tall * 0.33, 0.025, 0.02)
            elif style == "slats":
                rail = sdf.box(b.moved(y=tall - 0.04), half * 0.88, 0.06, 0.025, 0.02)
                gap = half * 0.42
                near = b.x - sdf.clamp(np.round(b.x / gap), -1, 1) * gap
                fill = np.minimum(
                    rail, sdf.box(Points(near, b.y - tall / 2, b.z), 0.022, tall / 2, 0.015, 0.01)
                )
            else:
                step = tall * 0.28
                near = b.y - sdf.clamp(np.round(b.y / step), 1, 3) * step
                fill = sdf.box(Points(b.x, near, b.z), half * 0.86, 0.045, 0.018, 0.015)
            parts["back"] = np.minimum(side, fill)
        if "cushion" in present:
            c = p.moved(y=high + 0.075)
            pad = sdf.box(c, half * 0.9, 0.055, half * 0.9, 0.05)
            if rounded:
                pad = sdf.cylinder(c, half * 0.88, 0.055, 0.05)
            parts["cushion"] = pad
        return parts

    return field


@kind("stool", "bar stool", parts=("seat", "legs", "cushion"), optional=("cushion",), facing=0.8)
def stool(dice: Dice) -> Field:
    half, high, leg = dice(0.3, 0.4), dice(0.75, 1.1), dice(0.028, 0.045)
    spread, rounded = dice(0.02, 0.14), dice.chance(0.65)
    rung = high * dice(0.25, 0.42)

    def field(p: Points, present: Present) -> dict[str, Array]:
        def plate(y: float, scale: float, thick: float, rounding: float) -> Array:
            q = p.moved(y=y)
            if rounded:
                return sdf.cylinder(q, half * scale, thick, rounding)
            return sdf.box(q, half * scale, thick, half * scale, rounding)

        joint = half * (0.62 if rounded else 0.82)
        foot = joint + spread
        m = p.mirrored(x=True, z=True)
        legs = sdf.capsule(m, (joint, high, joint), (foot, leg, foot), leg)
        at = foot + (joint - foot) * rung / high
        bar = sdf.capsule(m, (at, rung, 0.0), (at, rung, at), leg * 0.6)
        bar = np.minimum(bar, sdf.capsule(m, (0.0, rung + 0.08, at), (at, rung + 0.08, at), leg * 0.6))
        parts = {"seat": plate(high, 1.0, 0.045, 0.035), "legs": np.minimum(legs, bar)}
        if "cushion" in present:
            parts["cushion"] = plate(high + 0.095, 0.96, 0.065, 0.06)
        return parts

    return field


@kind("table", "side table", "coffee table", parts=("top", "legs", "shelf"), optional=("shelf",), facing=0.8)
def table(dice: Dice) -> Field:
    wide, high, leg = dice(0.62, 0.85), dice(0.5, 0.85), dice(0.035, 0.06)
    deep = wide if dice.chance(0.4) else wide * dice(0.55, 0.8)
    style = dice.pick("square", "round", "pedestal")
    if style != "square":
        deep = wide

    def field(p: Points, present: Present) -> dict[str, Array]:
        q, low = p.moved(y=high), p.moved(y=high * 0.36)
        if style == "square":
            top = sdf.box(q, wide, 0.04, deep, 0.015)
            m = p.mirrored(x=True, z=True).moved(wide - leg - 0.02, high / 2, deep - leg - 0.02)
            legs = sdf.box(m, leg, high / 2, leg, 0.01)
            shelf = sdf.box(low, wide - 0.04, 0.022, deep - 0.04, 0.01)
        else:
            top = sdf.cylinder(q, wide, 0.035, 0.02)
            shelf = sdf.cylinder(low, wide * 0.55, 0.022, 0.01)
            if style == "round":
                m = p.mirrored(x=True, z=True)
                legs = sdf.capsule(
                    m, (wide * 0.42, high - 0.03, wide * 0.42), (wide * 0.6, leg, wide * 0.6), leg, leg * 0.6
                )
            else:
                legs = sdf.smooth_union(
                    sdf.cylinder(p.moved(y=high / 2), leg * 1.3, high / 2),
                    sdf.cylinder(p.moved(y=0.03), wide * 0.5, 0.03, 0.02),
                    0.1,
                )
        parts = {"top": top, "legs": legs}
        if "shelf" in present:
            parts["shelf"] = shelf
        return parts

    return field


@kind(
    "sofa",
    "couch",
    parts=("body", "cushions", "legs", "pillows"),
    optional=("cushions", "pillows"),
    facing=0.6,
)
def sofa(dice: Dice) -> Field:
    wide, deep = dice(0.85, 1.05), dice(0.38, 0.46)
    seat, back, arm = dice(0.26, 0.34), dice(0.66, 0.82), dice(0.09, 0.15)
    arm_high, soft = dice(0.42, 0.52), dice(0.05, 0.09)
    seats = 2 if wide < 0.95 or dice.chance(0.4) else 3
    foot = dice(0.06, 0.12)

    def field(p: Points, present: Present) -> dict[str, Array]:
        base = sdf.box(p.moved(y=(seat + foot) / 2), wide, (seat - foot) / 2, deep, 0.04)
        rest = sdf.box(
            p.moved(y=(back + foot) / 2, z=-deep).about_x(-0.08), wide, (back - foot) / 2, 0.13, soft
        )
        m = p.mirrored(x=True)
        side = sdf.box(m.moved(wide, (arm_high + foot) / 2), arm, (arm_high - foot) / 2, deep + 0.06, soft)
        parts = {"body": sdf.smooth_union(np.minimum(base, rest), side, 0.02)}
        parts["legs"] = sdf.capsule(
            p.mirrored(x=True, z=True),
            (wide * 0.92, foot + 0.02, deep * 0.85),
            (wide * 0.95, 0.02, deep * 0.9),
            0.035,
        )
        room = wide - arm
        pitch = 2 * room / seats
        middle = sdf.clamp(np.round(p.x / pitch), -1, 1) * pitch
        near = abs(p.x) - pitch / 2 if seats == 2 else p.x - middle
        if "cushions" in present:
            c = Points(near, p.y - seat - 0.085, p.z - 0.07)
            sat = sdf.box(c, pitch / 2 - 0.012, 0.085, deep * 0.92, 0.06)
            leaned = Points(near, p.y - seat - 0.33, p.z + deep - 0.2).about_x(-0.18)
            parts["cushions"] = np.minimum(sat, sdf.box(leaned, pitch / 2 - 0.015, 0.2, 0.08, 0.07))
        if "pillows" in present:
            q = p.mirrored(x=True).moved(room - 0.2, seat + 0.36, -deep + 0.36).about_x(-0.35).about_y(-0.35)
            thin = sdf.positive(1 - (q.x / 0.24) ** 2) * sdf.positive(1 - (q.y / 0.24) ** 2)
            pillow = np.maximum(
                sdf.box(q, 0.2, 0.2, 0.1, 0.05), (abs(q.z) - 0.02 - 0.075 * np.sqrt(thin)) * 0.6
            )
            parts["pillows"] = pillow
        return parts

    return field


@kind("lamp", "table lamp", parts=("base", "shade", "bulb"), optional=("shade",))
def lamp(dice: Dice) -> Field:
    high, stem, foot = dice(0.72, 0.9), dice(0.022, 0.04), dice(0.2, 0.3)
    style = dice.pick("stick", "gourd", "ball")
    shade_low, shade_top, shade_half = dice(0.36, 0.48), dice(0.18, 0.36), dice(0.18, 0.26)
    belly = dice(0.15, 0.24)
    wavy = sdf.Profile.through(
        (0.0, foot * 0.8), (0.06, belly * 0.7), (high * 0.4, belly), (high * 0.85, stem * 1.2)
    )

    def field(p: Points, present: Present) -> dict[str, Array]:
        base = sdf.cylinder(p.moved(y=high / 2), stem, high / 2)
        if style == "gourd":
            base = sdf.smooth_union(base, sdf.turned(p, wavy, 0.0, high * 0.85, 0.02), 0.03)
        else:
            base = sdf.smooth_union(base, sdf.cylinder(p.moved(y=0.03), foot, 0.03, 0.02), 0.06)
            if style == "ball":
                base = sdf.smooth_union(base, sdf.sphere(p.moved(y=0.06 + belly), belly), 0.05)
        bulb = sdf.smooth_union(
            sdf.sphere(p.moved(y=high + 0.13), 0.085), sdf.cylinder(p.moved(y=high + 0.02), 0.045, 0.04), 0.05
        )
        parts = {"base": base, "bulb": bulb}
        if "shade" in present:
            q = p.moved(y=high + 0.1)
            slope = (shade_top - shade_low) / (2 * shade_half)
            side = (sdf.length(q.x, q.z) - (shade_low + shade_top) / 2 - q.y * slope) * (
                1 + slope * slope
            ) ** -0.5
            parts["shade"] = sdf.smooth_intersection(abs(side) - 0.012, abs(q.y) - shade_half, 0.008)
        return parts

    return field
