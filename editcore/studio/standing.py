"""Objects that lean to a side or are mirrored: a shape seen through the change of its frame.

The floor stays y = 0 and the light where it is, so that shadows, contact and occlusion are those of the leaning
object, while patterns and grain stay on its surface.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from editcore.studio.framing import Pose
from editcore.studio.kinds import Shape
from editcore.studio.sdf import Array, Points


@dataclass(frozen=True)
class Standing(Shape):
    """A specimen tilted about the viewing direction and resting on the floor, or mirrored, or both."""

    tilt: float
    """Radians, positive = its top to the right in the picture."""
    yaw: float
    """Turn of the frame it stands in: it tilts about the world's z axis, not about its own."""
    mirrored: bool
    """Left and right of the object exchanged."""

    def parts(self, p: Points) -> dict[str, Array]:
        return self._upright().parts(self.own(p))

    def own(self, p: Points, direction: bool = False) -> Points:
        if self.tilt:
            pivot, lift = _rest(self)
            q = p if direction else p.moved(y=pivot + lift)
            q = q.about_y(-self.yaw).about_z(-self.tilt).about_y(self.yaw)
            p = q if direction else q.moved(y=-pivot)
        return Points(-p.x, p.y, p.z) if self.mirrored else p

    def _upright(self) -> Shape:
        return Shape(self.kind, self.seed, self.present)


def standing(shape: Shape, pose: Pose) -> Shape:
    """The shape as the pose has it stand, in the pose's frame; itself where it neither leans nor is mirrored."""
    if not pose.tilt and not pose.mirrored:
        return shape
    return Standing(shape.kind, shape.seed, shape.present, pose.tilt, pose.yaw, pose.mirrored)


@lru_cache(maxsize=256)
def _rest(shape: Standing) -> tuple[float, float]:
    """(height it turns about, lift that lets its lowest point touch the floor), object units.

    A point at distance d from the surface has surface d below it where the surface faces down, as it does at
    the lowest point.
    """
    upright = shape._upright()
    cloud = Points(*np.ascontiguousarray(upright.extent().cloud_N3.T))
    pivot = float(cloud.y.max() + cloud.y.min()) / 2
    seen = Points(-cloud.x, cloud.y, cloud.z) if shape.mirrored else cloud
    leaned = seen.moved(y=pivot).about_y(-shape.yaw).about_z(shape.tilt)
    return pivot, -float((leaned.y + upright.distance(cloud)).min()) - pivot
