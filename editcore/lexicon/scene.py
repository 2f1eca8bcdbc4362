"""What a merchandiser says about a background: a studio colour, or a surface and a wall."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from editcore.lexicon.colours import Colour
from editcore.lexicon.groups import COLOUR_FIRST, Group, groups
from editcore.lexicon.tagging import Span
from editcore.lexicon.wording import scene_words

_SEE_THROUGH = frozenset(["transparent", "translucent", "see through"])
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


def read_scene(spans: Sequence[Span]) -> Scene:
    """Interpret the spans of a background instruction (or of the part of it after the product)."""
    scene = Scene()
    for group in groups(spans):
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


def _read_wall(group: Group, scene: Scene) -> None:
    is_backdrop = group.head is not None and group.head.options["wall"] == "background"
    finishes = [span for span in group.modifiers if span.has("finish")][-1:]
    scene.places += [span.key for span in group.modifiers if span.key in _SEE_THROUGH or span.has("place")]
    if is_backdrop and any(_only_surface(span) for span in group.modifiers):
        return _read_surface(Group(group.modifiers, None, True), scene)
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


def _read_surface(group: Group, scene: Scene) -> None:
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


def _coloured(surface: str, names: list[Colour], group: Group) -> tuple[str, Colour | None, Colour | None]:
    """The surface with its colours; natural woods and marbles take theirs into the name."""
    first, second = [*names, None, None][:2]
    if first and surface.endswith("marble"):
        return f"{_MARBLES.get(first.base, 'white')} marble", None, None
    if first and surface == "oak wood" and not any(s.has("wood") for s in group.modifiers):
        natural = {"brown": "dark oak wood", "beige": "light oak wood"}.get(first.base)
        return (natural, None, None) if natural else ("painted wood", first, None)
    return surface, first, second


def _surface(group: Group) -> str | None:
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


def _is_surface_word(span: Span, group: Group) -> bool:
    """Whether a word that may be a colour is a surface here ("on slate", "walnut table")."""
    if not span.has("surface", "wood", "metal", "material"):
        return False
    if not span.colour:
        return True
    later = group.modifiers[group.modifiers.index(span) + 1 :]
    if any(s.has("surface", "wood", "metal", "material") for s in later):
        return False
    return group.placed or group.head is not None or len(group.modifiers) > 1 or span.key not in COLOUR_FIRST


def _name(colour: Colour | None) -> str | None:
    return colour.name if colour else None


def _style(spans: Sequence[Span]) -> str | None:
    return next((span.options["style"] for span in spans if span.has("style")), None)
