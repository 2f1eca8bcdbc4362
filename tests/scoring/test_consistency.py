"""Appearance measured on drawn pictures, and outliers among the rows of a recipe."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import pytest

from editcore.scoring.consistency import BASIS, appearance, deviation, range_of


def drawn(
    ground: tuple[int, int, int] = (200, 190, 180), shadow: tuple[int, int] | None = (40, 30), side: int = 320
) -> tuple[np.ndarray, np.ndarray]:
    """A disc on a sweep that darkens to the bottom, with a soft shadow at an offset (right, down)."""
    fall = np.linspace(1, 0.85, side)[:, None, None]
    picture = np.array(ground) * fall * np.ones((side, side, 1))
    alpha = np.zeros((side, side), np.uint8)
    cv2.circle(alpha, (side // 2, side // 2), side // 8, 255, -1)
    if shadow:
        dark = np.zeros((side, side), np.float32)
        cv2.circle(dark, (side // 2 + shadow[0], side // 2 + shadow[1]), side // 9, 1, -1)
        picture *= 1 - 0.4 * cv2.GaussianBlur(dark, (0, 0), 6)[..., None]
    picture[alpha > 0] = (40, 80, 160)
    return picture.astype(np.uint8), alpha


@pytest.mark.parametrize("offset", [(40, 0), (30, 30), (-40, 5), (0, 40)])
def test_the_shadow_is_found_where_it_was_drawn(offset: tuple[int, int]) -> None:
    found = appearance(*drawn(shadow=offset))["shadow_angle"]
    assert found is not None
    assert abs((found - np.degrees(np.arctan2(offset[1], offset[0])) + 180) % 360 - 180) < 12


def test_no_shadow_a_busy_ground_and_a_full_picture_have_no_direction() -> None:
    assert appearance(*drawn(shadow=None))["shadow_angle"] is None
    picture, alpha = drawn()
    checks = (np.indices(alpha.shape) // 8).sum(0) % 2 == 0
    busy = np.where((checks & (alpha == 0))[..., None], picture // 2, picture)
    assert appearance(busy, alpha)["shadow_angle"] is None
    full = appearance(picture, np.full_like(alpha, 255))
    assert full == {**dict.fromkeys(BASIS), "product_share": 1.0}
    assert appearance(picture, np.zeros_like(alpha))["product_share"] is None


def test_background_and_share_are_measured_whatever_the_size() -> None:
    small, large = appearance(*drawn(side=320)), appearance(*drawn(side=800))
    assert small["product_share"] == pytest.approx(np.pi / 64, rel=0.03)
    for name in BASIS[:4]:
        assert small[name] == pytest.approx(large[name], abs=1.0)


def row(**changes: Any) -> dict[str, Any]:
    typical = {"background_l": 80.0, "background_a": 1.0, "background_b": 5.0, "product_share": 0.2}
    return {**typical, "shadow_angle": 40.0, "target": "background", "pair": "", **changes}


def rows(count: int = 9) -> list[dict[str, Any]]:
    rng = np.random.default_rng(1)
    return [
        row(
            background_l=80 + rng.normal(0, 0.4),
            product_share=0.2 * 2 ** rng.normal(0, 0.1),
            shadow_angle=40 + rng.normal(0, 4),
        )
        for _ in range(count)
    ]


def test_only_what_stands_out_is_doubted_and_in_words() -> None:
    known = range_of(rows())
    assert deviation(row(), known)["range_doubt"] == ""
    far = deviation(row(background_b=25.0, shadow_angle=-150.0), known)
    assert far["range_doubt"] == (
        f"It stands out from its range: its background is off the others' (ΔE {far['range_delta_e']:.0f}), "
        f"its shadow falls {far['range_shadow']:.0f}° away from the others'."
    )
    assert far["range_shadow"] == pytest.approx(170, abs=8) and far["range_scale"] == pytest.approx(
        1, abs=0.1
    )


def test_what_the_edit_did_not_make_is_measured_but_not_held_against_it() -> None:
    known = range_of(rows())
    recolour = deviation(row(target="product", background_b=40.0, product_share=0.02), known)
    assert recolour["range_doubt"] == "" and float(recolour["range_delta_e"] or 0) > 15
    assert deviation(row(product_share=0.02), known)["range_doubt"] == ""
    followed = deviation(row(target="product", pair="k", product_share=0.02), known)
    assert "the product takes 0.1 times the others' share" in str(followed["range_doubt"])


def test_a_mixed_range_has_no_outliers_and_few_rows_are_no_range() -> None:
    mixed = [
        row(background_l=20.0 + 15 * n, background_b=10.0 * (n % 3), product_share=0.05 * (n + 1))
        for n in range(6)
    ]
    known = range_of(mixed)
    assert [deviation(one, known)["range_doubt"] for one in mixed] == [""] * 6
    few = range_of(rows(4))
    assert (few.background, few.share, few.shadow) == (None, None, None)
    assert deviation(row(background_b=90.0), few)["range_doubt"] == ""
    none = range_of([row(shadow_angle=None, background_l=None) for _ in range(8)])
    assert none.background is None and none.shadow is None and none.share is not None


def test_shadows_that_point_up_do_not_average_to_the_left() -> None:
    around = range_of([row(shadow_angle=angle) for angle in (175.0, -175.0, 178.0, -179.0, 180.0)])
    assert around.shadow and abs(abs(around.shadow[0]) - 180) < 2
    assert deviation(row(shadow_angle=-178.0), around)["range_shadow"] == pytest.approx(2, abs=2)
