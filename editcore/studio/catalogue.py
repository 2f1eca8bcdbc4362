"""A small shop's catalogue: two dozen products, each in a look and a setting of its own.

Unlike ``photograph.sample_setup``, which draws anything that can be shown, this is what a shop would show:
quiet looks, pale sweeps, a few floors.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from editcore.lexicon import COLOURS
from editcore.studio.captions import look_words, scene_words
from editcore.studio.finish import Finish, Look
from editcore.studio.kinds import KINDS
from editcore.studio.looks import natural_parts
from editcore.studio.photograph import Setup, sample_setup
from editcore.studio.scenes import Scene
from editcore.studio.vocabulary import Tone


@dataclass(frozen=True)
class Product:
    """One line of the catalogue."""

    sku: str
    category: str
    description: str
    """Product and setting in words."""
    setup: Setup


def tone(name: str) -> Tone:
    """A colour of the lexicon as the studio takes it."""
    return Tone(name, COLOURS[name].rgb)


def _finish(words: str) -> Finish:
    """ "ceramic, navy", "fabric, navy, white, striped", "wooden: oak", "metal: brass" """
    material, *rest = (word.strip() for word in words.split(","))
    material, _, variety = material.partition(": ")
    colour = tone(rest[0]) if rest else None
    second = tone(rest[1]) if len(rest) > 1 else None
    return Finish(material, colour, second, rest[2] if len(rest) > 2 else "plain", variety)


def _scene(words: str, seed: int) -> Scene:
    """ "white" (a studio sweep) or "oak wood, white wall" """
    surface, _, wall = words.partition(", ")
    if not wall:
        return Scene("studio", tone(surface), seed=seed)
    return Scene("floor", None, surface, wall=tone(wall.removesuffix(" wall")), seed=seed, blur=0.5)


# category, kind, seed of its shape and view, finish of the body, finishes of parts, scene
_LINES: tuple[tuple[str, str, int, str, dict[str, str], str], ...] = (
    ("drinkware", "mug", 3, "ceramic, white", {}, "light grey"),
    ("drinkware", "teapot", 4, "ceramic, sky blue", {}, "white"),
    ("drinkware", "bottle", 2, "matte, mint", {"cap": "wooden: oak"}, "cream"),
    ("tableware", "bowl", 1, "ceramic, mustard", {}, "birch wood, white wall"),
    ("tableware", "plate", 11, "ceramic, white", {"rim": "ceramic, navy"}, "pale blue"),
    ("tableware", "jar", 3, "ceramic, cream", {"lid": "wooden: walnut"}, "light grey"),
    ("decor", "vase", 5, "ceramic, teal", {"flowers": "matte, mustard"}, "white"),
    ("decor", "candle", 5, "matte, lavender", {"holder": "metal: brass"}, "beige"),
    ("decor", "lamp", 4, "ceramic, terracotta", {"shade": "fabric, cream"}, "oak wood, white wall"),
    ("home", "clock", 2, "glossy, red", {"bells": "metal: brass", "face": "matte, white"}, "white"),
    ("home", "cushion", 3, "knitted, mustard", {}, "light grey"),
    ("home", "box", 1, "paper, navy", {"ribbon": "fabric, coral"}, "cream"),
    ("furniture", "sofa", 12, "fabric, grey", {"legs": "wooden: oak"}, "white"),
    ("furniture", "chair", 11, "plastic, yellow", {"legs": "wooden: oak"}, "light grey"),
    ("furniture", "stool", 5, "leather, tan", {"legs": "metal: steel"}, "concrete, white wall"),
    ("bags", "handbag", 3, "leather, white", {"clasp": "metal: gold"}, "beige"),
    ("bags", "backpack", 2, "fabric, red", {}, "light grey"),
    ("bags", "suitcase", 5, "plastic, turquoise", {}, "white"),
    ("wear", "shoe", 2, "fabric, royal blue", {}, "white"),
    ("wear", "boot", 3, "leather, brown", {}, "light oak wood, cream wall"),
    ("wear", "hat", 4, "fabric, olive", {"band": "fabric, black"}, "cream"),
    ("toys", "toy car", 2, "glossy, orange", {}, "pale blue"),
    ("toys", "teddy bear", 1, "fabric, tan", {"bow": "fabric, red"}, "white"),
    ("toys", "ball", 3, "rubber, red, white, striped", {}, "light grey"),
)


def shop() -> list[Product]:
    """The catalogue; always the same."""
    return [_product(number, *line) for number, line in enumerate(_LINES, 1)]


def _product(
    number: int, category: str, kind: str, seed: int, body: str, parts: dict[str, str], scene: str
) -> Product:
    slots = dict(natural_parts(kind)) | {
        KINDS[kind].parts.index(name): _finish(words) for name, words in parts.items()
    }
    finish = _finish(body)
    look = Look(**vars(finish), parts=tuple(sorted(slots.items())), seed=seed)
    setup = replace(sample_setup(seed, kind), look=look, scene=_scene(scene, seed), noun=kind)
    words = f"{look_words(look, kind)} {scene_words(setup.scene)}"
    return Product(f"{kind.replace(' ', '-').upper()}-{number:02}", category, words, setup)
