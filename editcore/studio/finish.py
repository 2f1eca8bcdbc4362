"""What an object looks like, without shading it."""

from __future__ import annotations

from dataclasses import dataclass

from editcore.studio.vocabulary import Tone


@dataclass(frozen=True)
class Finish:
    """Material, colours and pattern of one part."""

    material: str = "ceramic"
    """One of MATERIALS."""
    colour: Tone | None = None
    """None: the material's natural colour."""
    second: Tone | None = None
    """Second colour of the pattern; None: white, or a dark grey on light colours."""
    pattern: str = "plain"
    """One of PATTERNS."""
    variety: str = ""
    """A wood for "wooden", a metal for "metal", a colour of marble for "marble"; "" for the usual one."""


@dataclass(frozen=True)
class Look(Finish):
    """Finish of the whole object, other finishes for some part slots, and the seed of everything unnamed."""

    parts: tuple[tuple[int, Finish], ...] = ()
    """(slot, finish) of the parts that differ from the body."""
    seed: int = 0
    """Pattern scale and phase, exposure, place of the grain."""
