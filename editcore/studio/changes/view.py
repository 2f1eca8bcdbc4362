"""Changes of how the product is seen: the height of the camera, the side of the key light."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from random import Random

from editcore.studio.changes.base import Spatial, change_kind
from editcore.studio.photograph import Setup

PITCHES = (0.06, 0.68)
"""Lowest and highest view, radians downwards."""


@change_kind("camera")
@dataclass(frozen=True)
class Raise(Spatial):
    """The camera higher or lower, still looking at the product."""

    kind = "camera"
    pitch: float
    """Radians, positive = higher."""

    @classmethod
    def sample(cls, rng: Random) -> Raise:
        return cls(rng.choice([-1, 1]) * math.radians(rng.uniform(12, 20)))

    @property
    def words(self) -> str:
        return "from higher up" if self.pitch > 0 else "from lower down"

    @property
    def inverse(self) -> Raise:
        return Raise(-self.pitch)

    def applies(self, setup: Setup) -> bool:
        pitch = setup.geometry.camera[0] + self.pitch
        return PITCHES[0] <= pitch <= PITCHES[1] and super().applies(setup)

    def apply(self, setup: Setup) -> Setup:
        pitch, distance, height = setup.geometry.camera
        return replace(setup, geometry=replace(setup.geometry, camera=(pitch + self.pitch, distance, height)))


@change_kind("light")
@dataclass(frozen=True)
class Relight(Spatial):
    """The key light from the left or from the right: shading and shadows."""

    kind = "light"
    azimuth: float
    """Radians, positive = from the right."""

    @classmethod
    def sample(cls, rng: Random) -> Relight:
        return cls(rng.choice([-1, 1]) * rng.uniform(1.1, 1.6))

    @property
    def words(self) -> str:
        return f"lit from the {'right' if self.azimuth > 0 else 'left'}"

    def applies(self, setup: Setup) -> bool:
        return abs(self.azimuth - setup.geometry.light) > 1.2 and super().applies(setup)

    def apply(self, setup: Setup) -> Setup:
        return replace(setup, geometry=replace(setup.geometry, light=self.azimuth))
