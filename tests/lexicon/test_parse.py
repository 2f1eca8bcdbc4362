"""Words in, typed meaning out: a table of instructions, and what must never happen."""

from __future__ import annotations

import random

import pytest

from editcore.lexicon import COLOURS, Instruction, askable_colours, parse, suggest
from editcore.lexicon.tables import vocabulary as vocabulary_of_lexicon
from editcore.lexicon.wording import material_words, scene_words
from editcore.studio import vocabulary
from editcore.studio.kinds import KINDS


def facts(instruction: Instruction) -> dict[str, object]:
    """Fields that say something, colours by name, without the words."""
    found = {name: getattr(value, "name", value) for name, value in vars(instruction).items()}
    return {name: value for name, value in found.items() if value not in (None, ()) and name != "words"}


PRODUCT = [
    ("make the mug navy", {"kind": "recolour", "colour": "navy", "noun": "mug"}),
    ("Make the Couch Dusty-Pink please!", {"kind": "recolour", "colour": "dusty pink", "noun": "sofa"}),
    ("make the sneakers off white", {"kind": "recolour", "colour": "off-white", "noun": "shoe"}),
    (
        "a rubber duck in pale warm grey",
        {"kind": "recolour", "colour": "pale warm grey", "noun": "rubber duck"},
    ),
    (
        "change the color of the jewelry box to gray",
        {"kind": "recolour", "colour": "grey", "noun": "jewellery box"},
    ),
    ("can you make the can teal?", {"kind": "recolour", "colour": "teal", "noun": "can"}),
    ("matte black", {"kind": "recolour", "colour": "black", "material": "matte"}),
    ("make it gold", {"kind": "recolour", "colour": "gold"}),
    ("make it terracotta", {"kind": "recolour", "colour": "terracotta"}),
    ("copper coloured", {"kind": "recolour", "colour": "copper"}),
    ("in rose", {"kind": "recolour", "colour": "rose"}),
    ("make it red-brown", {"kind": "recolour", "colour": "red brown"}),
    ("make it plain white", {"kind": "recolour", "colour": "white", "pattern": "plain"}),
    # two colours: which one is asked for
    ("make the orange mug blue", {"kind": "recolour", "colour": "blue", "noun": "mug"}),
    ("make the orange blue", {"kind": "recolour", "colour": "blue"}),
    ("make the glass blue", {"kind": "recolour", "colour": "blue", "noun": "glass"}),
    ("make the chocolate box red", {"kind": "recolour", "colour": "red", "noun": "box"}),
    (
        "change the sofa from red to forest green",
        {"kind": "recolour", "colour": "forest green", "noun": "sofa"},
    ),
    ("replace the red with cream", {"kind": "recolour", "colour": "cream"}),
    ("blue instead of red", {"kind": "recolour", "colour": "blue"}),
    ("blue, not red", {"kind": "recolour", "colour": "blue"}),
    ("don't make it red, make it blue", {"kind": "recolour", "colour": "blue"}),
    ("keep the lid red, make the mug navy", {"kind": "recolour", "colour": "navy", "noun": "mug"}),
    # materials
    ("turn it into brushed brass", {"kind": "material", "material": "metal", "variety": "brass"}),
    ("turn it into gold", {"kind": "material", "material": "metal", "variety": "gold"}),
    ("make it walnut", {"kind": "material", "material": "wooden", "variety": "walnut"}),
    ("make it of timber", {"kind": "material", "material": "wooden"}),
    ("terracotta pot", {"kind": "material", "material": "terracotta", "noun": "jar"}),
    ("linen cushion", {"kind": "material", "material": "fabric", "noun": "cushion"}),
    ("gray leather", {"kind": "material", "material": "leather", "colour": "grey"}),
    ("white marble vase", {"kind": "material", "material": "marble", "colour": "white", "noun": "vase"}),
    # a detail does not take the place of the wish
    ("make the sneaker white with a red sole", {"kind": "recolour", "colour": "white", "noun": "shoe"}),
    ("make the vase cobalt with gold rim", {"kind": "recolour", "colour": "cobalt", "noun": "vase"}),
    # patterns
    ("give the cushion a tartan pattern", {"kind": "pattern", "pattern": "plaid", "noun": "cushion"}),
    ("give it blue stripes", {"kind": "pattern", "pattern": "striped", "second_colour": "blue"}),
    (
        "navy with white stripes",
        {"kind": "pattern", "pattern": "striped", "colour": "navy", "second_colour": "white"},
    ),
    (
        "a red and white striped mug",
        {"kind": "pattern", "pattern": "striped", "colour": "red", "second_colour": "white", "noun": "mug"},
    ),
    (
        "red polka dots on white",
        {"kind": "pattern", "pattern": "polka dot", "colour": "white", "second_colour": "red"},
    ),
    ("a tartan cushion", {"kind": "pattern", "pattern": "plaid", "noun": "cushion"}),
    ("remove the stripes", {"kind": "pattern", "pattern": "plain"}),
    # parts
    ("remove the handle", {"kind": "part", "part": "handle"}),
    ("without the strap", {"kind": "part", "part": "strap"}),
    ("add a red handle", {"kind": "part", "part": "handle", "colour": "red"}),
    ("make the handle red", {"kind": "recolour", "part": "handle", "colour": "red"}),
    ("rotate the mug 45 degrees", {"kind": "other", "noun": "mug"}),
    # a background named for the product
    (
        "make it red on a white background",
        {"kind": "recolour", "colour": "red", "wall": "white", "setting": "studio"},
    ),
    (
        "put the mug on a walnut table in front of a sage wall",
        {"kind": "background", "surface": "walnut wood", "setting": "floor", "wall": "sage", "noun": "mug"},
    ),
    # nothing to do, or not understood
    ("", {"kind": "other"}),
    ("don't make it red", {"kind": "other"}),
    ("make it zorgblatt Fluffington", {"kind": "other", "unknown": ("zorgblatt", "Fluffington")}),
]

