"""The paired and the mask loss against their closed forms, written out here per kind of network."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from editcore.editors.backbones import Prediction
from editcore.editors.backbones.process import noised, target
from editcore.training.losses.masked import goal, masked_loss, region_mean
from editcore.training.losses.paired import CLIP, consistent_output, paired_loss

KINDS = list(Prediction)
GENERATOR = torch.Generator().manual_seed(4)
SOURCE, TARGET, NOISE, OUTPUT = torch.randn(4, 2, 3, 4, 4, generator=GENERATOR).unbind(0)


def levels(kind: Prediction, t: float, count: int = 2) -> tuple[Tensor, Tensor]:
    """Of a rectified flow for flows, else variance-preserving: alpha = cos, sigma = sin."""
    alpha, sigma = (
        (1 - t, t) if kind is Prediction.FLOW else (math.cos(t * math.pi / 2), math.sin(t * math.pi / 2))
    )
    return torch.full((count,), alpha), torch.full((count,), sigma)


def closed_form(kind: Prediction, alpha: float, sigma: float) -> Tensor:
    """The consistent outputs of the module's docstring, term by term."""
    carried = alpha / sigma * (SOURCE - TARGET)
    return {
        Prediction.EPSILON: NOISE + carried,
        Prediction.V: alpha * NOISE - sigma * TARGET + alpha * carried,
        Prediction.FLOW: NOISE - TARGET + carried,
    }[kind]


def largest_weight(kind: Prediction, alpha: float, sigma: float) -> float:
    snr = (alpha / sigma) ** 2
    return {Prediction.EPSILON: snr, Prediction.V: snr + 1, Prediction.FLOW: (1 + math.sqrt(snr)) ** 2}[kind]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("t", [0.05, 0.6, 0.9, 1.0])
def test_the_consistent_output_is_the_closed_form(kind: Prediction, t: float) -> None:
    alpha, sigma = levels(kind, t)
    noisy = noised(SOURCE, NOISE, alpha, sigma)
    expected = closed_form(kind, alpha[0].item(), sigma[0].item())
    assert torch.allclose(consistent_output(kind, noisy, TARGET, alpha, sigma), expected, atol=2e-5)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("t", [0.05, 0.3, 0.6, 0.9])
def test_the_loss_is_the_outputs_error_with_its_weight_clipped(kind: Prediction, t: float) -> None:
    alpha, sigma = levels(kind, t)
    noisy = noised(SOURCE, NOISE, alpha, sigma)
    native = (OUTPUT - closed_form(kind, alpha[0].item(), sigma[0].item())).square().mean(dim=(1, 2, 3))
    weight = largest_weight(kind, alpha[0].item(), sigma[0].item())
    unclipped = paired_loss(kind, OUTPUT, noisy, TARGET, alpha, sigma, clip=1e9)
    assert torch.allclose(unclipped, native, rtol=1e-4)
    clipped = paired_loss(kind, OUTPUT, noisy, TARGET, alpha, sigma)
    assert torch.allclose(clipped, native * min(1.0, CLIP / weight), rtol=1e-4)


@pytest.mark.parametrize("kind", KINDS)
def test_it_is_zero_for_a_network_that_says_exactly_the_consistent_output(kind: Prediction) -> None:
    for t in (0.01, 0.5, 1.0):
        alpha, sigma = levels(kind, t)
        noisy = noised(SOURCE, NOISE, alpha, sigma)
        said = consistent_output(kind, noisy, TARGET, alpha, sigma)
        assert paired_loss(kind, said, noisy, TARGET, alpha, sigma).max() < 1e-7


