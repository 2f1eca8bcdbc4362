"""Changes of how the product stands: turned, leaning, mirrored, elsewhere, larger or smaller."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from random import Random

from editcore.studio.changes.base import Spatial, change_kind, with_pose
from editcore.studio.kinds import KINDS
from editcore.studio.perspective import TAN_HALF_FOV
from editcore.studio.photograph import Setup

ROUND = frozenset(["bottle", "jar", "vase", "bowl", "plate", "can", "hat", "ball", "candle", "lamp"])
"""Products that look the same from all sides."""


@dataclass(frozen=True)
class _Turning(Spatial):
    """For products that do not look the same from all sides."""

    @property
    def products(self) -> frozenset[str]:
        return frozenset(KINDS) - ROUND


@change_kind("yaw")
@dataclass(frozen=True)
class Rotate(_Turning):
    """The product turned on the spot."""

    kind = "rotate"
    turn: float
    """Radians; positive = the side that faces the viewer turns to the right."""

    @classmethod
    def sample(cls, rng: Random) -> Rotate:
        return cls(rng.choice([-1, 1]) * math.radians(rng.uniform(35, 80)))

    @property
    def words(self) -> str:
        return f"turn it to the {'right' if self.turn > 0 else 'left'}"

    @property
    def inverse(self) -> Rotate:
        return Rotate(-self.turn)

    def apply(self, setup: Setup) -> Setup:
        pose = setup.geometry.pose
        return with_pose(setup, replace(pose, yaw=pose.yaw + self.turn))


@change_kind("tilt")
@dataclass(frozen=True)
class Tilt(Spatial):
    """The product leaning to a side, resting on its lowest point."""

    kind = "tilt"
    angle: float
    """Radians, positive = its top to the right."""

    @classmethod
    def sample(cls, rng: Random) -> Tilt:
        return cls(rng.choice([-1, 1]) * math.radians(rng.uniform(14, 30)))

    @property
    def words(self) -> str:
        return f"tilt it to the {'right' if self.angle > 0 else 'left'}"

    @property
    def inverse(self) -> Tilt:
        return Tilt(-self.angle)

    def apply(self, setup: Setup) -> Setup:
        pose = setup.geometry.pose
        return with_pose(setup, replace(pose, tilt=pose.tilt + self.angle))


@change_kind("yaw", "tilt")
@dataclass(frozen=True)
class Mirror(_Turning):
    """The product's left and right exchanged where it stands; light and scene stay."""

    kind = "mirror"

    @classmethod
    def sample(cls, rng: Random) -> Mirror:
        return cls()

    @property
    def words(self) -> str:
        return "mirror it"

    @property
    def inverse(self) -> Mirror:
        return self

    def apply(self, setup: Setup) -> Setup:
        pose = setup.geometry.pose
        flipped = replace(pose, mirrored=not pose.mirrored, yaw=-pose.yaw, tilt=-pose.tilt)
        return with_pose(setup, flipped)


@change_kind("place")
@dataclass(frozen=True)
class Move(Spatial):
    """The product somewhere else, its shadow with it."""

    kind = "move"
    step: float
    """Share of the picture's width, positive = to the right."""

    @classmethod
    def sample(cls, rng: Random) -> Move:
        return cls(rng.choice([-1, 1]) * rng.uniform(0.10, 0.24))

    @property
    def words(self) -> str:
        return f"move it to the {'right' if self.step > 0 else 'left'}"

    @property
    def inverse(self) -> Move:
        return Move(-self.step)

    def apply(self, setup: Setup) -> Setup:
        pose, (_, distance, _) = setup.geometry.pose, setup.geometry.camera
        return with_pose(setup, replace(pose, x=pose.x + self.step * 2 * distance * TAN_HALF_FOV))


@change_kind("size")
@dataclass(frozen=True)
class Scale(Spatial):
    """The product larger or smaller where it stands."""

    kind = "scale"
    factor: float

    @classmethod
    def sample(cls, rng: Random) -> Scale:
        return cls(rng.uniform(1.25, 1.5) if rng.random() < 0.5 else rng.uniform(0.55, 0.78))

    @property
    def words(self) -> str:
        return "make it bigger" if self.factor > 1 else "make it smaller"

    @property
    def inverse(self) -> Scale:
        return Scale(1 / self.factor)

    def apply(self, setup: Setup) -> Setup:
        pose = setup.geometry.pose
        return with_pose(setup, replace(pose, scale=pose.scale * self.factor))
