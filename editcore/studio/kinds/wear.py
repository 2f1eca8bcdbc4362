"""Things to wear and to carry."""

from __future__ import annotations

import numpy as np

from editcore.studio import sdf
from editcore.studio.kinds.base import Dice, Field, Present, kind
from editcore.studio.sdf import Array, Points, Profile


@kind("hat", "sun hat", "fedora", parts=("crown", "brim", "band"), optional=("band",))
def hat(dice: Dice) -> Field:
    wide, high, brim = dice(0.36, 0.44), dice(0.36, 0.5), dice(0.72, 0.9)
    curl, style = dice(-0.12, 0.14), dice.pick("fedora", "round", "flat")

    def field(p: Points, present: Present) -> dict[str, Array]:
        r = sdf.length(p.x, p.z * 1.12)
        bend = curl * (p.x * p.x * 1.4) + 0.06
        sheet = abs(p.y - bend) * 0.85 - 0.022
        parts = {"brim": sdf.smooth_intersection(sheet, (r - brim) * 0.85, 0.02)}
        q = Points(p.x, p.y, p.z * 1.12)
        if style == "round":
            crown = np.maximum(sdf.ellipsoid(q.moved(y=0.06), wide, high, wide), 0.04 - p.y)
        else:
            crown = sdf.turned(q.moved(y=0.05), Profile(wide, -0.16), 0.0, high, 0.14)
            if style == "fedora":
                dent = sdf.ellipsoid(p.moved(y=high + 0.12), 0.1, 0.16, wide * 1.1)
                crown = sdf.smooth_cut(crown, dent, 0.12)
        parts["crown"] = crown * 0.87
        if "band" in present:
            parts["band"] = np.maximum((crown - 0.014) * 0.87, abs(p.y - 0.15) - 0.06)
        return parts

    return field


@kind(
    "glasses",
    "sunglasses",
    "spectacles",
    parts=("frame", "lenses", "temples"),
    optional=("lenses",),
    facing=0.8,
)
def glasses(dice: Dice) -> Field:
    wide, high, tube = dice(0.27, 0.34), dice(0.2, 0.28), dice(0.03, 0.048)
    gap, long, corner = dice(0.06, 0.09), dice(0.8, 1.0), dice(0.1, 0.2)
    tilt = dice(-0.25, 0.25)

    def field(p: Points, present: Present) -> dict[str, Array]:
        m = p.mirrored(x=True)
        q = m.moved(gap + wide, high + tube).about_z(tilt)
        x, y = abs(q.x) - wide + corner, abs(q.y) - high + corner
        edge = sdf.length(sdf.positive(x), sdf.positive(y)) + sdf.negative(np.maximum(x, y)) - corner
        rim = sdf.length(edge, q.z * 0.8) - tube
        bridge = sdf.capsule(
            m, (0.0, high * 1.5 + tube, 0.03), (gap + 0.03, high * 1.4 + tube, 0.0), tube * 0.8
        )
        parts = {"frame": np.minimum(rim, bridge)}
        if "lenses" in present:
            bulge = (q.x * q.x + q.y * q.y) * 0.35 - 0.02
            parts["lenses"] = np.maximum(edge + 0.005, (abs(q.z + bulge) - 0.012) * 0.9)
        hinge, bend = (gap + 2 * wide + 0.01, high * 1.5, -0.02), (gap + 2 * wide - 0.01, high * 1.35, -long)
        tip = (gap + 2 * wide - 0.06, 0.04, -long - 0.2)
        arm = sdf.capsule(m, hinge, bend, tube * 0.75)
        parts["temples"] = sdf.smooth_union(arm, sdf.capsule(m, bend, tip, tube * 0.75), 0.04)
        return parts

    return field


@kind("headphones", "headset", parts=("band", "cups", "pads"), optional=("pads",), blend=0.01, facing=0.8)
def headphones(dice: Dice) -> Field:
    half, high, cup = dice(0.4, 0.48), dice(0.85, 1.0), dice(0.2, 0.26)
    thick, deep, tube = dice(0.07, 0.1), dice(0.07, 0.1), dice(0.028, 0.04)

    def field(p: Points, present: Present) -> dict[str, Array]:
        m = p.mirrored(x=True)
        flat = sdf.arch(Points(p.x, p.y - cup, sdf.positive(abs(p.z) - deep)), half + 0.03, high - cup, tube)
        shell = m.moved(half, cup + 0.02)
        sideways = Points(shell.y, shell.x, shell.z)
        parts = {"band": np.maximum(flat, cup - p.y)}
        parts["cups"] = sdf.cylinder(sideways.moved(y=0.03), cup, thick, 0.05)
        if "pads" in present:
            pad = sdf.torus(sideways.moved(y=-thick - 0.02), cup * 0.7, 0.075)
            parts["pads"] = pad
        return parts

    return field
