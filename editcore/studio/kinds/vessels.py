"""Kinds that hold something: turned on a lathe, with handles, lids and spouts."""

from __future__ import annotations

import numpy as np

from editcore.studio import sdf
from editcore.studio.kinds.base import Dice, Field, Present, kind
from editcore.studio.sdf import Array, Points, Profile


@kind("mug", "cup", "coffee mug", parts=("body", "handle"), optional=("handle",), blend=0.04, facing=0.7)
def mug(dice: Dice) -> Field:
    top, radius = dice(0.75, 1.05), dice(0.36, 0.46)
    flare = dice(-0.06, 0.14)
    belly = dice(0.02, 0.08) if dice.chance(0.35) else 0.0
    steps = ((0.0, top * 0.4, belly), (top * 0.4, top, -belly)) if belly else ()
    profile = Profile(radius - flare * top / 2, flare, steps)
    hand = dice.pick("round", "square")
    reach, tube, side = dice(0.2, 0.28), dice(0.035, 0.055), -1.0 if dice.chance(0.35) else 1.0
    high = top * dice(0.52, 0.62) / 2

    def field(p: Points, present: Present) -> dict[str, Array]:
        body = sdf.vessel(p, profile, top, wall=0.045)
        if "handle" not in present:
            return {"body": body}
        q = p.moved(side * (radius - 0.04), top * 0.52)
        if hand == "round":
            loop = sdf.length(sdf.length(q.x * (high / reach), q.y) - high, q.z * 0.8) * (reach / high) - tube
        else:
            x, y = abs(q.x) - reach + 0.12, abs(q.y) - high + 0.12
            edge = sdf.length(sdf.positive(x), sdf.positive(y)) + sdf.negative(np.maximum(x, y)) - 0.12
            loop = sdf.length(edge, q.z * 0.8) - tube
        inside = sdf.length(p.x, p.z) - profile.radius(p.y) + 0.008
        return {"body": body, "handle": np.maximum(-inside, loop)}

    return field


@kind("bowl", "dish", "salad bowl", parts=("body", "foot", "spoon"), optional=("spoon",), blend=0.02)
def bowl(dice: Dice) -> Field:
    wide, deep, foot = dice(0.62, 0.82), dice(0.42, 0.62), dice(0.05, 0.1)
    foot_radius = wide * dice(0.4, 0.52)
    wall = 0.045
    turn = dice(-2.6, -0.5)

    def field(p: Points, present: Present) -> dict[str, Array]:
        top = foot + deep
        q = p.moved(y=top)
        outer = sdf.ellipsoid(q, wide, deep, wide)
        inner = sdf.ellipsoid(q, wide - wall, deep - wall, wide - wall)
        shell = sdf.smooth_cut(outer, inner, 0.02)
        parts = {"body": sdf.smooth_intersection(shell, q.y, 0.05)}
        ring = sdf.turned(p, Profile(foot_radius, -0.25), 0.0, foot + 0.12, 0.03)
        parts["foot"] = sdf.smooth_intersection(ring, outer * -1 - 0.005, 0.02)
        if "spoon" in present:
            s = p.about_y(turn)
            tip, end = (wide * 0.35, foot + deep * 0.25, 0.0), (wide + 0.22, top + 0.26, 0.0)
            stick = sdf.capsule(s, tip, end, 0.026, 0.034)
            scoop = sdf.ellipsoid(s.moved(*tip).about_z(0.65), 0.2, 0.045, 0.12)
            parts["spoon"] = sdf.smooth_union(stick, scoop, 0.06)
        return parts

    return field


