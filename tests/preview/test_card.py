from __future__ import annotations

import numpy as np
import pytest

from editcore.editors.base import Exemplar
from editcore.editors.transfer.change import change_of
from editcore.lexicon import COLOURS, parse
from editcore.preview.card import Card, card_of_pair, card_of_words


def pair(after: np.ndarray, after_alpha: np.ndarray | None = None) -> Exemplar:
    """A grey square on white, and ``after``."""
    return Exemplar(
        scene((120, 120, 120), (245, 245, 245)),
        after,
        ALPHA,
        ALPHA if after_alpha is None else after_alpha,
        "k",
    )


def scene(product: tuple[int, int, int], ground: tuple[int, int, int]) -> np.ndarray:
    picture = np.full((96, 96, 3), ground, np.uint8)
    picture[24:-24, 24:-24] = product
    return picture


ALPHA = np.zeros((96, 96), np.uint8)
ALPHA[24:-24, 24:-24] = 255


def card(exemplar: Exemplar) -> Card:
    return card_of_pair(exemplar, change_of(exemplar), ("a warning",))


@pytest.mark.parametrize("name", ["terracotta", "navy", "sage"])
def test_a_recolour_is_told_by_name_and_suggested_in_words_that_parse_back(name: str) -> None:
    told = card(pair(scene(COLOURS[name].rgb, (245, 245, 245))))
    assert told.sentence.startswith("The colour of the product, from ")
    assert told.swatches[1].name == name and told.swatches[1].rgb == COLOURS[name].rgb
    assert parse(told.suggestion, "product").colour == COLOURS[name]
    assert told.warnings == ("a warning",) and "% of the picture differ" in told.figures


def test_a_plain_background_is_suggested_and_a_busy_one_is_not() -> None:
    told = card(pair(scene((120, 120, 120), COLOURS["sage"].rgb)))
    assert told.sentence == "The background, from " + told.swatches[0].name + " to sage."
    assert parse(told.suggestion, "background").wall == COLOURS["sage"]
    busy = scene((120, 120, 120), COLOURS["sage"].rgb)
    busy[::4] = np.where(ALPHA[::4, :, None] > 0, busy[::4], 40)
    assert card(pair(busy)).suggestion == ""


def test_other_shapes_and_both_at_once_are_told_without_words() -> None:
    moved, alpha = np.full((96, 96, 3), 245, np.uint8), np.zeros((96, 96), np.uint8)
    moved[4:44, 4:60], alpha[4:44, 4:60] = 120, 255
    told = card(pair(moved, alpha))
    assert (told.sentence, told.suggestion) == ("The product's shape, place or parts.", "")
    both = card(pair(scene((200, 30, 30), (30, 90, 200))))
    assert (both.sentence, both.suggestion) == ("Product and background at once.", "")


def test_the_card_of_words_says_what_was_understood() -> None:
    told = card_of_words("make it matte navy with shinny handle", "product")
    assert [(s.label, s.name) for s in told.swatches] == [("colour", "navy")]
    assert told.sentence == "The colour of the product." and told.figures == "material: matte"
    assert told.warnings == ("Not understood: shinny; did you mean shiny?",)
    floor = card_of_words("on a walnut table in front of a sage wall", "background")
    assert floor.sentence == "The background." and [s.name for s in floor.swatches] == ["sage"]
    assert "surface: " in floor.figures