STUDIO = {"kind": "background", "setting": "studio"}
FLOOR = {"kind": "background", "setting": "floor"}
BACKGROUND = [
    (
        "warm beige studio background",
        STUDIO | {"colour": "warm beige", "wall": "warm beige", "style": "warm"},
    ),
    (
        "a plain duck-egg backdrop",
        STUDIO | {"colour": "duck egg", "wall": "duck egg", "wall_finish": "plain"},
    ),
    ("change the background from white to sage", STUDIO | {"colour": "sage", "wall": "sage"}),
    ("put it in front of a navy wall", STUDIO | {"colour": "navy", "wall": "navy"}),
    ("bright studio", STUDIO | {"style": "bright"}),
    ("slate background", STUDIO | {"colour": "slate", "wall": "slate"}),
    ("brick wall", STUDIO | {"wall_finish": "brick"}),
    ("on slate", FLOOR | {"surface": "slate"}),
    ("on a walnut table in front of a sage wall", FLOOR | {"surface": "walnut wood", "wall": "sage"}),
    ("oak floorboards", FLOOR | {"surface": "oak wood"}),
    ("put the blue mug on oak floorboards", FLOOR | {"surface": "oak wood"}),
    ("the table on grass", FLOOR | {"surface": "grass"}),
    ("white marble counter", FLOOR | {"surface": "white marble"}),
    ("carrara marble", FLOOR | {"surface": "white marble"}),
    ("marble background", FLOOR | {"surface": "white marble"}),
    ("dark green marble", FLOOR | {"surface": "green marble"}),
    ("chessboard floor", FLOOR | {"surface": "checker"}),
    (
        "black and white checkered floor",
        FLOOR | {"surface": "checker", "surface_colour": "black", "second_colour": "white"},
    ),
    ("kitchen tiles", FLOOR | {"surface": "tiles"}),
    ("terracotta tiles", FLOOR | {"surface": "tiles", "surface_colour": "terracotta"}),
    ("on the lawn", FLOOR | {"surface": "grass"}),
    ("a beach", FLOOR | {"surface": "sand"}),
    ("snow", FLOOR | {"surface": "snow"}),
    ("on a white wooden table", FLOOR | {"surface": "painted wood", "surface_colour": "white"}),
    ("dark wooden table, warm light", FLOOR | {"surface": "dark oak wood", "style": "warm"}),
    (
        "navy linen tablecloth against a cream wall",
        FLOOR | {"surface": "linen", "surface_colour": "navy", "wall": "cream"},
    ),
    (
        "a concrete floor with a white brick wall",
        FLOOR | {"surface": "concrete", "wall": "white", "wall_finish": "brick"},
    ),
    ("in a kitchen", {"kind": "background", "unknown": ("kitchen",)}),
    ("terrazzo counter in a bathroom", FLOOR | {"surface": "terrazzo", "unknown": ("bathroom",)}),
    ("transparent background", STUDIO | {"unknown": ("transparent",)}),
    ("remove the background", {"kind": "background", "unknown": ("remove",)}),
    ("on the Moon", {"kind": "background", "unknown": ("Moon",)}),
    (
        "beige background with palm trees",
        STUDIO | {"colour": "beige", "wall": "beige", "unknown": ("palm", "trees")},
    ),
]  # fmt: skip


@pytest.mark.parametrize(("words", "expected"), PRODUCT, ids=[words for words, _ in PRODUCT])
def test_product_instructions(words: str, expected: dict[str, object]) -> None:
    assert facts(parse(words, "product")) == expected


@pytest.mark.parametrize(("words", "expected"), BACKGROUND, ids=[words for words, _ in BACKGROUND])
def test_background_instructions(words: str, expected: dict[str, object]) -> None:
    assert facts(parse(words, "background")) == expected


