from __future__ import annotations

import numpy as np
import pytest

from editcore.evaluation import pixels
from editcore.evaluation.cases import Case


def test_kept_pixels_are_compared_over_the_whole_picture_as_published(case: Case) -> None:
    after = case.image.copy()
    after[case.region > 0] = 7  # inside does not count
    same = pixels.kept(case.image, after, case.outside)
    assert same == {"psnr_unedit_part": 100.0, "mse_unedit_part": 0.0, "ssim_unedit_part": pytest.approx(1.0)}
    after[0, 0] += 51  # one pixel off by 0.2 in every channel, of 48 x 48
    mse = 0.2**2 / 48**2
    worse = pixels.kept(case.image, after, case.outside)
    assert worse["mse_unedit_part"] == pytest.approx(mse)
    assert worse["psnr_unedit_part"] == pytest.approx(-10 * np.log10(mse))
    nothing = pixels.kept(case.image, after, np.zeros_like(case.outside))
    assert set(nothing.values()) == {None}


def test_ssim_is_the_gaussian_one_without_its_border() -> None:
    rng = np.random.default_rng(1)
    a, b = (rng.integers(0, 256, (24, 24, 3), np.uint8) for _ in range(2))
    window = np.exp(-np.square(np.arange(-5, 6)) / (2 * 1.5**2))
    window /= window.sum()

    def blurred(x: np.ndarray) -> np.ndarray:  # only windows that lie wholly inside
        rows = sum(w * x[i : i + 14] for i, w in enumerate(window))
        return sum(w * rows[:, i : i + 14] for i, w in enumerate(window))

    x, y = a / 255, b / 255
    mx, my = blurred(x), blurred(y)
    vx, vy, cov = blurred(x * x) - mx**2, blurred(y * y) - my**2, blurred(x * y) - mx * my
    c1, c2 = 0.01**2, 0.03**2
    expected = ((2 * mx * my + c1) * (2 * cov + c2) / ((mx**2 + my**2 + c1) * (vx + vy + c2))).mean()
    assert pixels.kept(a, b, np.ones((24, 24), bool))["ssim_unedit_part"] == pytest.approx(expected, abs=1e-6)


def test_errors_to_the_truth_look_inside_only(case: Case) -> None:
    assert case.truth is not None
    assert pixels.errors(case.truth, case.truth, case.inside) == {"rmse_region": 0.0, "delta_e_to_truth": 0.0}
    outside_spoilt = np.where(case.inside[..., None], case.truth, 0).astype(np.uint8)
    assert pixels.errors(outside_spoilt, case.truth, case.inside)["rmse_region"] == 0
    brighter = np.where(case.inside[..., None], case.truth + 51, case.truth).astype(np.uint8)
    assert pixels.errors(brighter, case.truth, case.inside)["rmse_region"] == pytest.approx(0.2)
    assert set(pixels.errors(brighter, case.truth, np.zeros((48, 48), bool)).values()) == {None}
