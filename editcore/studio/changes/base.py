"""What a change is: a transformation that can be made to many different setups.

An ``Edit`` (``studio/edits.py``) belongs to one setup; a ``Change`` has everything settled but the setup: "make it
navy", "turn it 50 degrees to the left". Making the same change to different products gives the pairs that Edit
Transfer learns from, each with its exact target, the photograph of the changed setup.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from random import Random
from typing import ClassVar

from editcore.studio.framing import LIMIT, Pose, outline
from editcore.studio.kinds import Shape
from editcore.studio.looks import Look
from editcore.studio.photograph import Geometry, Setup
from editcore.studio.standing import standing

CHANGES: dict[str, Callable[[Random], Change]] = {}
"""Every kind of change by name: draws one with everything settled."""


@dataclass(frozen=True)
class Change:
    """One transformation. Hashable; equal changes make equal targets of equal setups."""

    kind: ClassVar[str]
    """A key of ``CHANGES``."""
    touches: ClassVar[frozenset[str]]
    """What of a setup it alters; changes that touch different things can be made together, in any order."""

    @property
    def words(self) -> str:
        """A short phrase naming the transformation: "make it navy"."""
        raise NotImplementedError

    @property
    def products(self) -> frozenset[str] | None:
        """Catalogue kinds it can be made to; None: any."""
        return None

    @property
    def inverse(self) -> Change | None:
        """The change that undoes it, where one of the same kind does."""
        return None

    def applies(self, setup: Setup) -> bool:
        """Whether it can be made to this setup and would change it; the product stays whole in the picture."""
        raise NotImplementedError

    def prepare(self, setup: Setup) -> Setup:
        """The setup as it must be before the change, where that can be arranged: closed, to be opened."""
        return setup

    def apply(self, setup: Setup) -> Setup:
        """The setup with the change made; what it does not touch stays as it is."""
        raise NotImplementedError


def change_kind(*touches: str) -> Callable[[type[Change]], type[Change]]:
    """Registers a class of changes; ``sample(rng)`` of the class draws one."""

    def register(cls: type[Change]) -> type[Change]:
        cls.touches = frozenset(touches)
        CHANGES[cls.kind] = cls.sample  # type: ignore[attr-defined]
        return cls

    return register


def sample_change(kind: str, rng: Random) -> Change:
    """A change of ``kind`` with everything settled: the colour, the angle, the scene."""
    if kind not in CHANGES:
        raise ValueError(f"unknown kind of change {kind!r}; choose one of {', '.join(CHANGES)}")
    return CHANGES[kind](rng)


def composes(first: Change, second: Change) -> bool:
    """Whether both can be made to one setup with the same result in either order."""
    return not first.touches & second.touches


def in_view(geometry: Geometry) -> bool:
    """Whether the camera sees the whole product."""
    cloud_N3 = standing(geometry.shape, geometry.pose).extent().cloud_N3
    left, right, bottom, top = outline(geometry.pose.to_world(cloud_N3), geometry.camera)
    return max(-left, right, -bottom, top) < LIMIT + 0.03


@dataclass(frozen=True)
class Spatial(Change):
    """Applies where it alters the geometry and the product stays in view before and after."""

    def applies(self, setup: Setup) -> bool:
        after = self.apply(setup)
        return after.geometry != setup.geometry and in_view(setup.geometry) and in_view(after.geometry)


# --- a setup with one thing replaced


def with_look(setup: Setup, look: Look) -> Setup:
    return replace(setup, look=look)


def with_shape(setup: Setup, shape: Shape) -> Setup:
    return replace(setup, geometry=replace(setup.geometry, shape=shape))


def with_pose(setup: Setup, pose: Pose) -> Setup:
    return replace(setup, geometry=replace(setup.geometry, pose=pose))
