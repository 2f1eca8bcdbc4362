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
