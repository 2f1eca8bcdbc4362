"""Phrases for captions and instructions: plain names in, varied natural English out.

Names are the canonical ones (colours of the lexicon, materials and surfaces of the studio). Every phrase
parses back to what it was made from, so training may show either the phrase or ``parse(phrase).words``.
"""

from __future__ import annotations

import re
from random import Random

from editcore.lexicon.tables import is_only_colour
from editcore.lexicon.wording import joined, look_words, material_words, placed, with_article

_ANY_PRODUCT = ("object", "product", "item", "thing")
_MOTIFS = {
    "striped": ("stripes", "horizontal stripes"),
    "vertical striped": ("vertical stripes", "pinstripes"),
    "polka dot": ("polka dots", "dots", "spots"),
    "checked": ("checks", "squares"),
    "floral": ("flowers",),
    "zigzag": ("zigzags", "chevrons"),
}
_SURFACE_PHRASES: dict[str, tuple[str, ...]] = {
    "painted wood": ("a {c} painted wooden table", "{c} painted boards", "a {c} painted table"),
    "rustic wood": ("rustic wood", "a weathered wooden table", "reclaimed wood", "a rustic wooden table"),
    "parquet": ("a parquet floor", "herringbone parquet", "parquet"),
    "terrazzo": ("a {c} terrazzo floor", "{c} terrazzo"),
    "granite": ("a granite worktop", "granite", "a granite counter"),
    "slate": ("a slate slab", "slate", "slate tiles"),
    "concrete": ("a {c} concrete floor", "{c} concrete", "a {c} concrete slab"),
    "linen": ("a {c} linen tablecloth", "{c} linen", "{c} linen cloth"),
    "cotton": ("a {c} tablecloth", "a {c} cotton cloth", "{c} cotton"),
    "velvet": ("{c} velvet", "a {c} velvet cloth"),
    "gingham": ("a {c} gingham tablecloth", "a {c} checked tablecloth", "a {c} picnic blanket"),
    "carpet": ("a {c} carpet", "{c} carpet"),
    "rug": ("a {c} rug", "a {c} patterned rug", "a {c} woven rug"),
    "fur": ("{c} fur", "a {c} fur rug", "a {c} fluffy rug"),
    "leather": ("{c} leather", "a {c} leather surface"),
    "tiles": ("{c} tiles", "a {c} tiled floor", "{c} kitchen tiles", "{c} ceramic tiles"),
    "checker": ("a {c} checkered floor", "a {c} chessboard floor", "{c} checkered tiles"),
    "brick": ("a {c} brick floor", "{c} bricks", "{c} brick paving"),
    "cobblestone": ("cobblestones", "a cobbled street", "stone paving"),
    "grass": ("grass", "a lawn", "green grass", "a meadow"),
    "sand": ("sand", "a sandy beach", "a beach"),
    "snow": ("snow", "fresh snow", "snowy ground"),
    "pebbles": ("pebbles", "a pebble beach", "gravel"),
    "moss": ("moss", "mossy ground", "a forest floor"),
    "soil": ("soil", "dark earth", "garden soil"),
    "autumn leaves": ("autumn leaves", "fallen leaves"),
    "water": ("water", "a wet surface", "rippling water"),
    "glass": ("a {c} glass table", "{c} glass", "a {c} glass shelf"),
    "metal": ("brushed steel", "a metal table", "a stainless steel counter"),
    "cork": ("cork", "a cork mat", "a cork board"),
    "paper": ("{c} paper", "{c} craft paper", "a sheet of {c} paper"),
    "plaster": ("{c} plaster", "a {c} plaster surface"),
}


def caption(rng: Random, look: str, scene: str | None = None, part: str | None = None) -> str:
    """A caption of a picture: the look ("navy mug"), where it stands, a part worth naming."""
    opening = rng.choice(["", "", "a photo of ", "a product photo of ", "a picture of "])
    named = joined(look, part and f"with {_thing(part)}")
    return opening + joined(with_article(named), scene and placed(scene))


def surface_phrase(rng: Random, surface: str, colour: str | None = None, second: str | None = None) -> str:
    """A surface as people say it: "a walnut table", "a navy linen tablecloth"."""
    if surface.endswith(" wood") and surface not in _SURFACE_PHRASES:
        wood = surface.removesuffix(" wood")
        forms: tuple[str, ...] = (
            f"a {wood} table",
            f"{wood} boards",
            f"a {wood} floor",
            surface,
            f"a {wood} desk",
        )
    elif surface.endswith("marble"):
        forms = (f"a {surface} counter", surface, f"a {surface} surface", f"a {surface} table")
    else:
        forms = _SURFACE_PHRASES.get(surface, (surface,))
    tone = f"{colour} and {second}" if colour and second else colour or ""
    form = re.sub(r" +", " ", rng.choice(forms).replace("{c}", tone)).strip()
    return with_article(form[2:]) if form.startswith("a ") else form


def scene_phrase(
    rng: Random,
    surface: str | None = None,
    colour: str | None = None,
    second: str | None = None,
    wall: str | None = None,
    finish: str | None = None,
    style: str | None = None,
) -> str:
    """A scene as people say it; facts as for ``scene_words``."""
    finish = finish if finish != "plain" else None
    if not surface:
        said = bool(wall and style and wall.split(" ")[0] == style)
        return _studio_phrase(rng, joined(None if said else style, wall), finish)
    behind = with_article(joined(wall, finish, "wall")) if wall or finish else None
    return joined(
        "on",
        surface_phrase(rng, surface, colour, second),
        behind and f"{rng.choice(['in front of', 'against', 'with'])} {behind}",
        style and f"in {style} light",
    )


