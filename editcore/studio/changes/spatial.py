"""Changes of where things are: how the product stands, what parts it has, where camera and light are."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from random import Random

from editcore.studio.changes.base import Change, change_kind, in_view, with_pose, with_shape
from editcore.studio.kinds import KINDS
from editcore.studio.perspective import TAN_HALF_FOV
from editcore.studio.photograph import Setup

LIDS = frozenset(["lid", "cap", "flap"])
PARTS: dict[str, frozenset[str]] = {
    "handle": frozenset(["handle"]),
    "strap": frozenset(["strap", "straps"]),
    "cushion": frozenset(["cushion", "cushions", "pillows"]),
    "label": frozenset(["label"]),
    "ribbon": frozenset(["ribbon", "bow"]),
    "band": frozenset(["band", "cuff"]),
}
"""Parts by what they are called in words: what several kinds of product have and can lose."""
ROUND = frozenset(["bottle", "jar", "vase", "bowl", "plate", "can", "hat", "ball", "candle", "lamp"])
"""Products that look the same from all sides."""
PITCHES = (0.06, 0.68)
"""Lowest and highest view, radians downwards."""


@dataclass(frozen=True)
class _Spatial(Change):
    """Applies where it alters the geometry and the product stays in view before and after."""

    def applies(self, setup: Setup) -> bool:
        after = self.apply(setup)
        return after.geometry != setup.geometry and in_view(setup.geometry) and in_view(after.geometry)


@dataclass(frozen=True)
class _Turning(_Spatial):
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
class Tilt(_Spatial):
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


@change_kind("parts")
@dataclass(frozen=True)
class Part(_Spatial):
    """A part added or taken away, whatever each product calls it."""

    kind = "part"
    part: str
    """A key of ``PARTS``."""
    adds: bool

    @classmethod
    def sample(cls, rng: Random) -> Part:
        return cls(rng.choice(list(PARTS)), rng.random() < 0.5)

    @property
    def words(self) -> str:
        return f"add a {self.part}" if self.adds else f"remove the {self.part}"

    @property
    def names(self) -> frozenset[str]:
        return PARTS[self.part]

    @property
    def products(self) -> frozenset[str]:
        return frozenset(name for name, kind in KINDS.items() if self.names & set(kind.optional))

    @property
    def inverse(self) -> Part:
        return replace(self, adds=not self.adds)

    def prepare(self, setup: Setup) -> Setup:
        return self._with(setup, not self.adds)

    def apply(self, setup: Setup) -> Setup:
        return self._with(setup, self.adds)

    def _with(self, setup: Setup, present: bool) -> Setup:
        shape = setup.geometry.shape
        for part in self.names & set(KINDS[setup.kind].optional):
            shape = shape.with_part(part) if present else shape.without_part(part)
        return with_shape(setup, shape)


@change_kind("parts")
@dataclass(frozen=True)
class Lid(Part):
    """Opened or closed: the lid, cap or flap off or on."""

    kind = "lid"

    @classmethod
    def sample(cls, rng: Random) -> Lid:
        return cls("lid", rng.random() < 0.5)

    @property
    def words(self) -> str:
        return "put the lid on" if self.adds else "take the lid off"

    @property
    def names(self) -> frozenset[str]:
        return LIDS


@change_kind("place")
@dataclass(frozen=True)
class Move(_Spatial):
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
class Scale(_Spatial):
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


@change_kind("camera")
@dataclass(frozen=True)
class Raise(_Spatial):
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
class Relight(_Spatial):
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


@change_kind("look", "scene", "yaw", "tilt", "parts", "place", "size", "light")
@dataclass(frozen=True)
class Remove(Change):
    """The scene without the product."""

    kind = "remove"

    @classmethod
    def sample(cls, rng: Random) -> Remove:
        return cls()

    @property
    def words(self) -> str:
        return "remove the product"

    def applies(self, setup: Setup) -> bool:
        return setup.shown

    def apply(self, setup: Setup) -> Setup:
        return replace(setup, shown=False)
