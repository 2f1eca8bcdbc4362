"""Captions in the lexicon's canonical wording: what ``prompts.prompt`` hands a model in the style ``caption``.

Every row of the comparison is told captions of the result, so the base must know their forms: "a navy mug", "a velvet
product", "a product on walnut wood in front of a sage wall".
"""

from __future__ import annotations

from functools import cache
from random import Random

from editcore.lexicon import parse
from editcore.lexicon.wording import look_words, placed, with_article
from editcore.studio.captions import look_words as full_look
from editcore.studio.captions import scene_words
from editcore.studio.photograph import Setup

ANY = "product"
"""What ``describe`` calls a product that the words do not name."""


def of_product(setup: Setup) -> list[str]:
    """True captions of the product alone, the full one first."""
    look, noun = setup.look, _canonical(setup.noun)
    colour, second = (tone.name if tone else None for tone in (look.colour, look.second))
    material = {"material": look.material, "variety": look.variety or None}
    forms = [full_look(look, noun)]
    for name in (noun, ANY):
        forms.append(look_words(name, **material))
        if colour:
            forms.append(look_words(name, colour))
            forms.append(look_words(name, colour, **material))
            forms.append(look_words(name, colour, pattern=look.pattern, second=second))
    return list(dict.fromkeys(map(with_article, forms)))


def of_scene(setup: Setup) -> list[str]:
    """True captions of where the product is."""
    scene = placed(scene_words(setup.scene))
    return [f"{with_article(name)} {scene}" for name in (ANY, _canonical(setup.noun))]


def in_full(setup: Setup) -> str:
    """Everything visible: "a navy ceramic mug on walnut wood in front of a sage wall"."""
    return f"{of_product(setup)[0]} {placed(scene_words(setup.scene))}"


def as_sold(setup: Setup, rng: Random) -> str:
    """What a shop might have written: mostly everything, at times the product alone."""
    return in_full(setup) if rng.random() < 0.7 else of_product(setup)[0]


@cache
def _canonical(noun: str) -> str:
    """The lexicon's name of a product: "backpack" for a rucksack."""
    return parse(f"make the {noun} red", "product").noun or noun
