"""Looks of objects, their public face: what a look is, how it is drawn and shaded."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import replace

from editcore.studio.finish import Finish, Look
from editcore.studio.kinds import KINDS
from editcore.studio.materials import METAL_COLOURS
from editcore.studio.scenes import NamedColour, draw_tone
from editcore.studio.shading import mean_rgb, neutral, shade
from editcore.studio.surfaces import MARBLE_COLOURS
from editcore.studio.vocabulary import PATTERNS, WOODS, Tone

__all__ = [
    "Finish",
    "Look",
    "differ",
    "dyed",
    "made_of",
    "mean_rgb",
    "natural_parts",
    "neutral",
    "sample_look",
    "shade",
]

_BLACK, _WHITE = Tone("black", (24, 24, 26)), Tone("white", (244, 243, 240))
NATURAL_PARTS: dict[str, Finish] = {
    "wick": Finish("matte", _BLACK),
    "face": Finish("matte", _WHITE),
    "hands": Finish("matte", _BLACK),
    "wheels": Finish("rubber", _BLACK),
    "windows": Finish("glossy", Tone("dark grey", (52, 60, 68))),
    "eyes": Finish("glossy", _BLACK),
    "bulb": Finish("glossy", Tone("warm white", (255, 244, 220))),
    "label": Finish("paper", _WHITE),
    "spoon": Finish("wooden", variety="oak"),
    "sole": Finish("rubber", _WHITE),
    "laces": Finish("fabric", _WHITE),
    "lenses": Finish("glossy", Tone("dark grey", (52, 60, 68))),
    "buckle": Finish("metal", variety="brass"),
    "zip": Finish("metal", variety="silver"),
}
"""Parts that have a look of their own on any product; not worth a word in a caption."""

SOFT_GOODS = frozenset(
    ["sofa", "teddy bear", "cushion", "backpack", "handbag", "hat", "shoe", "boot", "armchair", "pouf", "rug"]
)
_SOFT = ("fabric", "fabric", "leather", "leather", "velvet", "knitted", "denim", "matte")
_HARD = ("ceramic", "ceramic", "matte", "glossy", "plastic", "metal", "metal", "wooden", "wooden", "marble")
_RARE = ("stone", "concrete", "terracotta", "glass", "wicker", "cork", "paper", "rubber")
_UNPATTERNED = frozenset(
    ["wooden", "marble", "stone", "concrete", "metal", "glass", "wicker", "cork", "velvet"]
)


def sample_look(kind: str, rng: random.Random, colours: Mapping[str, NamedColour] | None = None) -> Look:
    """Draw a look that such a product may have, colours from the lexicon (or from ``colours``)."""
    body = _sample_finish(kind, rng, colours)
    parts = natural_parts(kind)
    free = sorted(set(range(1, len(KINDS[kind].parts))) - {slot for slot, _ in parts})
    if free and rng.random() < 0.4:
        slot = rng.choice(free)
        other = replace(body, pattern="plain", second=None, colour=draw_tone(rng, colours), variety="")
        if other.material in ("wooden", "marble", "metal") or rng.random() < 0.4:
            other = replace(_sample_finish(kind, rng, colours), pattern="plain", second=None)
        parts = (*parts, (slot, other))
    return Look(
        body.material,
        body.colour,
        body.second,
        body.pattern,
        body.variety,
        parts=parts,
        seed=rng.randrange(2**31),
    )


def natural_parts(kind: str) -> tuple[tuple[int, Finish], ...]:
    """(slot, finish) of the parts of a kind that keep a look of their own, such as tyres and clock hands."""
    names = KINDS[kind].parts
    return tuple(
        (slot, NATURAL_PARTS[name]) for slot, name in enumerate(names) if slot and name in NATURAL_PARTS
    )


def dyed(look: Look, colour: Tone) -> Look:
    """Recolour the body and the parts that have the body's colour; natural materials become painted ones."""
    parts = tuple(
        (slot, replace(finish, colour=colour) if finish.colour == look.colour else finish)
        for slot, finish in look.parts
    )
    second = look.second if look.second != colour else None
    natural = look.colour is None and look.material in ("wooden", "marble", "stone", "cork", "wicker")
    material = "matte" if natural else look.material
    return replace(look, material=material, colour=colour, second=second, variety="", parts=parts)


def made_of(kind: str, look: Look, material: str, variety: str, colour: Tone | None) -> Look:
    """The look in another material, undecorated; ``colour`` None: the material's own."""
    return replace(
        look, material=material, variety=variety, pattern="plain", second=None, colour=colour,
        parts=natural_parts(kind),
    )  # fmt: skip


def differ(first: Tone, second: Tone | None) -> bool:
    """Whether two colours are far enough apart for the change to be worth asking for; None is any other."""
    return second is None or sum(abs(a - b) for a, b in zip(first.rgb, second.rgb, strict=True)) > 90


def _sample_finish(kind: str, rng: random.Random, colours: Mapping[str, NamedColour] | None) -> Finish:
    usual = _SOFT if kind in SOFT_GOODS else _HARD
    name = rng.choice(usual if rng.random() < 0.82 else _RARE)
    colour, natural = draw_tone(rng, colours), rng.random()
    if name == "wooden" and natural < 0.85:
        return Finish(name, variety=rng.choice(WOODS))
    if name == "marble" and natural < 0.9:
        return Finish(name, variety=rng.choice(list(MARBLE_COLOURS)))
    if name == "metal" and natural < 0.6:
        return Finish(name, variety=rng.choice(list(METAL_COLOURS)))
    if name in ("cork", "wicker", "terracotta", "stone", "denim") and natural < 0.7:
        return Finish(name)
    if name in _UNPATTERNED or rng.random() < 0.6:
        return Finish(name, colour)
    return Finish(name, colour, draw_tone(rng, colours), rng.choice(PATTERNS[1:]))
