"""Backgrounds, their public face: what a scene is, how it is drawn, painted and put behind an object."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from typing import Protocol

from editcore.studio.composite import compose
from editcore.studio.perspective import horizon_row
from editcore.studio.rooms import paint, paint_floor
from editcore.studio.setting import Scene
from editcore.studio.vocabulary import (
    COLOURED_SURFACES,
    OUTDOOR_SURFACES,
    STYLES,
    SURFACES,
    WALL_FINISHES,
    Tone,
)

__all__ = [
    "COMMON",
    "NamedColour",
    "Scene",
    "compose",
    "draw_tone",
    "horizon_row",
    "paint",
    "paint_floor",
    "sample_scene",
]

COMMON = (
    "red", "orange", "yellow", "green", "blue", "navy", "purple", "pink", "brown", "beige", "cream", "white",
    "black", "grey", "teal", "turquoise", "gold", "silver", "olive", "maroon", "lavender", "mint", "sky blue",
    "light grey", "charcoal", "sage", "terracotta", "mustard", "coral", "tan",
)  # fmt: skip
"""Colours that customers name most."""
QUIET = ("white", "cream", "light grey", "grey", "beige", "charcoal")
"""Colours that most walls have."""


class NamedColour(Protocol):
    """What the samplers need of a colour of the lexicon."""

    @property
    def name(self) -> str: ...
    @property
    def rgb(self) -> tuple[int, int, int]: ...


def sample_scene(rng: random.Random, colours: Mapping[str, NamedColour] | None = None) -> Scene:
    """Draw a scene: 45 % studio sweeps, else a floor of any surface with a wall."""
    style = rng.choice(STYLES) if rng.random() < 0.35 else ""
    seed, blur = rng.randrange(2**31), rng.random() if rng.random() < 0.6 else 0.0
    if rng.random() < 0.45:
        return Scene("studio", draw_tone(rng, colours), style=style, seed=seed)
    surface = rng.choice(SURFACES)
    dye = draw_tone(rng, colours) if surface in COLOURED_SURFACES and rng.random() < 0.8 else None
    second = draw_tone(rng, colours) if surface == "checker" and dye else None
    if surface in OUTDOOR_SURFACES:
        wall = Tone("sky blue", (150, 196, 235))
        return Scene("floor", None, surface, wall=wall, style=style, seed=seed, blur=blur)
    wall = draw_tone(rng, colours, QUIET if rng.random() < 0.5 else COMMON)
    finish = "plain" if rng.random() < 0.6 else rng.choice(WALL_FINISHES)
    return Scene("floor", dye, surface, second, wall, finish, style, seed, blur)


def draw_tone(
    rng: random.Random, colours: Mapping[str, NamedColour] | None = None, usual: Sequence[str] = COMMON
) -> Tone:
    """A named colour: often one of ``usual``, else any of the lexicon (or of ``colours``)."""
    if colours is None:
        from editcore.lexicon import COLOURS

        colours = COLOURS
    known = [name for name in usual if name in colours]
    share = 0.9 if usual is QUIET else 0.4
    colour = colours[rng.choice(known if known and rng.random() < share else list(colours))]
    return Tone(colour.name, colour.rgb)