@pytest.mark.parametrize("kind", KINDS)
def test_loss_and_gradient_are_bounded_down_to_no_noise_at_all(kind: Prediction) -> None:
    sizes = []
    for t in (0.3, 1e-2, 1e-4, 0.0):
        alpha, sigma = levels(kind, t)
        noisy, said = noised(SOURCE, NOISE, alpha, sigma), OUTPUT.clone().requires_grad_()
        loss = paired_loss(kind, said, noisy, TARGET, alpha, sigma).sum()
        (gradient,) = torch.autograd.grad(loss, said)
        assert (
            loss.isfinite()
            and loss < 2 * CLIP * ((SOURCE - TARGET).abs() + OUTPUT.abs() + NOISE.abs()).square().mean() * 2
        )
        sizes.append(gradient.norm().item())
    assert sizes == sorted(sizes, reverse=True) and sizes[-1] == 0, "it vanishes with the network's influence"
    unbounded = (OUTPUT - closed_form(kind, 1.0, 1e-4)).square().mean()
    assert unbounded > 1e6, "the plain error would not"


def test_the_three_kinds_agree_on_the_same_estimate_where_the_weight_is_clipped() -> None:
    estimate = TARGET + 0.3 * OUTPUT
    losses = []
    for kind in KINDS:
        alpha, sigma = levels(kind, 0.05)
        noisy = noised(SOURCE, NOISE, alpha, sigma)
        said = consistent_output(kind, noisy, estimate, alpha, sigma)
        losses.append(paired_loss(kind, said, noisy, TARGET, alpha, sigma))
    expected = CLIP * (0.3 * OUTPUT).square().mean(dim=(1, 2, 3))
    for loss in losses:
        assert torch.allclose(loss, expected, rtol=1e-3)


@pytest.mark.parametrize("kind", KINDS)
def test_from_the_noised_target_it_is_ordinary_denoising(kind: Prediction) -> None:
    alpha, sigma = levels(kind, 0.7)
    noisy = noised(TARGET, NOISE, alpha, sigma)
    expected = (OUTPUT - target(kind, TARGET, NOISE, alpha, sigma)).square().mean(dim=(1, 2, 3))
    assert torch.allclose(paired_loss(kind, OUTPUT, noisy, TARGET, alpha, sigma), expected, rtol=1e-4)


def test_the_mask_loss_is_the_literature_s_for_epsilon() -> None:
    alpha, sigma = levels(Prediction.EPSILON, 0.7)
    noisy = noised(SOURCE, NOISE, alpha, sigma)
    region = torch.zeros(2, 1, 4, 4)
    region[0, :, :2], region[1, :, :, 3:] = 1, 1
    loss = masked_loss(Prediction.EPSILON, OUTPUT, noisy, SOURCE, TARGET, region, alpha, sigma, outside=0.5)
    inside = (OUTPUT - closed_form(Prediction.EPSILON, alpha[0].item(), sigma[0].item())).square()
    outside = (OUTPUT - NOISE).square()
    expected = torch.stack([
        inside[0, :, :2].mean() + 0.5 * outside[0, :, 2:].mean(),
        inside[1, :, :, 3:].mean() + 0.5 * outside[1, :, :, :3].mean(),
    ])  # fmt: skip
    assert torch.allclose(loss, expected, rtol=1e-4)


@pytest.mark.parametrize("kind", KINDS)
def test_the_mask_loss_is_zero_for_target_inside_and_source_outside(kind: Prediction) -> None:
    alpha, sigma = levels(kind, 0.4)
    noisy = noised(SOURCE, NOISE, alpha, sigma)
    region = torch.zeros(2, 1, 4, 4)
    region[..., 1:3, 1:3] = 1
    said = consistent_output(kind, noisy, goal(SOURCE, TARGET, region), alpha, sigma)
    assert masked_loss(kind, said, noisy, SOURCE, TARGET, region, alpha, sigma).max() < 1e-9
    swapped = consistent_output(kind, noisy, goal(TARGET, SOURCE, region), alpha, sigma)
    assert masked_loss(kind, swapped, noisy, SOURCE, TARGET, region, alpha, sigma).min() > 1


def test_a_small_region_counts_as_much_as_a_large_one_and_none_counts_nothing() -> None:
    error = torch.ones(3, 2, 8, 8)
    region = torch.zeros(3, 1, 8, 8)
    region[0, :, 0, 0], region[1] = 1, 1
    assert region_mean(error, region).tolist() == [1, 1, 0]
    assert region_mean(error, region * 0.01).tolist() == pytest.approx([0.01, 0.64, 0]), "less than a cell"