def _studio_phrase(rng: Random, tone: str, finish: str | None) -> str:
    if finish:
        return f"{rng.choice(['in front of', 'against'])} {with_article(joined(tone, finish, 'wall'))}"
    if not tone:
        return rng.choice(["a studio background", "a studio backdrop"])
    return rng.choice(
        [
            with_article(f"{tone} studio background"),
            f"{tone} studio background",
            f"a plain {tone} background",
            with_article(f"{tone} backdrop"),
            f"in front of {with_article(f'{tone} wall')}",
            f"on {with_article(f'{tone} background')}",
            f"studio background in {tone}",
        ]
    )


def reference(rng: Random, noun: str) -> str:
    """How an instruction points at the product: "the mug", "this mug", "it", "the product"."""
    general = rng.choice(["it", *[f"the {word}" for word in _ANY_PRODUCT]])
    return rng.choice([f"the {noun}", f"the {noun}", f"this {noun}", general])


def recolour(rng: Random, noun: str, colour: str) -> str:
    """ "make the mug navy" """
    it = reference(rng, noun)
    plain = is_only_colour(colour) and is_only_colour(f"{colour} {noun}")  # not "coffee mug", "linen cushion"
    return rng.choice(
        [
            f"make {it} {colour}",
            f"make {it} {colour}",
            f"change the colour of {it} to {colour}",
            f"recolour {it} {colour}",
            f"turn {it} {colour}",
            f"paint {it} {colour}",
            f"{it} in {colour}",
            with_article(f"{colour} {noun}" if plain else f"{colour} coloured {noun}"),
            colour,
        ]
    )


def background(rng: Random, noun: str, scene: str) -> str:
    """ "put the mug on a walnut table"; ``scene`` from ``scene_words`` or ``scene_phrase``."""
    it = reference(rng, noun)
    change = f"change the background to {re.sub(r'^(on|in front of|against) ', '', scene)}"
    return rng.choice(
        [
            f"put {it} {placed(scene)}",
            f"{it} {placed(scene)}",
            f"{with_article(noun)} {placed(scene)}",
            scene,
            scene,
            change,
        ]
    )


def material(
    rng: Random, noun: str, material: str, variety: str | None = None, colour: str | None = None
) -> str:
    """ "turn the mug into walnut wood", "make the chair blue velvet" """
    it, name = reference(rng, noun), joined(colour, material_words(material, variety))
    return rng.choice(
        [
            f"make {it} {name}",
            f"make {it} out of {name}" if material != "wooden" or variety else f"make {it} {name}",
            f"turn {it} into {name}",
            f"change the material to {name}",
            with_article(f"{name} {noun}"),
        ]
    )


def pattern(
    rng: Random, noun: str, pattern: str, colour: str | None = None, second: str | None = None
) -> str:
    """ "give the mug blue stripes", "make it red and white striped"; pattern "plain" removes one."""
    it = reference(rng, noun)
    if pattern == "plain":
        plain = [f"make {it} plain {colour}"] if colour else [f"make {it} plain"]
        return rng.choice([*plain, f"remove the pattern from {it}"])
    named = look_words("", colour, pattern=pattern, second=second)
    forms = [f"make {it} {named}", with_article(f"{named} {noun}"), f"turn {it} {named}"]
    if pattern in _MOTIFS and not (colour and not second):
        motif = rng.choice(_MOTIFS[pattern])
        stripes = joined(second, motif)
        forms += (
            [f"make {it} {colour} with {stripes}"]
            if colour
            else [f"give {it} {stripes}", f"add {stripes} to {it}"]
        )
    return rng.choice(forms)


def _thing(part: str) -> str:
    """A part after "add" or "with": "a lid", but "cushions" and "piping"."""
    return part if part.endswith(("s", "piping", "trim")) else with_article(part)


def part(rng: Random, noun: str, part: str, add: bool, colour: str | None = None) -> str:
    """ "remove the handle from the mug", "add a red lid" """
    it = reference(rng, noun)
    if not add:
        return rng.choice(
            [f"remove the {part}", f"remove the {part} from {it}", f"{with_article(noun)} without the {part}"]
        )
    thing = _thing(joined(colour, part))
    return rng.choice([f"add {thing}", f"add {thing} to {it}", f"give {it} {thing}"])


def rotate(rng: Random, noun: str) -> str:
    """ "show the mug from another angle" """
    it = reference(rng, noun)
    return rng.choice([f"rotate {it}", f"turn {it} around", f"show {it} from another angle"])


def move(rng: Random, noun: str, direction: str) -> str:
    """ "move the mug to the left"; direction: left, right, up, down."""
    it = reference(rng, noun)
    side = f"to the {direction}" if direction in ("left", "right") else direction
    return rng.choice([f"move {it} {side}", f"shift {it} {side}"])


def scale(rng: Random, noun: str, bigger: bool) -> str:
    """ "make the mug bigger" """
    it = reference(rng, noun)
    forms = [f"make {it} bigger", f"enlarge {it}"] if bigger else [f"make {it} smaller", f"shrink {it}"]
    return rng.choice(forms)


def insert(rng: Random, look: str) -> str:
    """ "place a navy mug here"; ``look`` as from ``look_words``."""
    thing = with_article(look)
    return rng.choice([f"add {thing}", thing, f"place {thing} here", f"insert {thing}"])
