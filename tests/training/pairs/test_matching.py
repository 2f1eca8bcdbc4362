"""What a target's caption must say before the target is believed."""

from __future__ import annotations

import pytest

from editcore.training.pairs.matching import says
from editcore.training.pairs.slots import read

MUG = "a red ceramic mug in front of a white wall"


@pytest.mark.parametrize(
    ("kind", "word", "target", "agreed", "agreed_on_product"),
    [
        ("colour", "yellow", "a mustard mug", True, True),  # mustard is a yellow
        ("colour", "yellow", "a mustard bowl", True, False),
        (
            "colour",
            "yellow",
            "a red mug in front of a yellow wall",
            False,
            False,
        ),  # the wall is yellow, not the mug
        ("colour", "red", "a tired mug", False, False),
        ("material", "walnut", "a walnut wood cup", True, True),  # a cup is a mug
        ("material", "walnut", "a walnut coloured mug", False, False),
        ("noun", "bowl", "a blue salad bowl", True, True),  # a swapped noun needs no other agreement
        ("setting", "navy", "a white mug in front of a dark blue background", True, True),
        ("setting", "oak wood", "a mug on oak boards", True, True),
        ("pattern", "striped", "", False, False),
    ],
)
def test_captions_agree_by_kind_and_family(
    kind: str, word: str, target: str, agreed: bool, agreed_on_product: bool
) -> None:
    assert says(read(target), kind, word) is agreed
    assert says(read(target), kind, word, read(MUG)) is agreed_on_product
