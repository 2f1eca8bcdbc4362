"""Pairs that differ in tone: recognised, told in words, and made of other photographs without painting."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from editcore.editors.base import EditRequest, Exemplar
from editcore.editors.transfer.change import change_of
from editcore.editors.transfer.checks import check_change
from editcore.editors.transfer.engine import TransferEditor
from editcore.editors.transfer.grade import Grade
from editcore.preview.card import card_of_pair, card_of_words
from editcore.studio.photograph import photograph, sample_setup

CHANNELS = np.eye(3)


def diagonal(*gains: float) -> np.ndarray:
    return np.vstack([np.diag(gains), np.zeros(3)])


GREYS = np.vstack([np.full((3, 3), 1 / 3), np.zeros(3)])
GRADES = {
    "warmer": (Grade(diagonal(1.05, 0.92, 0.72), 1.0), "warmer"),
    "darker": (Grade(diagonal(0.6, 0.6, 0.6), 1.0), "darker"),
    "lighter": (Grade(diagonal(1, 1, 1), 0.6), "brighter"),
    "soft": (Grade(np.vstack([0.5 * CHANNELS, np.full(3, 0.25)]), 1.0), "softer contrast"),
    "grey": (Grade(GREYS, 1.0), "paler colours"),
}


def photo(seed: int) -> tuple[np.ndarray, np.ndarray]:
    photos = photograph([sample_setup(890_000 + seed)], 128)
    rgb = (photos.rgb_B3HW[0].permute(1, 2, 0).numpy() * 255).round().astype(np.uint8)
    return np.ascontiguousarray(rgb), (photos.mask_B1HW[0, 0] * 255).byte().numpy()


def pair(grade: Grade, seed: int = 0) -> Exemplar:
    before, alpha = photo(seed)
    return Exemplar(before, grade(before), alpha, alpha, "g")


@pytest.mark.parametrize("name", GRADES)
def test_a_tone_is_recognised_and_told(name: str) -> None:
    grade, words = GRADES[name]
    found = [change_of(pair(grade, seed)) for seed in range(4)]
    assert [change.kind for change in found].count("grade") >= 3, "a photo of few colours may not tell"
    change = next(change for change in found if change.grade)
    assert words in str(change.grade)
    assert check_change(pair(grade), replace(change, share=0.95)) == ()
    assert card_of_pair(pair(grade), change).sentence == f"The tone of the whole picture: {change.grade}."


def test_a_new_colour_of_product_or_background_is_no_tone() -> None:
    before, alpha = photo(1)
    tinted = Grade(diagonal(0.4, 0.6, 1.2), 1.0)(before)
    for inside in (alpha > 127, alpha <= 127):
        after = np.where(inside[..., None], tinted, before)
        assert change_of(Exemplar(before, after, alpha, alpha, "k")).grade is None
    both = np.where(alpha[..., None] > 127, tinted, tinted[..., ::-1])
    assert change_of(Exemplar(before, both, alpha, alpha, "k")).grade is None
    colours = (((200, 30, 30), (90, 90, 90)), ((90, 60, 30), (160, 160, 200)))
    plain = [np.where(alpha[..., None] > 127, *two).astype(np.uint8) for two in colours]
    assert change_of(Exemplar(*plain, alpha, alpha, "k")).grade is None


def test_words_beside_a_tone_are_said_not_to_be_followed() -> None:
    (image, alpha), engine = photo(7), TransferEditor()
    asked = pair(GRADES["warmer"][0])
    request = EditRequest("r", image, alpha, "make it navy", "product", 1, 1.0, (asked,))
    (result,) = engine.edit([request])
    assert "they were not followed" in result.warnings[0]
    told = card_of_words("make it navy", "product", [change_of(asked)])
    assert (
        told.warnings[0].startswith("Not followed") and not card_of_words("make it navy", "product").warnings
    )


@pytest.mark.parametrize("strength", [1.0, 0.5])
def test_the_engine_gives_other_photographs_the_tone_and_keeps_their_detail(strength: float) -> None:
    grade, engine = GRADES["warmer"][0], TransferEditor(steps=1)
    image, alpha = photo(7)
    request = EditRequest("r", image, alpha, "", "product", 1, strength, (pair(grade),))
    (result,) = engine.edit([request])
    wanted = image + strength * (grade(image).astype(float) - image)
    assert np.abs(result.image - wanted).mean() < 4
    assert result.region.min() == 255 and result.warnings == () and result.raw is None
    assert engine.figures["pairs_computed"] == 0, "nothing is painted"
    assert (result.notes["change"], result.notes["anchored"]) == ("grade", "the pair's tone")


def test_a_grade_of_bytes_is_that_of_shares() -> None:
    grade = GRADES["lighter"][0]
    levels = np.arange(256, dtype=np.uint8).repeat(3).reshape(-1, 1, 3)
    assert np.abs(grade(levels) / 255 - grade(levels / 255)).max() <= 0.5 / 255 + 1e-6
