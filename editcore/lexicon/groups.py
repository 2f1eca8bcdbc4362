"""The phrases of a background: where it begins, and its words by the floor or wall they stand before."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from editcore.lexicon.colours import Colour, is_modifier
from editcore.lexicon.tagging import DETERMINERS, Span

_PLACING = frozenset(["on", "onto", "upon", "against", "in", "into", "to", "with", "front", "over"])
_BOUNDARIES = _PLACING | {"and", "behind", "before", "from", "but", "then", "under"}
_SKIPPED_OBJECT = frozenset(["behind", "under", "underneath", "beneath", "below", "around", "beside", "for"])
_FILLING = DETERMINERS | {"and", "of", "sheet", "piece", "layer", "length", "roll", "pile"}
COLOUR_FIRST = frozenset(
    ["slate", "gold", "copper", "brass", "silver", "chrome", "bronze", "rose gold", "cherry", "ebony",
     "mahogany", "linen", "cotton", "plaster", "stone", "sandstone", "terracotta", "steel", "earth", "clay",
     "alabaster"]
)  # fmt: skip
"""Bare words ("slate") that are the colour of a backdrop; other bare words ("snow") are what they name."""


@dataclass
class Group:
    """Modifiers with the word they stand before: "walnut" + "table"."""

    modifiers: list[Span]
    head: Span | None
    placed: bool
    """Whether it follows "on", or a wall is still to come."""

    @property
    def is_wall(self) -> bool:
        """Whether it is a wall or a backdrop."""
        return self.head is not None and self.head.has("wall")

    @property
    def colours(self) -> list[Colour]:
        """Colours among the modifiers, whatever else they may be."""
        return [span.colour for span in self.modifiers if span.colour]


def scene_start(spans: Sequence[Span]) -> int | None:
    """Where the background begins in words that may name the product first, None if nowhere.

    It begins at a preposition after which a surface, a floor or a wall comes before any product noun.
    """
    for i, span in enumerate(spans):
        on = span.key in ("on", "onto", "upon")
        if span.key in _PLACING and _leads_to_scene(spans[i + 1 :], strict=not on):
            return i
    return None


def names_product(spans: Sequence[Span], start: int | None) -> bool:
    """Whether the words before the background name the product: "the mug on grass", "the table on grass"."""
    before = spans[:start] if start else []
    if any(_is_product(spans, i) for i in range(len(before))):
        return True
    return bool(before) and before[-1].has("noun") and spans[len(before)].key in ("on", "onto", "upon")


def _is_product(spans: Sequence[Span], i: int) -> bool:
    pointed_at = i > 0 and spans[i - 1].key in DETERMINERS
    return (
        spans[i].has("noun")
        and not spans[i].has("surface", "floor", "wall")
        and (not spans[i].colour or pointed_at)
    )


def _leads_to_scene(spans: Iterable[Span], strict: bool) -> bool:
    for span in spans:
        if span.has("wall", "floor") or (span.has("surface") and not strict):
            return True
        described = span.is_attribute or span.has("style", "surface", "finish")
        if not described and span.key not in _FILLING and not is_modifier(span.key):
            return False
    return False


def groups(spans: Sequence[Span]) -> list[Group]:
    """The groups of a background instruction, in order."""
    found: list[Group] = []
    pending: list[Span] = []
    placed = skipping = False

    def flush(rest: Sequence[Span], head: Span | None = None) -> None:
        nonlocal pending
        late = head is None and not placed and _are_late(pending, rest)
        if found and late and not found[-1].colours:
            found[-1].modifiers += pending  # "a wall painted sage", "studio background in dark blue"
        elif pending or head:
            before_wall = head is None and any(s.has("wall") for s in rest)
            found.append(Group(pending, head, placed or before_wall))
        pending = []

    for i, span in enumerate(spans):
        if span.key in _SKIPPED_OBJECT or span.is_break or span.key in _BOUNDARIES:
            if _joins_colours(spans, i):
                continue
            flush(spans[i:])
            skipping = span.key in _SKIPPED_OBJECT
            placed = span.key in ("on", "onto", "upon") or (placed and span.key == "and")
        elif skipping and span.has("noun"):
            pending = []
        elif span.has("wall", "floor") and not _is_modifier(spans, i):
            flush(spans[i:], span)
        elif _describes(span):
            pending.append(span)
    flush([])
    return found


def _are_late(pending: Sequence[Span], rest: Sequence[Span]) -> bool:
    """Colours that can only belong to what was named before them, not to a surface before a wall to come."""
    materials = [span for span in pending if span.has("surface", "wood", "metal", "material")]
    bare = len(pending) == 1 and pending[0].key in COLOUR_FIRST and not any(s.has("wall") for s in rest)
    if materials and not bare:
        return False
    return bool(pending) and all(span.colour or span.has("style") for span in pending)


def _describes(span: Span) -> bool:
    return span.has("colour", "surface", "wood", "metal", "material", "finish", "style", "place")


def _is_modifier(spans: Sequence[Span], i: int) -> bool:
    """ "studio" of "studio wall", "floor" of "floor tiles": the next word is the head."""
    following = spans[i + 1] if i + 1 < len(spans) else None
    return following is not None and following.has("wall", "floor", "surface") and spans[i].key != "wall"


def _joins_colours(spans: Sequence[Span], i: int) -> bool:
    joined = 0 < i < len(spans) - 1 and spans[i].key == "and"
    return joined and bool(spans[i - 1].colour and spans[i + 1].colour)
