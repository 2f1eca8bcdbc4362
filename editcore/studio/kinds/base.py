"""What a catalogue kind is, and a shape: one specimen of a kind."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from editcore.studio.gbuffer import PART_SLOTS
from editcore.studio.sdf import Array, Points, smooth_union

Present = frozenset[str]
Field = Callable[[Points, Present], dict[str, Array]]
"""Distance to each present part, by part name."""

KINDS: dict[str, Kind] = {}
"""Every catalogue kind by name."""

ROOM = (1.5, 2.2)
"""Every shape stays within |x|, |z| <= ROOM[0] and 0 <= y <= ROOM[1], object units."""


class Dice:
    """Reproducible choices of one specimen."""

    def __init__(self, *seed: int) -> None:
        self.generator = np.random.default_rng(seed)

    def __call__(self, low: float, high: float) -> float:
        return float(self.generator.uniform(low, high))

    def chance(self, share: float) -> bool:
        return bool(self.generator.random() < share)

    def pick(self, *options: str) -> str:
        return options[int(self.generator.integers(len(options)))]


@dataclass(frozen=True)
class Kind:
    """A catalogue kind: what it is called, what it is made of and how its specimens are made."""

    name: str
    nouns: tuple[str, ...]
    """Words for it in captions, the kind's own name first."""
    parts: tuple[str, ...]
    """Names of the part slots; slot 0 is the body."""
    optional: dict[str, int]
    """Parts that can be taken away or added, with their slot."""
    make: Callable[[Dice], Field]
    blend: float
    """Width of the fillet between parts, object units; 0 = sharp."""
    facing: float
    """Largest turn away from the viewer in catalogue pictures, radians."""
    two_sided: bool
    """Whether it is also shown from behind: a shoe with its toe to the left or to the right."""


def kind(
    *nouns: str,
    parts: Sequence[str],
    optional: Sequence[str] = (),
    blend: float = 0.0,
    facing: float = 3.1416,
    two_sided: bool = False,
) -> Callable[[Callable[[Dice], Field]], Callable[[Dice], Field]]:
    """Registers a maker as the kind ``nouns[0]``."""
    if len(parts) > PART_SLOTS:
        raise ValueError(f"{nouns[0]} has {len(parts)} parts; a G-buffer holds {PART_SLOTS}")

    def register(make: Callable[[Dice], Field]) -> Callable[[Dice], Field]:
        slots = {part: parts.index(part) for part in optional}
        KINDS[nouns[0]] = Kind(nouns[0], nouns, tuple(parts), slots, make, blend, facing, two_sided)
        return make

    return register


class Extent(NamedTuple):
    """Where a shape is: a box that surely holds it, and points spread over it (object units)."""

    low: tuple[float, float, float]
    high: tuple[float, float, float]
    cloud_N3: Array


@dataclass(frozen=True)
class Shape:
    """One specimen: a kind, the seed that made it and the parts it has. Hashable and cheap to copy."""

    kind: str
    seed: int
    present: Present

    def with_part(self, part: str) -> Shape:
        """This specimen with an optional part added."""
        return replace(self, present=self.present | {self._optional(part)})

    def without_part(self, part: str) -> Shape:
        """This specimen with an optional part taken away; all else stays where it is."""
        return replace(self, present=self.present - {self._optional(part)})

    def complete(self) -> Shape:
        """This specimen with every part it can have."""
        return replace(self, present=frozenset(KINDS[self.kind].parts))

    def _optional(self, part: str) -> str:
        options = KINDS[self.kind].optional
        if part not in options:
            raise ValueError(f"a {self.kind} has no removable part {part!r}; choose one of {sorted(options)}")
        return part

    def parts(self, p: Points) -> dict[str, Array]:
        """Distance to each part, by name."""
        return _field(self.kind, self.seed)(p, self.present)

    def distance(self, p: Points) -> Array:
        """Distance to the whole object."""
        blend = KINDS[self.kind].blend
        result: Array | None = None
        for distance in self.parts(p).values():
            if result is None:
                result = distance
            else:
                result = smooth_union(result, distance, blend) if blend else np.minimum(result, distance)
        assert result is not None
        return result

    def own(self, p: Points, direction: bool = False) -> Points:
        """Points (or directions) of the frame it stands in, in the frame it was modelled in; see ``standing.py``."""
        return p

    def extent(self) -> Extent:
        return _extent(self)


@lru_cache(maxsize=256)
def _field(kind_name: str, seed: int) -> Field:
    return KINDS[kind_name].make(Dice(zlib.crc32(kind_name.encode()), seed))


@lru_cache(maxsize=256)
def _extent(shape: Shape, cells: int = 28) -> Extent:
    """Cells that may hold some of the shape, found on a grid and then on one twice as fine."""
    half, top = ROOM
    step = 2 * half / cells
    xs, ys = np.arange(-half, half, step) + step / 2, np.arange(0, top, step) + step / 2
    grid = np.stack(np.meshgrid(xs, ys, xs, indexing="ij"), axis=-1).reshape(-1, 3)
    centres_N3: Array = grid.astype(np.float32)
    octants_83 = np.array([(x, y, z) for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)], np.float32) / 4
    for level in range(3):
        if level:
            centres_N3 = (centres_N3[:, None] + octants_83 * step).reshape(-1, 3)
            step /= 2
        distance = shape.distance(Points(*np.ascontiguousarray(centres_N3.T)))
        centres_N3 = centres_N3[distance < step * 0.87]  # farther than half its diagonal: the cell is empty
    low, high = (centres_N3.min(axis=0) - step / 2).tolist(), (centres_N3.max(axis=0) + step / 2).tolist()
    return Extent((low[0], low[1], low[2]), (high[0], high[1], high[2]), centres_N3)


def sample_shape(kind_name: str, seed: int) -> Shape:
    """The specimen ``seed`` of a kind; each optional part is there three times in four."""
    if kind_name not in KINDS:
        raise ValueError(f"unknown kind {kind_name!r}; the catalogue has {', '.join(sorted(KINDS))}")
    dice = Dice(zlib.crc32(kind_name.encode()), seed, 1)
    options = KINDS[kind_name].optional
    missing = {part for part in options if not dice.chance(0.75)}
    return Shape(kind_name, seed, frozenset(KINDS[kind_name].parts) - missing)
