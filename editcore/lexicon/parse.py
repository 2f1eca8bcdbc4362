"""A merchandiser's words as a typed instruction."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from typing import Literal, cast

from editcore.lexicon.clauses import wished
from editcore.lexicon.colours import COLOURS, Colour
from editcore.lexicon.groups import names_product, scene_start
from editcore.lexicon.product import Look, product_noun, product_words, read_product
from editcore.lexicon.scene import Scene, read_scene
from editcore.lexicon.tables import vocabulary
from editcore.lexicon.tagging import PRODUCT, SCENE, Span, tag
from editcore.lexicon.tokens import clean, fold, tokenise
from editcore.lexicon.wording import placed

Target = Literal["product", "background", "region"]
Kind = Literal["recolour", "background", "material", "pattern", "part", "other"]


@dataclass(frozen=True)
class Instruction:
    """What an instruction asks for, in the studio's canonical names."""

    words: str
    """Normalised text for the text encoder: lower case, synonyms mapped to canonical words."""
    kind: Kind
    colour: Colour | None
    """The one colour asked for: of the product, or of a studio backdrop. It includes its modifiers. None for
    a floor setting, where ``wall`` and ``surface_colour`` say what has which colour."""
    material: str | None
    """One of the studio's MATERIALS."""
    pattern: str | None
    """One of the studio's PATTERNS; "plain" where one is to be removed."""
    surface: str | None
    """One of the studio's SURFACES, for a product standing on something."""
    setting: Literal["studio", "floor"] | None
    wall: Colour | None
    """Colour of the wall or backdrop."""
    style: str | None
    """Mood: warm, cool, bright, dark, light. Where it modifies a colour, the colour includes it already."""
    unknown: tuple[str, ...]
    """Words the lexicon does not know, as written."""
    surface_colour: Colour | None = None
    second_colour: Colour | None = None
    """Second colour of a pattern ("white" in "navy with white stripes") or of a two-colour floor."""
    variety: str | None = None
    """The wood or metal of the material: one of the studio's WOODS or METALS."""
    wall_finish: str | None = None
    """One of the studio's WALL_FINISHES."""
    part: str | None = None
    """The part that is named ("handle")."""
    noun: str | None = None
    """The product that is named, canonical singular."""


def parse(words: str, target: Target) -> Instruction:
    """Read an instruction for the product, the background or a named region.

    Never fails on odd words: what is not understood is in ``unknown``.

    Raises:
        ValueError: over 500 characters, or ``target`` is none of the three.
    """
    if target not in ("product", "background", "region"):
        raise ValueError(f"The target is {target!r}; expected product, background or region.")
    tokens = tokenise(clean(words))
    if target == "background":
        return _background(tag(tokens, SCENE))
    spans = tag(tokens, SCENE)
    start = _token_of(spans, scene_start(spans))
    described = tag(tokens[:start], PRODUCT)
    if target == "region":
        described = [_as_part(span) for span in described]
    return _product(described, tag(tokens[start:] if start is not None else [], SCENE))


@cache
def askable_colours() -> tuple[str, ...]:
    """Colours that are read as a colour in "make the mug ..." and "a ... backdrop": for captions.

    Nearly all of COLOURS; "walnut", "brass" or "denim" are materials there.
    """
    return tuple(
        name
        for name, colour in COLOURS.items()
        if parse(f"make the mug {name}", "product").colour == colour
        and parse(f"a {name} backdrop", "background").colour == colour
    )


def suggest(word: str) -> str | None:
    """The known word nearest to an unknown one ("terracota" -> "terracotta"), None if nothing is near."""
    import difflib

    near = difflib.get_close_matches(fold(word), sorted(vocabulary()), n=1, cutoff=0.78)
    return near[0] if near else None


def _background(spans: list[Span]) -> Instruction:
    asked = wished(spans)
    start = scene_start(asked)
    scene = read_scene(asked[start:] if names_product(asked, start) else asked)
    if scene.setting == "studio" and not scene.wall and any(span.key == "remove" for span in asked):
        scene.setting = None  # a background cannot be taken away, only replaced: no guess
    found = scene.setting is not None or scene.style is not None
    places = [place for place in scene.places if not (scene.surface and place.startswith("out"))]
    return _instruction(
        words=scene.phrase() if found else " ".join(span.key for span in asked if not span.is_break),
        kind="background",
        look=Look(),
        scene=scene,
        unknown=(*_unknown(spans), *places, *([] if found or places else _removals(asked))),
    )


def _product(spans: list[Span], scene_spans: list[Span]) -> Instruction:
    asked = wished(spans)
    look, scene = read_product(asked), read_scene(scene_spans)
    scene_words = placed(scene.phrase()) if scene.setting else ""
    return _instruction(
        words=" ".join(filter(None, [product_words(asked), scene_words])),
        kind="background" if look.kind == "other" and scene.setting else cast(Kind, look.kind),
        look=look,
        scene=scene,
        unknown=(*_unknown(spans), *_unknown(scene_spans)),
        noun=product_noun(asked),
    )


def _as_part(span: Span) -> Span:
    """Of a region that is named, "cushions" are the part of a sofa, not the product."""
    parts = {category: name for category, name in span.options.items() if category not in ("noun", "motif")}
    return replace(span, options=parts) if span.has("part") else span


def _token_of(spans: list[Span], index: int | None) -> int | None:
    """Position of the first token of a span."""
    return None if index is None else sum(len(span.tokens) for span in spans[:index])


def _instruction(
    words: str, kind: Kind, look: Look, scene: Scene, unknown: tuple[str, ...], noun: str | None = None
) -> Instruction:
    backdrop = scene.wall if kind == "background" and scene.setting == "studio" else None
    return Instruction(
        words=words,
        kind=kind,
        colour=look.colour or backdrop,
        material=look.material,
        pattern=look.pattern,
        surface=scene.surface,
        setting=scene.setting,
        wall=scene.wall,
        style=scene.style,
        unknown=tuple(dict.fromkeys(unknown)),
        surface_colour=scene.surface_colour,
        second_colour=look.second_colour or scene.second_colour,
        variety=look.variety,
        wall_finish=scene.finish,
        part=look.part,
        noun=noun,
    )


def _removals(spans: list[Span]) -> list[str]:
    return [span.tokens[0].text for span in spans if span.key == "remove"]


def _unknown(spans: list[Span]) -> list[str]:
    return [span.tokens[0].text for span in spans if span.is_unknown]
