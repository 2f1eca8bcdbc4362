"""The terms on decoded pictures: LPIPS and CLIP with gradients."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from editcore.scoring.clip import direction
from editcore.scoring.perceptual import Lpips
from editcore.training.losses.clip import ClipLoss, directional_loss, global_loss, region_squares
from editcore.training.losses.perceptual import Perceptual


@pytest.fixture(scope="module")
def perceptual() -> Perceptual:
    return Perceptual()


@pytest.fixture(scope="module")
def clip() -> ClipLoss:
    return ClipLoss("bundled")


def pictures(count: int, side: int = 64) -> Tensor:
    return torch.rand(count, 3, side, side, generator=torch.Generator().manual_seed(2))


def test_the_distance_is_the_scorers(perceptual: Perceptual) -> None:
    a, b = pictures(2, 256).chunk(2)
    as_bytes = [(x[0].permute(1, 2, 0) * 255).round().byte().numpy() for x in (a, b)]
    (expected,) = Lpips()([tuple(as_bytes)])
    assert perceptual(a, b).item() == pytest.approx(expected, rel=0.02)
    assert perceptual(a, a).item() == 0


def test_its_gradient_is_finite_even_on_flat_pictures(perceptual: Perceptual) -> None:
    flat = torch.zeros(2, 3, 64, 64, requires_grad=True)
    loss = perceptual(flat, pictures(2)).sum()
    (gradient,) = torch.autograd.grad(loss, flat)
    assert gradient.isfinite().all() and gradient.abs().sum() > 0
    assert not any(p.requires_grad for p in perceptual.parameters())
    assert not perceptual.train().network.training, "dropout would make the distance noisy"


def test_a_step_along_the_gradient_comes_closer(perceptual: Perceptual) -> None:
    a, b = pictures(2).chunk(2)
    a = a.clone().requires_grad_()
    before = perceptual(a, b)
    (gradient,) = torch.autograd.grad(before.sum(), a)
    assert perceptual(a - 0.02 * gradient / gradient.abs().max(), b).item() < before.item()


def test_clip_terms_are_one_minus_the_scorers_figures() -> None:
    generator = torch.Generator().manual_seed(1)
    now, was, wanted, described = torch.nn.functional.normalize(
        torch.randn(4, 5, 8, generator=generator), dim=-1
    ).unbind(0)
    expected = direction(*(x.numpy() for x in (was, now, described, wanted)))
    assert np.allclose(1 - directional_loss(now, was, wanted, described), expected, atol=1e-5)
    assert torch.allclose(global_loss(now, wanted), 1 - (now * wanted).sum(dim=1))


def test_an_unchanged_picture_has_no_direction_and_equal_texts_ask_nothing() -> None:
    a, b, c = torch.nn.functional.normalize(torch.randn(3, 1, 8), dim=-1).unbind(0)
    unchanged = a.clone().requires_grad_()
    loss = directional_loss(unchanged, a, b, c)
    assert loss.item() == pytest.approx(1)
    (gradient,) = torch.autograd.grad(loss.sum(), unchanged)
    assert gradient.isfinite().all() and gradient.norm() > 0, "training starts from no change"
    assert directional_loss(b, a, c, c).item() == 0


def test_gradients_reach_the_estimate_inside_the_region_only(clip: ClipLoss) -> None:
    source, estimate = pictures(2).chunk(2)
    estimate = estimate.clone().requires_grad_()
    region = torch.zeros(1, 1, 64, 64)
    region[..., 20:40, 10:30] = 1
    shown, moved = clip(estimate, source, region, ["a red mug"], ["a blue mug"])
    (gradient,) = torch.autograd.grad((shown + moved).sum(), estimate)
    assert 0 < shown.item() < 2 and 0 < moved.item() < 2
    assert gradient[..., 20:40, 10:30].abs().sum() > 0
    assert (gradient * (1 - region)).abs().sum() == 0


@pytest.mark.parametrize(
    ("rows", "columns", "expected"),
    [
        (slice(20, 40), slice(24, 34), (18, 17, 24)),
        (slice(0, 10), slice(50, 64), (0, 47, 17)),
        (slice(0, 64), slice(30, 34), (0, 0, 64)),
        (slice(0, 0), slice(0, 0), (0, 0, 64)),
    ],
)
def test_squares_lie_around_the_region_and_inside_the_picture(
    rows: slice, columns: slice, expected: tuple[int, int, int]
) -> None:
    ramp = torch.arange(64.0).expand(64, 64)
    rgb = torch.stack([ramp.T, ramp, ramp])[None]
    region = torch.zeros(1, 1, 64, 64)
    region[..., rows, columns] = 1
    top, left, size = expected
    view = region_squares(rgb, region, size)[0]
    assert (view[0, 0, 0].round().item(), view[1, 0, 0].round().item()) == (top, left)
    assert view[0, -1, 0].round().item() == top + size - 1
