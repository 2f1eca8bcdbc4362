"""The words of a caption that can be swapped, found with the lexicon.

Only what is said of the product itself counts, and of what it stands on or in front of: in "a brown teddy bear
with a blue hat on grass" these are brown, teddy bear and grass. The hat is a detail that no neighbour of the
pool would share.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from editcore.lexicon.groups import scene_start
from editcore.lexicon.tables import nouns, plural
from editcore.lexicon.tagging import DETERMINERS, PRODUCT, SCENE, Span, tag
from editcore.lexicon.tokens import Token, clean, keys, tokenise
from editcore.training.pairs import siblings, wordnet

Kind = Literal["noun", "colour", "material", "pattern", "setting", "quality"]
KINDS: tuple[Kind, ...] = ("noun", "colour", "material", "pattern", "setting", "quality")

_DETAIL = frozenset(["with", "featuring", "including", "shaped", "wearing", "holding", "like", "for"])
_SAID_AFTER = frozenset(["in", "of"])
"""After the noun an attribute counts when one of these comes before: "a mug in navy", "made of oak"."""


@dataclass(frozen=True)
class Slot:
    """A run of words that can be swapped."""

    kind: Kind
    word: str
    """Canonical name."""
    start: int
    """Where it begins in the caption, in characters; ``end`` is exclusive."""
    end: int
    options: tuple[str, ...]
    """Canonical names it may be swapped for."""
    is_plural: bool = False
    pool: str = ""
    """Under which name the words of the pool are counted: settings count colours and surfaces apart."""


@dataclass(frozen=True)
class Reading:
    """A caption as read."""

    caption: str
    slots: tuple[Slot, ...]
    noun: str
    """The product's noun as written, "" if none was found."""

    @property
    def product(self) -> str:
        """The product's canonical noun, "" if none was found."""
        return next((slot.word for slot in self.slots if slot.kind == "noun"), "")


def read(caption: str) -> Reading:
    """Find the slots of a caption (``sources.captions.tidy`` it first). A caption without known words has none."""
    caption = clean(caption)
    tokens = tokenise(caption)
    spans = tag(tokens, PRODUCT | SCENE)
    places = _places(caption, tokens)
    bounds, at = [], 0
    for span in spans:
        bounds.append((places[at][0], places[at + len(span.tokens) - 1][1]))
        at += len(span.tokens)
    scene = scene_start(spans)
    stop = len(spans) if scene is None else scene
    head = _head(spans, stop)
    found = _of_product(spans, bounds, stop, head)
    if scene is not None:
        found += _of_scene(spans, bounds, scene)
    noun = caption[slice(*bounds[head])] if head is not None else ""
    return Reading(caption, tuple(found), noun)


def _places(caption: str, tokens: Sequence[Token]) -> list[tuple[int, int]]:
    """Character range of each token; tokens stand in the caption in order."""
    places, cursor = [], 0
    for token in tokens:
        start = caption.index(token.text, cursor)
        cursor = start + len(token.text)
        places.append((start, cursor))
    return places


def _head(spans: Sequence[Span], stop: int) -> int | None:
    """The product's noun: the first that no other noun follows, before details and scene; unknown words count
    when WordNet knows them as things."""
    detail = (i for i in range(1, stop) if spans[i].key in _DETAIL and not spans[i].tokens[0].hyphenated)
    end = next(detail, stop)
    known = nouns()
    for i in range(end):
        following = spans[i + 1] if i + 1 < end else None
        entry = known.get(keys(spans[i].key))
        if entry is None or entry.kind == "generic" or spans[i].colour:
            continue
        if following is None or not (_is_noun(following) or following.tokens[0].hyphenated):
            return i
    return next((i for i in range(end) if spans[i].is_unknown and wordnet.siblings(spans[i].key)), None)


def _of_product(
    spans: Sequence[Span], bounds: Sequence[tuple[int, int]], stop: int, head: int | None
) -> list[Slot]:
    found: list[Slot] = []
    for i, span in enumerate(spans[:stop]):
        if i == head:
            entry = nouns().get(keys(span.key))
            name = entry.name if entry else span.key
            many = keys(plural(name)) == keys(span.key) != keys(name)
            lone = _plural_only(span.key) and not many
            options = tuple(word for word in siblings.things(name) if _plural_only(word) == lone)
            found.append(Slot("noun", name, *bounds[i], options, many, "noun"))
            continue
        if head is not None and i > head and spans[i - 1].key not in _SAID_AFTER:
            continue
        is_colour = i + 1 < len(spans) and spans[i + 1].key == "coloured"  # "walnut coloured" is no wood
        slot = _attribute(span, bounds[i], is_colour)
        if slot is not None:
            found.append(slot)
    return found


def _attribute(span: Span, place: tuple[int, int], is_colour: bool) -> Slot | None:
    """A colour, material, pattern or quality."""
    for category in ("wood", "metal", "material") if not (is_colour and span.colour) else ():
        if category in span.options:
            name = span.options[category]
            return Slot("material", name, *place, siblings.materials(name), pool="material")
    if span.colour is not None:
        return Slot("colour", span.colour.name, *place, siblings.colours(span.colour.name), pool="colour")
    if "pattern" in span.options:
        name = span.options["pattern"]
        return Slot("pattern", name, *place, siblings.patterns(name), pool="pattern")
    if not span.options and siblings.qualities(span.key):
        return Slot("quality", span.key, *place, siblings.qualities(span.key), pool="quality")
    return None


def _of_scene(spans: Sequence[Span], bounds: Sequence[tuple[int, int]], start: int) -> list[Slot]:
    """Colours of walls and backdrops, woods before "table", and surfaces that take no article ("on grass")."""
    found: list[Slot] = []
    for i in range(start, len(spans)):
        span, before = spans[i], spans[i - 1]
        following = spans[i + 1] if i + 1 < len(spans) else None
        if "surface" in span.options and before.key in ("on", "onto", "upon") and _ends(following):
            name = span.options["surface"]
            found.append(Slot("setting", name, *bounds[i], siblings.surfaces(name), pool="surface"))
        elif "wood" in span.options and following is not None and following.has("floor"):
            name = span.options["wood"]
            options = tuple(word for word in siblings.materials(name) if word in siblings.materials("metal"))
            found.append(Slot("setting", name, *bounds[i], options, pool="wood"))
        elif span.colour is not None and not span.has("surface", "wood", "material"):
            name = span.colour.name
            found.append(Slot("setting", name, *bounds[i], siblings.colours(name), pool="backdrop"))
    return found


def _is_noun(span: Span) -> bool:
    return span.has("noun") and not span.colour


def _plural_only(word: str) -> bool:
    """ "glasses", "headphones": no article fits, so they are swapped among themselves."""
    return word.endswith("s") and not word.endswith("ss")


def _ends(span: Span | None) -> bool:
    """Whether a surface's words end here: nothing follows, or no word it could describe."""
    return span is None or not (span.has("floor", "wall", "noun", "surface") or span.key in DETERMINERS)
