"""Canonical wording: the one way each look and each scene is written for the text encoder."""

from __future__ import annotations

import re

_VOWEL_SOUND = re.compile(r"(?!eu|uni|use|ute|one\b|once)[aeiou]|hour|honest", re.IGNORECASE)


def with_article(phrase: str) -> str:
    """The phrase with "a" or "an": "an oak table", "a eucalyptus mug"."""
    return f"{'an' if _VOWEL_SOUND.match(phrase) else 'a'} {phrase}"


def joined(*words: str | None) -> str:
    """Words with single blanks; None and "" are left out."""
    return " ".join(word for word in words if word)


def material_words(material: str, variety: str | None = None) -> str:
    """How a material is written so that it is no colour: "walnut wood", "gold metal", "black marble"."""
    if variety and material in ("wooden", "metal", "marble"):
        return f"{variety} {'wood' if material == 'wooden' else material}"
    return {"terracotta": "terracotta clay"}.get(material, material)


def look_words(
    noun: str,
    colour: str | None = None,
    material: str | None = None,
    variety: str | None = None,
    pattern: str | None = None,
    second: str | None = None,
) -> str:
    """The canonical description without article: "navy and white striped ceramic mug"."""
    patterned = pattern if pattern != "plain" else None
    colours = f"{colour} and {second}" if colour and second and patterned else colour
    return joined(colours, patterned, material_words(material, variety) if material else None, noun)


def scene_words(
    surface: str | None = None,
    colour: str | None = None,
    second: str | None = None,
    wall: str | None = None,
    finish: str | None = None,
    style: str | None = None,
) -> str:
    """Canonical words of a scene: "dark blue studio background", "on walnut wood in front of a sage wall".

    colour and second belong to the surface, wall to the wall or backdrop. Style is left out where the
    colour says it already ("warm beige").
    """
    finish = finish if finish != "plain" else None
    if surface:
        floor = joined("on", f"{colour} and {second}" if colour and second else colour, surface)
        behind = wall or finish
        in_front = f"in front of {with_article(joined(wall, finish, 'wall'))}" if behind else None
        return joined(floor, in_front, style and f"in {style} light")
    said = bool(wall and style and wall.split(" ")[0] == style)
    head = f"{finish} wall" if finish else "studio background"
    return joined(None if said else style, wall, head)


def placed(scene: str) -> str:
    """The scene after a product: "on grass" stays, "beige studio background" is stood in front of."""
    if re.match(r"(on|in|against|with)\b", scene):
        return scene
    return f"in front of {scene if re.match(r'an? ', scene) else with_article(scene)}"
