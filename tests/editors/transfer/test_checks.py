"""Which pairs are refused, which are doubted, and which pass in silence."""

from __future__ import annotations

import numpy as np
import pytest

from editcore.editors.base import Exemplar
from editcore.editors.transfer.change import Change, change_of
from editcore.editors.transfer.checks import BadPair, check_change, same_size


def picture(side: int = 96, product: int = 120, ground: int = 240) -> np.ndarray:
    made = np.full((side, side, 3), ground, np.uint8)
    made[side // 4 : -side // 4, side // 4 : -side // 4] = product
    return made


def alpha(side: int = 96, tall: bool = False) -> np.ndarray:
    made = np.zeros((side, side), np.uint8)
    made[side // 4 : -side // 4, side // 4 : -side // 4] = 255
    if tall:  # a cross: another outline in the same box
        made[side // 4 : side // 2 - 6, side // 4 : side // 2 - 6] = 0
        made[side // 2 + 6 : -side // 4, side // 2 + 6 : -side // 4] = 0
        made[side // 4 : side // 2 - 6, side // 2 + 6 : -side // 4] = 0
        made[side // 2 + 6 : -side // 4, side // 4 : side // 2 - 6] = 0
    return made


def pair(after: np.ndarray, after_alpha: np.ndarray | None = None) -> Exemplar:
    return Exemplar(picture(), after, alpha(), alpha() if after_alpha is None else after_alpha, "k")


def warnings(exemplar: Exemplar, likeness: float | None = None) -> str:
    return " ".join(check_change(exemplar, change_of(exemplar), likeness))


def test_one_size_passes_and_one_crop_in_two_sizes_is_brought_to_the_smaller() -> None:
    before, after, said = same_size(picture(192), picture(192))
    assert before.shape == after.shape == (192, 192, 3) and said == ()
    before, after, said = same_size(picture(256), picture(192))
    assert before.shape == after.shape == (192, 192, 3)
    assert said == (
        "Sizes differ: the picture before is 256 x 256 pixels, the one after 192 x 192; the larger one was made "
        "smaller.",
    )
    assert "fine detail" in same_size(picture(96), picture(96))[2][0]


@pytest.mark.parametrize(
    ("after", "code"),
    [(picture(192)[:150], "pair_size"), (picture(192)[:, :96], "pair_size"), (picture(48), "pair_small")],
)
def test_other_crops_and_specks_are_refused(after: np.ndarray, code: str) -> None:
    with pytest.raises(BadPair) as refused:
        same_size(picture(192), after)
    assert refused.value.code == code and f"{after.shape[1]} x {after.shape[0]}" in refused.value.message


def test_nothing_changed_is_refused_also_with_the_noise_of_a_jpeg() -> None:
    noise = np.random.default_rng(0).integers(-2, 3, (96, 96, 3))
    for after in (picture(), np.clip(picture() + noise, 0, 255).astype(np.uint8)):
        with pytest.raises(BadPair, match="Nothing changes") as refused:
            warnings(pair(after))
        assert refused.value.code == "pair_same"


def test_recolours_and_backgrounds_pass_in_silence_whatever_a_small_clip_thinks() -> None:
    for after, kind in ((picture(product=60), "recolour"), (picture(ground=90), "background")):
        assert change_of(pair(after)).kind == kind
        assert warnings(pair(after), likeness=0.1) == ""


def test_everything_changed_and_another_object_are_doubted() -> None:
    everything = Change("other", np.full((96, 96), 255, np.uint8), 0.97, 0.3, 40.0)
    assert "Nearly everything differs (97% of the picture)" in check_change(pair(picture()), everything)[0]
    other = pair(picture(product=30), alpha(tall=True))
    assert "Is this the same object?" in warnings(other)
    unlike = pair(picture(product=30, ground=90))
    assert warnings(unlike, likeness=0.9) == "" or "Nearly" in warnings(unlike, likeness=0.9)
    assert "likeness 0.20" in warnings(unlike, likeness=0.2)
