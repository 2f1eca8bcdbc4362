"""The tables of the lexicon in memory: every phrase with the categories it may stand for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from editcore.lexicon.tokens import keys

Key = tuple[str, ...]

STOP_WORDS = frozenset(
    """
    a an the this that these those it its them they one ones my our your his her their some any each every all both
    same other another such which what so as is are be been being was were am has have had do does did done will
    would should could can may might must shall let lets
    please kindly just simply only also too really very quite more most much less least bit little slightly
    completely entirely fully totally totals instead rather than not no dont never without except keep leave
    leaving keeping i me we us you he she want wants wanted like likes need needs love prefer wish
    of in on onto upon into to from for at by with within against behind under underneath beneath below above over
    around beside next near between among before after front side left right up down out off away back top bottom
    inside along across through and or but then if when while until
    make makes making made put puts place placed placing set setting change changes changed changing turn turns
    turned turning give gives given add adds added adding remove removes removed removing delete take takes taking
    replace replaces replaced replacing swap swapped switch switched convert converted transform recolour recoloured
    recolours recolouring colour coloured colours colouring tint tinted tints dye dyed paint painted paints painting
    shade tone toned hue finish finished finishing look looks looking appear show shows shown display displayed
    render rendered create generate insert apply use using used try keep rotate rotated rotating spin flip move
    moved moving shift slide scale scaled scaling resize enlarge shrink bigger smaller larger big small large tall
    short tiny huge wide narrow long thin thick round square open close closed attach detach drop lose erase get rid
    wear cover covered wrap wrapped stand standing sit sitting sits stands lie lying lies rest resting lay laid
    photograph photographed photo picture image shot view angle degrees degree clockwise anticlockwise
    counterclockwise way closer further
    material materials pattern patterns patterned print printed texture textured style styled design effect
    surface colourway version variant version made look feel kind type sort
    natural nice beautiful elegant modern classic simple clean neat pretty fancy luxury luxurious cheap new old
    fresh fine good great better best premium minimal minimalist minimalistic smooth rough brushed polished raw
    handmade antique vintage retro rustic weathered worn shabby solid empty full neutral colourful
    real realistic professional commercial catalogue product studio seamless gradient vignette blurred blurry
    bokeh focus sharp
    shadow shadows soft hard light lights lighting lit glow highlight highlights reflection reflections
    background backdrop wall floor entire whole
    here there now again still directly carefully exactly
    """.split()
)
"""Words that carry no attribute of their own; known, never reported."""

FILLERS = frozenset(
    "please kindly just simply really quite could would can you i we want like need lets let should".split()
)
"""Stop words left out of the text for the encoder."""


@dataclass(frozen=True)
class Noun:
    """A product noun."""

    name: str
    """Canonical singular; a studio kind's own name for its synonyms ("couch" -> "sofa")."""
    kind: str
    """Coarse kind: a studio kind ("sofa") or a group ("cookware")."""


def _rows(name: str) -> Iterator[list[str]]:
    for line in files(__package__).joinpath(name).read_text("utf-8").splitlines():
        if line.strip() and not line.startswith("#"):
            yield line.split("\t")


@cache
def terms() -> dict[Key, dict[str, str]]:
    """Phrase -> {category: canonical name}; nouns have the category "noun"."""
    table: dict[Key, dict[str, str]] = {}
    for category, canonical, phrases in _rows("terms.tsv"):
        for phrase in phrases.split("|"):
            table.setdefault(keys(phrase), {}).setdefault(category, canonical)
    for key, noun in nouns().items():
        table.setdefault(key, {})["noun"] = noun.name
    return table


@cache
def canonical(category: str) -> tuple[str, ...]:
    """Canonical names of one category, in the order of the table."""
    return tuple(dict.fromkeys(name for group, name, _ in _rows("terms.tsv") if group == category))


@cache
def nouns() -> dict[Key, Noun]:
    """Every product noun, singular and plural."""
    table: dict[Key, Noun] = {}
    for kind, entries in _rows("nouns.tsv"):
        for entry in entries.split("|"):
            singular, _, irregular = entry.partition("=")
            noun = Noun(kind[:-1] if kind.endswith("*") else singular, kind.rstrip("*"))
            for form in (singular, irregular or plural(singular)):
                table.setdefault(keys(form), noun)
    return table


@cache
def kind_of(noun: str) -> str | None:
    """Coarse kind of a noun in singular or plural, None if the lexicon does not know it."""
    found = nouns().get(keys(noun))
    return found.kind if found else None


def plural(noun: str) -> str:
    """Regular English plural of the last word."""
    if noun.endswith(("s", "x", "z", "ch", "sh")):
        return noun + "es"
    if noun.endswith("y") and noun[-2:-1] not in "aeiou":
        return noun[:-1] + "ies"
    return noun + "s"


@cache
def longest() -> int:
    """Length of the longest phrase, in words."""
    return max(map(len, terms()))


@cache
def vocabulary() -> frozenset[str]:
    """Every single word the lexicon knows."""
    from editcore.lexicon.colours import colour_words

    return frozenset(word for phrase in terms() for word in phrase) | STOP_WORDS | colour_words()
