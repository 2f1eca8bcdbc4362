"""Changes of what is there: parts and lids of the product, or the product itself."""

from __future__ import annotations

from dataclasses import dataclass, replace
from random import Random

from editcore.studio.changes.base import Change, Spatial, change_kind, with_shape
from editcore.studio.kinds import KINDS
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


@change_kind("parts")
@dataclass(frozen=True)
class Part(Spatial):
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
