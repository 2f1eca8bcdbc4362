"""Every figure moves the way it should, and each failure earns its sentence."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from editcore.segmentation.quality import DoubtThresholds, doubt, measure


def disc(size: int = 200, radius: int = 50, at: tuple[int, int] = (100, 100)) -> np.ndarray:
    y, x = np.mgrid[:size, :size]
    return np.where((x - at[0]) ** 2 + (y - at[1]) ** 2 < radius**2, 255, 0).astype(np.uint8)


def test_a_good_mask_is_believed() -> None:
    figures = measure(disc())
    assert figures.area == pytest.approx(np.pi * 50**2 / 200**2, rel=0.02)
    assert (figures.border_share, figures.components, figures.second_share, figures.holes) == (0, 1, 0, 0)
    assert figures.soft_share == 0 and figures.peak == 1
    assert doubt(figures) == ""


@pytest.mark.parametrize(
    ("alpha", "words"),
    [
        (disc(radius=8), "next to nothing"),
        (disc(radius=110), "nearly everything"),
        (disc(at=(10, 100)), "runs out of the picture"),
        (disc(radius=30, at=(50, 50)) | disc(radius=30, at=(150, 150)), "2 pieces"),
        (disc(radius=60) & ~disc(radius=30), "gaps"),
    ],
)
def test_each_failure_has_its_sentence(alpha: np.ndarray, words: str) -> None:
    assert words in doubt(measure(alpha))


def test_an_undecided_or_unsure_network_is_doubted() -> None:
    sure = disc(320, 80, (160, 160)) / 255
    assert doubt(measure(disc(), sure)) == ""
    assert "undecided" in doubt(
        measure(disc(), np.where(disc(320, 100, (160, 160)) > 0, 0.55, 0) + sure * 0.4)
    )
    assert "at most 50% sure" in doubt(measure(disc(), sure * 0.5))


def test_a_ragged_outline_is_doubted_unless_people_drew_it() -> None:
    grown = disc(640, 200, (320, 320))
    assert measure(grown, grown / 255).ragged == pytest.approx(1, abs=0.05)
    grassy = grown.copy()
    grassy[440:, ::12] = 0  # blades before the foot
    grassy[440:, 1::12] = 0
    grassy[440:, 2::12] = 0
    figures = measure(grassy, grown / 255)
    assert figures.ragged > 1.3 and "ragged" in doubt(figures)
    assert measure(grassy).ragged == 1


def test_a_mask_that_a_second_look_contests_is_doubted() -> None:
    assert measure(disc()).disagreement == 0
    assert "contest 12%" in doubt(measure(disc(), disc() / 255, disagreement=0.12))


def test_figures_do_not_depend_on_resolution() -> None:
    small, large = measure(disc()), measure(disc(1600, 400, (800, 800)))
    assert large.area == pytest.approx(small.area, rel=0.02)
    assert doubt(large) == ""


def test_specks_are_no_pieces_and_thresholds_are_settings() -> None:
    speckled = disc()
    speckled[5:7, 5:7] = 255
    assert measure(speckled).components == 1
    assert doubt(measure(disc()), replace(DoubtThresholds(), min_area=0.5)) != ""


def test_empty_and_full_masks_have_figures() -> None:
    assert measure(np.zeros((30, 40), np.uint8)).components == 0
    full = measure(np.full((30, 40), 255, np.uint8))
    assert (full.area, full.border_share, full.holes) == (1, 1, 0)