@kind("vase", "flower vase", parts=("body", "flowers"), optional=("flowers",))
def vase(dice: Dice) -> Field:
    top = dice(0.95, 1.25)
    foot, belly, neck = dice(0.16, 0.28), dice(0.32, 0.46), dice(0.1, 0.2)
    lip = neck + dice(0.03, 0.14)
    low, high = dice(0.3, 0.5) * top, dice(0.74, 0.85) * top
    if dice.chance(0.25):
        profile = Profile(foot, dice(0.1, 0.25))
    else:
        profile = Profile.through((-0.1, foot), (low, belly), (high, neck), (top + 0.05, lip))
    mouth = max(profile.at(top) - 0.05, 0.06)
    flowers = [
        (dice(-1, 1) * mouth * 1.4, top + dice(0.22, 0.45), dice(-1, 1) * mouth * 1.4, dice(0.09, 0.14))
        for _ in range(4)
    ]

    def field(p: Points, present: Present) -> dict[str, Array]:
        parts = {"body": sdf.vessel(p, profile, top, wall=0.035)}
        if "flowers" in present:
            bunch = []
            for x, y, z, size in flowers:
                bunch.append(sdf.capsule(p, (0.0, top - 0.2, 0.0), (x, y, z), 0.014))
                head = p.moved(x, y, z)
                angle = np.arctan2(head.x, head.z) * 6
                petals = sdf.ellipsoid(head, size, size * 0.7, size)
                bunch.append((petals + np.cos(angle) * 0.012) * 0.8)
            parts["flowers"] = sdf.union(*bunch)
        return parts

    return field


@kind("bottle", "flask", parts=("body", "cap", "label"), optional=("cap", "label"))
def bottle(dice: Dice) -> Field:
    top, radius, neck = dice(1.15, 1.4), dice(0.22, 0.34), dice(0.08, 0.12)
    shoulder = dice(0.5, 0.68) * top
    slope = dice(0.18, 0.32)
    profile = Profile(radius, 0.0, ((shoulder, shoulder + slope, neck - radius),))
    cap_height, label_low, label_high = dice(0.06, 0.11), dice(0.1, 0.18) * top, shoulder - dice(0.04, 0.12)

    def field(p: Points, present: Present) -> dict[str, Array]:
        parts = {"body": sdf.vessel(p, profile, top, wall=0.03)}
        if "cap" in present:
            parts["cap"] = sdf.cylinder(p.moved(y=top - 0.02), neck + 0.025, cap_height, 0.02)
        if "label" in present:
            q = p.moved(y=(label_low + label_high) / 2)
            parts["label"] = sdf.cylinder(q, radius + 0.006, (label_high - label_low) / 2)
        return parts

    return field


@kind("jar", "cookie jar", "canister", parts=("body", "lid"), optional=("lid",), blend=0.015)
def jar(dice: Dice) -> Field:
    top, foot, belly, neck = dice(0.75, 1.0), dice(0.3, 0.4), dice(0.38, 0.5), dice(0.27, 0.34)
    profile = Profile.through((-0.05, foot), (dice(0.35, 0.5) * top, belly), (top + 0.05, neck))
    lid_radius, knob, high = neck + 0.05, dice(0.06, 0.1), dice(0.1, 0.18)

    def field(p: Points, present: Present) -> dict[str, Array]:
        parts = {"body": sdf.vessel(p, profile, top, wall=0.04)}
        if "lid" in present:
            q = p.moved(y=top + 0.01)
            dome = sdf.ellipsoid(q, lid_radius, high, lid_radius)
            dome = sdf.smooth_intersection(dome, -q.y - 0.005, 0.03)
            parts["lid"] = sdf.smooth_union(dome, sdf.sphere(p.moved(y=top + high + knob * 0.7), knob), 0.03)
        return parts

    return field


@kind(
    "teapot",
    "tea pot",
    parts=("body", "lid", "handle"),
    optional=("lid", "handle"),
    blend=0.03,
    facing=0.7,
    two_sided=True,
)
def teapot(dice: Dice) -> Field:
    wide, tall = dice(0.44, 0.54), dice(0.36, 0.48)
    middle = tall * 0.92
    cut = middle + tall * 0.86
    mouth = wide * 0.5
    reach, knob = dice(0.36, 0.46), dice(0.055, 0.08)
    lift = dice(0.05, 0.18)

    def field(p: Points, present: Present) -> dict[str, Array]:
        q = p.moved(y=middle)
        body = sdf.ellipsoid(q, wide, tall, wide)
        body = sdf.smooth_intersection(body, abs(p.y - cut / 2) - cut / 2, 0.06)
        bend = (wide + reach * 0.45, middle + 0.02, 0.0)
        spout = sdf.smooth_union(
            sdf.capsule(p, (wide * 0.7, middle - 0.12, 0.0), bend, 0.12, 0.075),
            sdf.capsule(p, bend, (wide + reach * 0.8, cut + lift - 0.05, 0.0), 0.075, 0.055),
            0.08,
        )
        spout = sdf.smooth_cut(spout, cut + lift - 0.045 - p.y, 0.02)
        body = sdf.smooth_union(body, spout, 0.1)
        well = sdf.cylinder(p.moved(y=cut), mouth - 0.04, 0.25)
        parts = {"body": sdf.smooth_cut(body, well, 0.02)}
        if "lid" in present:
            dome = sdf.ellipsoid(p.moved(y=cut - 0.01), mouth, 0.13, mouth)
            dome = sdf.smooth_intersection(dome, cut - 0.01 - p.y, 0.02)
            parts["lid"] = sdf.smooth_union(dome, sdf.sphere(p.moved(y=cut + 0.11 + knob), knob), 0.04)
        if "handle" in present:
            loop = sdf.ring(p.moved(-wide - 0.03, middle + 0.04), 0.22, 0.05, 1.2)
            parts["handle"] = np.maximum(loop, -sdf.ellipsoid(q, wide - 0.03, tall - 0.03, wide - 0.03))
        return parts

    return field


