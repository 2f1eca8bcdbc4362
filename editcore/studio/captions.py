"""What a setup shows, in words and as attributes."""

from __future__ import annotations

from random import Random

from editcore.lexicon import grammar, wording
from editcore.studio.finish import Finish
from editcore.studio.kinds import KINDS
from editcore.studio.photograph import Setup
from editcore.studio.setting import Scene
from editcore.studio.vocabulary import OUTDOOR_SURFACES

ATTRIBUTES = ("kind", "colour", "material", "pattern", "surface", "backdrop", "wall")
"""What ``attributes`` tells; "backdrop" is the colour of a studio sweep or of a dyed surface."""


def look_words(finish: Finish, noun: str) -> str:
    """ "navy and white striped ceramic mug" """
    return wording.look_words(
        noun,
        colour=finish.colour.name if finish.colour else None,
        material=finish.material,
        variety=finish.variety or None,
        pattern=finish.pattern,
        second=finish.second.name if finish.second else None,
    )


def _scene_facts(scene: Scene) -> dict[str, str | None]:
    colour = scene.colour.name if scene.colour else None
    style = scene.style or None
    if scene.setting == "studio":
        return {"wall": colour, "style": style}
    return {
        "surface": scene.surface,
        "colour": colour,
        "second": scene.second.name if scene.second else None,
        "wall": None if scene.surface in OUTDOOR_SURFACES else scene.wall.name,
        "finish": None if scene.surface in OUTDOOR_SURFACES else scene.wall_finish,
        "style": style,
    }


def scene_words(scene: Scene) -> str:
    """Canonical: "on walnut wood in front of a sage wall"; wall, floor, their colours and the light."""
    return wording.scene_words(**_scene_facts(scene))


def scene_phrase(scene: Scene, rng: Random) -> str:
    """The same as people say it: "on a walnut table against a sage wall"."""
    return grammar.scene_phrase(rng, **_scene_facts(scene))


def part_words(setup: Setup) -> list[str]:
    """Parts worth naming: optional ones that are there, with their own colour if they have one."""
    kind = KINDS[setup.kind]
    finishes = dict(setup.look.parts)
    words = []
    for part, slot in kind.optional.items():
        if part in setup.geometry.shape.present:
            colour = finishes[slot].colour if slot in finishes else None
            words.append(f"{colour.name} {part}" if colour else part)
    return words


def caption(setup: Setup, rng: Random) -> str:
    """A caption with every visible attribute: product, look, one named part at times, floor, wall, light."""
    parts = part_words(setup)
    part = rng.choice(parts) if parts and rng.random() < 0.4 else None
    scene = scene_phrase(setup.scene, rng)
    return grammar.caption(rng, look_words(setup.look, setup.noun), scene, part)


def attributes(setup: Setup) -> dict[str, str]:
    """The facts of ``ATTRIBUTES`` as canonical names; "" where there is none."""
    look, scene = setup.look, setup.scene
    facts = _scene_facts(scene)
    return {
        "kind": setup.kind,
        "colour": look.colour.name if look.colour else "",
        "material": f"{look.variety} {look.material}".strip(),
        "pattern": look.pattern,
        "surface": facts.get("surface") or "studio",
        "backdrop": scene.colour.name if scene.colour else "",
        "wall": (facts["wall"] or "") if scene.setting == "floor" else "",
    }
