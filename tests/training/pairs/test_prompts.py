"""Edit prompts: what is swapped, for what, and whether it reads like English."""

from __future__ import annotations

import random

import pytest

from editcore.sources.captions import MAX_CAPTION, tidy
from editcore.studio.captions import caption
from editcore.studio.photograph import sample_setup
from editcore.training.pairs import siblings, wordnet
from editcore.training.pairs.prompts import Edit, propose, swap, vocabulary
from editcore.training.pairs.slots import Slot, read


def slot(words: str, kind: str, nth: int = 0) -> Slot:
    return [s for s in read(words).slots if s.kind == kind][nth]


def edited(words: str, kind: str, new: str, nth: int = 0) -> str:
    return swap(read(words), slot(words, kind, nth), new).prompt


@pytest.mark.parametrize(
    ("words", "kind", "new", "expected"),
    [
        ("a red mug", "colour", "orange", "an orange mug"),
        ("An oak stool", "material", "walnut", "A walnut stool"),
        ("a copper metal candle", "material", "walnut", "a walnut wood candle"),
        ("a walnut wood mug", "material", "velvet", "a velvet mug"),
        ("two red mugs on grass", "noun", "vase", "two red vases on grass"),
        ("a navy and white striped mug", "pattern", "plaid", "a navy and white plaid mug"),
        ("a navy and white striped ceramic mug", "pattern", "plain", "a plain navy ceramic mug"),
        ("a striped mug", "pattern", "plain", "a plain mug"),
        ("a white mug on oak wood", "setting", "sand", "a white mug on sand"),
        ("a mug on a walnut table", "setting", "oak", "a mug on an oak table"),
        ("a mug in front of a sage wall", "setting", "ivory", "a mug in front of an ivory wall"),
        ("a rough stone bowl", "quality", "smooth", "a smooth stone bowl"),
        ("Mug, in navy!", "noun", "bowl", "Bowl, in navy!"),
    ],
)  # fmt: skip
def test_swaps_are_grammatical(words: str, kind: str, new: str, expected: str) -> None:
    assert edited(words, kind, new) == expected


def test_details_and_second_things_are_left_alone() -> None:
    words = [(s.kind, s.word) for s in read("a brown teddy bear with a blue hat on grass").slots]
    assert words == [("colour", "brown"), ("noun", "teddy bear"), ("setting", "grass")]
    shaped = [s.word for s in read("a dark red bottle-shaped vase").slots]
    assert shaped == ["dark red", "vase"]


def test_an_edit_says_what_it_swapped() -> None:
    reading = read("a photo of a navy mug")
    edit = swap(reading, slot(reading.caption, "colour"), "yellow")
    assert edit == Edit("colour", "navy", "yellow", "yellow", "a photo of a yellow mug", "mug")


def test_siblings_are_never_synonyms_or_the_same_stuff() -> None:
    assert "cup" not in siblings.things("mug") and "bowl" in siblings.things("mug")
    assert "blouse" in siblings.things("shirt")
    assert not {"sky blue", "teal blue"} & set(siblings.colours("navy")) and "red" in siblings.colours("navy")
    assert "oak" not in siblings.materials("wooden") and "oak" in siblings.materials("walnut")
    assert siblings.materials("matte") == ("glossy",)


def test_wordnet_is_read_offline_and_knows_siblings_and_opposites() -> None:
    assert {"bench", "chair", "couch"} <= set(wordnet.siblings("stool"))
    assert "stool" not in wordnet.siblings("stool")
    assert wordnet.opposite("rough") == "smooth" and wordnet.siblings("xyzzy") == ()
    assert next(e.prompt for e in propose("a sundial", "x", {}, 1)).split()[-1] in wordnet.siblings("sundial")


def test_words_of_the_pool_come_first_and_the_picture_is_the_seed() -> None:
    pool = vocabulary(["a yellow mug", "a red bowl on sand", "a blue mug"])
    assert pool["colour"] == {"blue": 1, "red": 1, "yellow": 1} and pool["surface"] == {"sand": 1}
    edits = propose("a blue mug", "one", pool, 8)
    assert {e.new for e in edits if e.kind == "colour"} == {"red", "yellow"}
    assert {e.new for e in edits if e.kind == "noun"} == {"bowl"}
    assert propose("a blue mug", "one", pool, 8) == edits
    mixed = vocabulary(["a yellow mug", "a red bowl", "a green bowl", "a blue mug"])
    assert propose("a blue mug", "one", mixed, 2)[0 if edits[0].kind == "colour" else 1].new == "yellow"
    orders = {tuple(e.new for e in propose("a blue mug", str(n), pool, 8)) for n in range(20)}
    assert len(orders) > 1


def test_every_kind_gets_its_turn_before_any_gets_a_second() -> None:
    edits = propose("a navy ceramic mug on grass", "x", {}, 4)
    assert sorted(e.kind for e in edits) == ["colour", "material", "noun", "setting"]


def test_a_caption_without_known_words_gives_no_edit() -> None:
    assert propose("ein roter Becher", "x", {}, 4) == [] and propose("", "x", {}, 4) == []


def test_customers_text_becomes_one_sentence() -> None:
    assert tidy("  A blue\n mug.  Dishwasher safe. ") == "A blue mug"
    assert tidy("a\u202emug\x00 & <b>") == "amug & <b>"
    long = tidy("very " * 500 + "long")
    assert len(long) < MAX_CAPTION and long.endswith("very")


def test_all_edits_of_studio_captions_change_just_the_words_they_say() -> None:
    for seed in range(60):
        words = caption(sample_setup(seed), random.Random(seed))
        for edit in propose(words, str(seed), {}, 6):
            assert edit.old in words and edit.new in edit.prompt and edit.prompt != words
            article = edit.prompt.split(edit.new)[0].split()[-1:]
            if article and article[0].lower() in ("a", "an") and edit.kind != "pattern":
                vowel = edit.new[0].lower() in "aeiou" and not edit.new.lower().startswith(("eu", "uni"))
                assert (article[0].lower() == "an") == vowel, edit.prompt
