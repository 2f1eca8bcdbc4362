"""Phrases of the grammar mean what they were made from."""

from __future__ import annotations

import random

import pytest

from editcore.lexicon import askable_colours, grammar, parse, wording
from editcore.studio import vocabulary


def scene_facts(rng: random.Random) -> dict[str, str | None]:
    """A scene the studio could show."""
    colours = askable_colours()
    surface = rng.choice([None, *vocabulary.SURFACES])
    facts = {"surface": surface, "finish": rng.choice([None, *vocabulary.WALL_FINISHES])}
    facts["wall"] = rng.choice(colours) if surface is None or rng.random() < 0.5 else None
    facts["style"] = rng.choice([None, *vocabulary.STYLES[1:]])
    if surface == "painted wood" or (surface in vocabulary.COLOURED_SURFACES and rng.random() < 0.6):
        facts["colour"] = rng.choice(colours)
        if surface in ("checker", "gingham") and rng.random() < 0.5:
            facts["second"] = rng.choice(colours)
    return facts


def test_scenes_survive_being_said() -> None:
    """Of 600 random scenes said in random ways at most 1% are misread (bare "slate" is a colour, too)."""
    rng = random.Random(7)
    misread = []
    for _ in range(600):
        facts = scene_facts(rng)
        phrase = grammar.scene_phrase(rng, **facts)
        said = rng.choice([phrase, grammar.background(rng, "mug", phrase)])
        if parse(said, "background").words != wording.scene_words(**facts):
            misread.append(said)
    assert len(misread) <= 6, misread


def test_canonical_scenes_are_fixed_points() -> None:
    rng = random.Random(8)
    for _ in range(400):
        canonical = wording.scene_words(**scene_facts(rng))
        assert parse(canonical, "background").words == canonical


def test_recolours_survive_being_said() -> None:
    rng = random.Random(9)
    for colour in askable_colours():
        instruction = parse(grammar.recolour(rng, "mug", colour), "product")
        assert (instruction.kind, instruction.colour and instruction.colour.name) == ("recolour", colour)
        assert instruction.unknown == ()


def test_patterns_survive_being_said() -> None:
    rng = random.Random(10)
    for _ in range(400):
        pattern = rng.choice(vocabulary.PATTERNS[1:])
        colour = rng.choice([None, rng.choice(askable_colours())])
        second = rng.choice([None, rng.choice(askable_colours())]) if colour else None
        phrase = grammar.pattern(rng, "mug", pattern, colour, second)
        instruction = parse(phrase, "product")
        found = [getattr(c, "name", None) for c in (instruction.colour, instruction.second_colour)]
        assert [instruction.pattern, *found] == [pattern, colour, second], phrase


def test_parts_are_added_and_removed() -> None:
    rng = random.Random(11)
    for part in ("handle", "lid", "strap", "cap", "shade", "cushions"):
        for add in (True, False):
            instruction = parse(grammar.part(rng, "mug", part, add), "product")
            assert (instruction.kind, instruction.part) == ("part", part)


@pytest.mark.parametrize("make", [grammar.rotate, lambda r, n: grammar.move(r, n, "left")])
def test_other_instructions_are_known_words(make: object) -> None:
    rng = random.Random(12)
    for _ in range(20):
        assert parse(make(rng, "mug"), "product").unknown == ()  # type: ignore[operator]


def test_articles() -> None:
    assert wording.with_article("oak table") == "an oak table"
    assert wording.with_article("eucalyptus mug") == "a eucalyptus mug"
    assert wording.with_article("ultramarine mug") == "an ultramarine mug"
    assert grammar.surface_phrase(random.Random(0), "ebony wood").split(" ")[0] in {"an", "ebony"}


def test_looks_and_captions() -> None:
    assert wording.look_words("mug", "navy", "ceramic", pattern="striped", second="white") == (
        "navy and white striped ceramic mug"
    )
    assert wording.look_words("chair", None, "wooden", "walnut") == "walnut wood chair"
    captions = {grammar.caption(random.Random(s), "olive mug", "beige studio background") for s in range(20)}
    assert "a photo of an olive mug in front of a beige studio background" in captions
    assert len(captions) > 2
