"""What a merchandiser says about a background: a studio colour, or a surface and a wall."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal

from editcore.lexicon.colours import Colour, is_modifier
from editcore.lexicon.tagging import DETERMINERS, Span
from editcore.lexicon.wording import scene_words

_PLACING = frozenset(["on", "onto", "upon", "against", "in", "into", "to", "with", "front", "over"])
_BOUNDARIES = _PLACING | {"and", "behind", "before", "from", "but", "then", "under"}
_SKIPPED_OBJECT = frozenset(["behind", "under", "underneath", "beneath", "below", "around", "beside", "for"])
_SEE_THROUGH = frozenset(["transparent", "translucent", "see through"])
_FILLING = DETERMINERS | {"and", "of", "sheet", "piece", "layer", "length", "roll", "pile"}
_STYLES = frozenset({"warm", "cool", "bright", "dark", "light"})
_MATERIAL_SURFACES = {
    "wooden": "oak wood", "marble": "white marble", "stone": "granite", "concrete": "concrete",
    "terracotta": "tiles", "fabric": "linen", "knitted": "carpet", "velvet": "velvet", "leather": "leather",
    "glass": "glass", "cork": "cork", "paper": "paper", "metal": "metal", "ceramic": "tiles",
}  # fmt: skip
_HEAD_SURFACES = {
    "table": ("oak wood", "painted wood"),
    "floor": ("oak wood", "painted wood"),
    "counter": ("white marble", "painted wood"),
    "plinth": ("plaster", "plaster"),
}
"""What a floor word means by itself, and with a colour."""
_COLOUR_FIRST = frozenset(
    ["slate", "gold", "copper", "brass", "silver", "chrome", "bronze", "rose gold", "cherry", "ebony",
     "mahogany", "linen", "cotton", "plaster", "stone", "sandstone", "terracotta", "steel", "earth", "clay",
     "alabaster"]
)  # fmt: skip
"""Bare words ("slate") that are the colour of a backdrop; other bare words ("snow") are what they name."""
_YIELDING = frozenset({"tiles", "cotton", "linen", "oak wood"})
"""Surfaces whose word is also a shape ("marble tiles"): a more specific material before it wins."""
_MARBLES = {
    "black": "black", "green": "green", "turquoise": "green", "grey": "grey", "blue": "grey", "pink": "pink",
    "red": "pink", "purple": "pink", "beige": "beige", "brown": "beige", "yellow": "beige",
    "orange": "beige",
}  # fmt: skip


@dataclass
class Scene:
    """The background asked for; everything None where the words do not say."""

    setting: Literal["studio", "floor"] | None = None
    surface: str | None = None
    surface_colour: Colour | None = None
    second_colour: Colour | None = None
    wall: Colour | None = None
    finish: str | None = None
    style: str | None = None
    places: list[str] = field(default_factory=list)
    """Words for what the studio cannot build: "kitchen", "transparent"."""

    def phrase(self) -> str:
        """The canonical words: "dark blue studio background", "on walnut wood in front of a sage wall"."""
        return scene_words(
            surface=self.surface,
            colour=_name(self.surface_colour),
            second=_name(self.second_colour),
            wall=_name(self.wall),
            finish=self.finish,
            style=self.style,
        )


@dataclass
class _Group:
    """Modifiers with the word they stand before: "walnut" + "table"."""

    modifiers: list[Span]
    head: Span | None
    placed: bool
    """Whether it follows "on"."""

    @property
    def is_wall(self) -> bool:
        return self.head is not None and self.head.has("wall")

    @property
    def colours(self) -> list[Colour]:
        return [span.colour for span in self.modifiers if span.colour]


def read_scene(spans: Sequence[Span]) -> Scene:
    """Interpret the spans of a background instruction (or of the part of it after the product)."""
    scene = Scene()
    for group in _groups(spans):
        if group.is_wall:
            _read_wall(group, scene)
        else:
            _read_surface(group, scene)
    if scene.surface:
        scene.setting = "floor"
    elif scene.wall:
        first = scene.wall.name.split(" ")[0]
        scene.style = scene.style or (first if first in _STYLES else None)
    return scene


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


def _groups(spans: Sequence[Span]) -> list[_Group]:
    groups: list[_Group] = []
    pending: list[Span] = []
    placed = skipping = False

    def flush(rest: Sequence[Span], head: Span | None = None) -> None:
        nonlocal pending
        late = head is None and not placed and _are_late(pending, rest)
        if groups and late and not groups[-1].colours:
            groups[-1].modifiers += pending  # "a wall painted sage", "studio background in dark blue"
        elif pending or head:
            before_wall = head is None and any(s.has("wall") for s in rest)
            groups.append(_Group(pending, head, placed or before_wall))
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
    return groups


def _are_late(pending: Sequence[Span], rest: Sequence[Span]) -> bool:
    """Colours that can only belong to what was named before them, not to a surface before a wall to come."""
    materials = [span for span in pending if span.has("surface", "wood", "metal", "material")]
    bare = len(pending) == 1 and pending[0].key in _COLOUR_FIRST and not any(s.has("wall") for s in rest)
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


def _read_wall(group: _Group, scene: Scene) -> None:
    is_backdrop = group.head is not None and group.head.options["wall"] == "background"
    finishes = [span for span in group.modifiers if span.has("finish")][-1:]
    scene.places += [span.key for span in group.modifiers if span.key in _SEE_THROUGH or span.has("place")]
    if is_backdrop and any(_only_surface(span) for span in group.modifiers):
        return _read_surface(_Group(group.modifiers, None, True), scene)
    colours = [span.colour for span in group.modifiers if span.colour and span not in finishes]
    scene.wall = scene.wall or next(iter(colours), None)
    scene.finish = scene.finish or next((span.options["finish"] for span in finishes), None)
    scene.style = scene.style or _style(group.modifiers)
    if scene.setting is None:
        scene.setting = "studio"


def _only_surface(span: Span) -> bool:
    """A word that can only be what something stands on: the marble of "marble background"."""
    surface = span.has("surface", "wood", "material") and span.key not in _SEE_THROUGH
    return surface and not (span.colour or span.has("finish", "style"))


def _read_surface(group: _Group, scene: Scene) -> None:
    surface = _surface(group)
    if surface is None:
        scene.places += [span.key for span in group.modifiers if span.has("place")]
    scene.style = scene.style or _style(group.modifiers)
    if surface is None:
        colours = [s.colour for s in group.modifiers if s.colour and not s.has("place")]
        if colours and not scene.wall and not scene.surface:
            scene.wall, scene.setting = colours[0], scene.setting or "studio"
        return
    if scene.surface:
        return
    names = [s.colour for s in group.modifiers if s.colour and not _is_surface_word(s, group)]
    scene.surface, scene.surface_colour, scene.second_colour = _coloured(surface, names, group)


def _coloured(surface: str, names: list[Colour], group: _Group) -> tuple[str, Colour | None, Colour | None]:
    """The surface with its colours; natural woods and marbles take theirs into the name."""
    first, second = [*names, None, None][:2]
    if first and surface.endswith("marble"):
        return f"{_MARBLES.get(first.base, 'white')} marble", None, None
    if first and surface == "oak wood" and not any(s.has("wood") for s in group.modifiers):
        natural = {"brown": "dark oak wood", "beige": "light oak wood"}.get(first.base)
        return (natural, None, None) if natural else ("painted wood", first, None)
    return surface, first, second


def _surface(group: _Group) -> str | None:
    """The surface a group names: the most specific word before the head, or the head's own."""
    candidates = [_surface_of(s) for s in group.modifiers if _is_surface_word(s, group)]
    named = [c for c in candidates if c]
    specific = [c for c in named if c not in _YIELDING]
    if specific or named:
        return (specific or named)[0]
    if group.head is None:
        return None
    plain, coloured = _HEAD_SURFACES[group.head.options["floor"]]
    return coloured if group.colours else plain


def _surface_of(span: Span) -> str | None:
    if span.key in _SEE_THROUGH:
        return None
    if span.has("surface") and not (span.has("wood") and span.has("colour")):
        return span.options["surface"]
    if span.has("wood"):
        return f"{span.options['wood']} wood"
    if span.has("metal"):
        return "metal"
    return _MATERIAL_SURFACES.get(span.options.get("material", ""))


def _is_surface_word(span: Span, group: _Group) -> bool:
    """Whether a word that may be a colour is a surface here ("on slate", "walnut table")."""
    if not span.has("surface", "wood", "metal", "material"):
        return False
    if not span.colour:
        return True
    later = group.modifiers[group.modifiers.index(span) + 1 :]
    if any(s.has("surface", "wood", "metal", "material") for s in later):
        return False
    return group.placed or group.head is not None or len(group.modifiers) > 1 or span.key not in _COLOUR_FIRST


def _name(colour: Colour | None) -> str | None:
    return colour.name if colour else None


def _style(spans: Sequence[Span]) -> str | None:
    return next((span.options["style"] for span in spans if span.has("style")), None)
