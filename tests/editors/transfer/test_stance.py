"""Another place or pose of the product: seen in a pair, and made of other photographs' own pixels."""

from __future__ import annotations

from random import Random

import numpy as np
import pytest

from editcore.editors.base import EditRequest, Exemplar
from editcore.editors.place import Stance, compose_place, stays_inside
from editcore.editors.transfer.change import change_of
from editcore.editors.transfer.engine import TransferEditor
from editcore.editors.transfer.stance import stance_shown
from editcore.preview.card import card_of_pair
from editcore.studio.changes import sample_change
from editcore.studio.photograph import photograph, sample_setup

SIDE = 128


def pairs(kind: str, count: int) -> list[Exemplar]:
    """Studio pairs of a kind of change, of chairs, handbags and jugs, with exact mattes."""
    made: list[Exemplar] = []
    for seed in range(1, 60):
        change, product = sample_change(kind, Random(seed)), ("chair", "handbag", "teapot")[seed % 3]
        setup = change.prepare(sample_setup(897_000 + seed, product))
        if change.applies(setup) and len(made) < count:
            photos = photograph([setup, change.apply(setup)], SIDE)
            pictures = (photos.rgb_B3HW.clamp(0, 1) * 255).byte().permute(0, 2, 3, 1).contiguous().numpy()
            mattes = (photos.mask_B1HW[:, 0] * 255).byte().numpy()
            made.append(Exemplar(pictures[0], pictures[1], mattes[0], mattes[1], f"{kind}-{seed}"))
    return made


def plain(shape: tuple[int, int] = (120, 160)) -> tuple[np.ndarray, np.ndarray]:
    """A two-coloured block on a light ground, (H, W, 3), and its matte."""
    image, alpha = np.full((*shape, 3), 210, np.uint8), np.zeros(shape, np.uint8)
    alpha[50:90, 60:90] = 255
    image[50:90, 60:75], image[50:90, 75:90] = (180, 40, 40), (40, 60, 160)
    return image, alpha


@pytest.mark.parametrize(
    ("kind", "words"),
    [("move", "moved"), ("scale", "times as large"), ("tilt", "tilted"), ("mirror", "mirrored")],
)
def test_a_stance_is_seen_and_put_into_words(kind: str, words: str) -> None:
    changes = [change_of(pair) for pair in pairs(kind, 6)]
    seen = [change for change in changes if change.stance]
    assert len(seen) >= 4 and all(change.kind == "stance" for change in seen)
    assert all(words in str(change.stance) for change in seen)
    told = card_of_pair(pairs(kind, 1)[0], seen[0])
    assert told.sentence == f"Where and how the product stands: {seen[0].stance}."


@pytest.mark.parametrize("kind", ["rotate", "light", "material", "remove"])
def test_other_changes_are_none(kind: str) -> None:
    assert [change_of(pair).stance for pair in pairs(kind, 5)] == [None] * len(pairs(kind, 5))


def test_the_product_is_moved_in_its_own_pixels_and_stands_on_its_lowest_point() -> None:
    image, alpha = plain()
    made, region = compose_place(image, alpha, Stance(step=(0.25, -0.1)))
    right, up = round(0.25 * 160), round(0.1 * 120)
    block = made[50 - up + 2 : 90 - up - 2, 60 + right + 2 : 90 + right - 2]
    np.testing.assert_allclose(block.astype(int), image[52:88, 62:88], atol=2)
    assert (made[region == 0] == image[region == 0]).all() and region[0, 0] == 0
    old = made[60:80, 62:88].astype(int)
    assert np.abs(old - 210).max() < 60, "shadow at most where the product was"

    for stance in (Stance(scale=0.6), Stance(scale=1.5), Stance(turn=0.4), Stance(mirrored=True)):
        made, region = compose_place(image, alpha, stance)
        coloured = np.argwhere(made.max(axis=2).astype(int) - made.min(axis=2) > 90)
        assert abs(coloured[:, 0].max() - 89) <= 3, stance
        assert (made[region == 0] == image[region == 0]).all()
    mirrored, _ = compose_place(image, alpha, Stance(mirrored=True))
    assert stays_inside(alpha, Stance(scale=2)) and not stays_inside(alpha, Stance(scale=2.5))
    assert not stays_inside(alpha, Stance(step=(0.5, 0))) and stays_inside(alpha, Stance(mirrored=True))
    np.testing.assert_allclose(mirrored[60, 62:88].astype(int), image[60, 62:88][::-1], atol=2)


def test_less_than_is_meant_is_no_stance() -> None:
    image, alpha = plain()
    after, _ = compose_place(image, alpha, Stance(step=(0.01, 0)))
    differs = np.abs(after.astype(int) - image).max(axis=2) > 20
    moved = np.roll(alpha, round(0.01 * 160), axis=1)
    assert stance_shown(image, after, alpha, moved, differs) is None
    after, _ = compose_place(image, alpha, Stance(step=(0.1, 0)))
    moved = np.roll(alpha, round(0.1 * 160), axis=1)
    seen = stance_shown(image, after, alpha, moved, np.zeros(alpha.shape, bool))
    assert seen is not None and str(seen) == "moved 10% to the right"


def test_half_a_stance_is_half_of_everything_but_mirrored() -> None:
    half = Stance(True, 0.4, 4.0, (0.2, -0.1)).by(0.5)
    assert half == Stance(True, 0.2, 2.0, (0.1, -0.05))
    assert str(Stance(True, 0.2, 1.3, (0.1, -0.05))) == (
        "mirrored, tilted 11° to the right, 1.3 times as large, moved 10% to the right, moved 5% to the top"
    )


def test_the_engine_paints_nothing_and_warns_where_the_background_is_no_plain_one() -> None:
    engine, asked = TransferEditor(), pairs("move", 1)[0]
    image, alpha = plain()
    busy = image.copy()
    busy[::8][alpha[::8] == 0] = (60, 120, 60)
    requests = [
        EditRequest(str(n), one, alpha, "", "product", 1, 1.0, (asked,))
        for n, one in enumerate((image, busy))
    ]
    calm, warned = engine.edit(requests)
    assert calm.raw is None and engine.figures["pairs_computed"] == 0
    assert calm.warnings == () and "filled in" in warned.warnings[0]
    assert calm.notes["anchored"] == "the pair's stance"
    for result, source in ((calm, image), (warned, busy)):
        assert (result.image[result.region == 0] == source[result.region == 0]).all()
    edge = np.roll(alpha, -60, axis=1)
    (cut,) = engine.edit(
        [EditRequest("c", np.roll(image, -60, axis=1), edge, "", "product", 1, 1.0, (asked,))]
    )
    assert "cut off" in cut.warnings[0]
    tight = np.zeros_like(alpha)
    tight[50:90, 2:40] = 255
    (lost,) = engine.edit([EditRequest("l", image, tight, "", "product", 1, 1.0, (asked,))])
    assert asked.key == "move-3" and any("part of it is cut off" in text for text in lost.warnings)
    # A pair of another kind beside it is painted, the product moved afterwards.
    recolour = Exemplar(image, image[..., ::-1].copy(), alpha, alpha, "colour")
    (both,) = engine.edit([EditRequest("b", image, alpha, "", "product", 1, 1.0, (asked, recolour))])
    assert both.notes["change"] == "recolour+stance" and both.raw is not None