@pytest.mark.parametrize(
    ("words", "target", "canonical"),
    [
        ("Please make the Couch dark-gray", "product", "make the sofa dark grey"),
        ("turn it into brushed brass", "product", "turn it into brass metal"),
        ("put it on Oak floorboards", "background", "on oak wood"),
        ("studio backdrop in dark blue", "background", "dark blue studio background"),
        ("a bright sage wall behind the timber table", "background", "bright sage studio background"),
    ],
)
def test_words_for_the_encoder_are_canonical(words: str, target: str, canonical: str) -> None:
    assert parse(words, target).words == canonical  # type: ignore[arg-type]
    assert parse(canonical, target).words == canonical  # type: ignore[arg-type]


def test_every_material_of_the_studio_is_known_by_its_own_name() -> None:
    for name in vocabulary.MATERIALS:
        instruction = parse(f"make it {material_words(name)}", "product")
        assert (instruction.material, instruction.kind, instruction.unknown) == (name, "material", ())


@pytest.mark.parametrize(("material", "names"), [("wooden", vocabulary.WOODS), ("metal", vocabulary.METALS)])
def test_every_wood_and_metal_of_the_studio_is_known(material: str, names: tuple[str, ...]) -> None:
    for name in names:
        instruction = parse(f"make it {material_words(material, name)}", "product")
        assert (instruction.material, instruction.variety) == (material, name)


def test_every_pattern_of_the_studio_is_known() -> None:
    for name in vocabulary.PATTERNS:
        assert parse(f"make it {name}", "product").pattern == name


def test_every_surface_of_the_studio_is_known() -> None:
    for name in vocabulary.SURFACES:
        for words in (f"on {name}", f"on a {name} floor", f"put the mug on {name}"):
            instruction = parse(words, "background")
            assert (instruction.surface, instruction.words) == (name, scene_words(name)), words


def test_every_style_and_wall_finish_of_the_studio_is_known() -> None:
    assert {parse(f"a {style} studio", "background").style or "" for style in vocabulary.STYLES} == set(
        vocabulary.STYLES
    )
    for finish in vocabulary.WALL_FINISHES:
        assert parse(f"on grass in front of a {finish} wall", "background").wall_finish == finish


def test_every_noun_and_part_of_the_studio_is_known() -> None:
    for kind in KINDS.values():
        for noun in kind.nouns:
            instruction = parse(f"make the {noun} navy", "product")
            assert (instruction.noun, instruction.unknown) == (kind.name, ()), noun
        for part in kind.parts:
            assert parse(f"make the {part} navy", "region").part == part, (kind.name, part)
        for part in kind.optional:
            assert parse(f"remove the {part}", "region").part == part, (kind.name, part)


def test_no_words_make_it_fail() -> None:
    """Random strings of known and unknown words, at any target."""
    rng = random.Random(3)
    words = [*sorted(vocabulary_of_lexicon()), ",", "-", ".", "&", "é", "漢字", "🙂", "12", "'", "xyzzy"]
    for _ in range(3000):
        said = " ".join(rng.choices(words, k=rng.randint(1, 9)))
        instruction = parse(said, rng.choice(["product", "background", "region"]))
        assert instruction.material in {None, *vocabulary.MATERIALS}
        assert instruction.pattern in {None, *vocabulary.PATTERNS}
        assert instruction.surface in {None, *vocabulary.SURFACES}
        assert instruction.variety in {None, *vocabulary.WOODS, *vocabulary.METALS}
        assert instruction.wall_finish in {None, *vocabulary.WALL_FINISHES}
        assert (instruction.style or "") in vocabulary.STYLES


def test_colours_can_be_asked_for() -> None:
    askable = askable_colours()
    assert len(askable) > 0.95 * len(COLOURS)
    assert {"terracotta", "sage", "navy", "slate", "gold"} <= set(askable)
    assert not {"walnut", "brass"} & set(askable)


def test_a_hex_value_is_exactly_that_colour() -> None:
    colour = parse("make it #1B2A49", "product").colour
    assert colour is not None and (colour.rgb, colour.base) == ((27, 42, 73), "blue")


def test_unknown_words_get_a_near_suggestion() -> None:
    assert parse("make it terracotto", "product").unknown == ("terracotto",)
    assert suggest("terracotto") == "terracotta"
    assert suggest("Turquise") == "turquoise"
    assert suggest("zzqqxx") is None


def test_control_and_direction_characters_are_dropped() -> None:
    assert parse("make\x00 it\u202e nav\u200by\n", "product") == parse("make it navy", "product")


def test_markup_and_templates_are_only_unknown_words() -> None:
    instruction = parse("<script>alert(1)</script> {{7*7}} '; DROP TABLE; make it navy", "product")
    assert instruction.colour == COLOURS["navy"]
    assert {"script", "alert"} <= set(instruction.unknown)
    assert not set("<>{}'\";*()") & set(instruction.words)


def test_too_long_and_wrong_target_are_refused() -> None:
    with pytest.raises(ValueError, match="501 characters"):
        parse("a" * 501, "product")
    with pytest.raises(ValueError, match="expected product, background or region"):
        parse("make it navy", "wall")  # type: ignore[arg-type]
    parse("dark " * 100, "product")  # at the limit, and no endless recursion