@kind("plate", "dinner plate", parts=("body", "rim"), blend=0.01)
def plate(dice: Dice) -> Field:
    wide, well, rise = dice(0.75, 0.95), dice(0.6, 0.7), dice(0.06, 0.12)

    def field(p: Points, present: Present) -> dict[str, Array]:
        r = sdf.length(p.x, p.z)
        s = sdf.clamp((r - wide * well) * (1 / (wide * (1 - well))), 0, 1)
        sheet = abs(p.y - 0.04 - rise * s * s * (3 - 2 * s)) * 0.75 - 0.02
        inner = sdf.smooth_intersection(sheet, r - wide * (well + 0.12), 0.01)
        rim = np.maximum(sdf.smooth_intersection(sheet, r - wide, 0.03), wide * (well + 0.12) - r)
        foot = sdf.torus(p.moved(y=0.03), wide * 0.5, 0.03)
        return {"body": np.minimum(inner, foot), "rim": rim}

    return field


@kind(
    "pan", "frying pan", "skillet", parts=("body", "handle", "lid"), optional=("lid",), blend=0.02, facing=0.9
)
def pan(dice: Dice) -> Field:
    wide, deep, flare = dice(0.48, 0.58), dice(0.16, 0.3), dice(0.1, 0.3)
    reach, side = dice(0.5, 0.66), -1.0 if dice.chance(0.4) else 1.0
    profile = Profile(wide - flare * deep, flare)

    def field(p: Points, present: Present) -> dict[str, Array]:
        q = p.moved(-side * 0.3)
        parts = {"body": sdf.vessel(q, profile, deep, wall=0.035)}
        start, end = side * (wide - 0.01), side * (wide + reach)
        grip = Points(q.x, q.y, q.z * 0.6)
        parts["handle"] = sdf.capsule(grip, (start, deep - 0.06, 0.0), (end, deep + 0.06, 0.0), 0.026, 0.042)
        if "lid" in present:
            dome = sdf.ellipsoid(q.moved(y=deep), wide + 0.01, 0.14, wide + 0.01)
            dome = sdf.smooth_intersection(dome, deep - q.y, 0.02)
            parts["lid"] = sdf.smooth_union(dome, sdf.sphere(q.moved(y=deep + 0.19), 0.07), 0.05)
        return parts

    return field


@kind("can", "tin", "drink can", parts=("body", "label", "tab"), optional=("label",))
def can(dice: Dice) -> Field:
    radius, top = dice(0.28, 0.38), dice(0.85, 1.15)
    neck = dice(0.03, 0.05)
    profile = Profile.through(
        (0.0, radius - neck), (0.07, radius), (top - 0.1, radius), (top - 0.02, radius - neck)
    )

    def field(p: Points, present: Present) -> dict[str, Array]:
        body = sdf.turned(p, profile, 0.0, top, 0.015)
        dip = sdf.cylinder(p.moved(y=top), radius - neck - 0.03, 0.035, 0.01)
        parts = {"body": sdf.smooth_cut(body, dip, 0.015)}
        if "label" in present:
            parts["label"] = sdf.cylinder(p.moved(y=top / 2), radius + 0.006, top / 2 - 0.13)
        flat = Points(p.x * 0.55, p.y, p.z - radius * 0.25)
        parts["tab"] = sdf.torus(flat.moved(y=top - 0.02), 0.06, 0.018)
        return parts

    return field
