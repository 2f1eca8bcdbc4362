"""What a word may be swapped for: the catalogue lexicon's own tables first, WordNet beside them.

Words are canonical names of the lexicon ("grey", "wooden", "polka dot", "mug"); nouns the lexicon does not know
are looked up in WordNet alone.
"""

from __future__ import annotations

from functools import cache

from editcore.lexicon import COLOURS, FAMILIES, kind_of
from editcore.lexicon.tables import canonical, nouns
from editcore.training.pairs import wordnet

RELATED_KINDS = (
    ("mug", "bowl", "vase", "bottle", "jar", "teapot", "plate", "pan", "can", "jug", "glass"),
    ("chair", "stool", "sofa", "table", "cushion", "bench"),
    ("lamp", "candle", "clock", "vase"),
    ("box", "handbag", "backpack", "suitcase"),
    ("shoe", "boot", "sandal", "hat"),
    ("ball", "teddy bear", "toy car", "plush"),
    ("glasses", "headphones", "watch", "hat"),
)
"""Product kinds a shop shows side by side. WordNet's siblings of such common words are few ("mug": "tankard")."""
FINISHES = ("matte", "glossy")
PLAIN = "plain"

VISIBLE = frozenset(
    ["rough", "smooth", "dark", "light", "bright", "dull", "thin", "fat", "tall", "short", "long", "round", "square",
     "straight", "curly", "wide", "narrow", "large", "small", "big", "little", "old", "new", "clean", "dirty", "empty",
     "full", "open", "shut", "opaque", "clear", "fancy", "sharp", "hard", "soft"]
)  # fmt: skip
"""Adjectives whose opposite a photo can show."""


@cache
def colours(name: str) -> tuple[str, ...]:
    """Every colour of another family: "navy" -> all that are not blue."""
    base = COLOURS[name].base if name in COLOURS else None
    return tuple(colour.name for colour in COLOURS.values() if colour.base != base)


def basic_colours(name: str) -> tuple[str, ...]:
    """The basic colours of another family; what to take when nothing is known of the pool."""
    return tuple(family for family in FAMILIES if family in colours(name))


@cache
def materials(name: str) -> tuple[str, ...]:
    """Other materials, woods and metals; a finish has one sibling, its opposite."""
    if name in FINISHES:
        return tuple(finish for finish in FINISHES if finish != name)
    every = (*canonical("material"), *canonical("wood"), *canonical("metal"))
    return tuple(
        word for word in every if word != name and word not in FINISHES and not _same_stuff(word, name)
    )


@cache
def patterns(name: str) -> tuple[str, ...]:
    """Other patterns; "plain" among them."""
    return tuple(word for word in canonical("pattern") if word != name)


@cache
def surfaces(name: str) -> tuple[str, ...]:
    """Other things to stand on, said without an article ("on sand")."""
    return tuple(word for word in canonical("surface") if word not in (name, "checker"))


@cache
def things(noun: str) -> tuple[str, ...]:
    """Other products: related kinds, others of the same coarse kind, WordNet's siblings; never a synonym."""
    kind = kind_of(noun)
    near = [other for group in RELATED_KINDS if kind in group or noun in group for other in group]
    group = [entry.name for entry in nouns().values() if kind and entry.kind == kind and kind != entry.name]
    found = dict.fromkeys([*near, *group, *wordnet.siblings(noun)])
    return tuple(w for w in found if w != noun and not (kind == w or (kind == kind_of(w) and _is_kind(kind))))


def qualities(adjective: str) -> tuple[str, ...]:
    """The opposite of an adjective, if both can be seen."""
    other = wordnet.opposite(adjective)
    return (other,) if adjective in VISIBLE and other in VISIBLE and other else ()


def _is_kind(kind: str | None) -> bool:
    """Whether the words of a kind are synonyms ("cup" and "mug"), not a group ("shirt" and "coat")."""
    return kind is not None and any(entry.name == kind for entry in nouns().values())


def _same_stuff(one: str, other: str) -> bool:
    """ "wooden" and "oak", "metal" and "brass": one holds the other."""
    woods, metals = canonical("wood"), canonical("metal")
    pair = {one, other}
    return ("wooden" in pair and bool(pair & set(woods))) or ("metal" in pair and bool(pair & set(metals)))
