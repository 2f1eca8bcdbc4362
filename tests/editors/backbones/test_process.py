"""The noising arithmetic: every estimate undoes every target."""

from __future__ import annotations

import pytest
import torch

from editcore.editors.backbones import Prediction
from editcore.editors.backbones.process import clean_estimate, noise_estimate, noised, target

T = torch.tensor([0.05, 0.5, 0.95])
FLOW = (1 - T, T)
PRESERVING = (torch.cos(T * 1.5), torch.sin(T * 1.5))


@pytest.mark.parametrize(
    ("prediction", "levels"),
    [(Prediction.EPSILON, PRESERVING), (Prediction.V, PRESERVING), (Prediction.FLOW, FLOW)],
)
def test_the_true_output_gives_back_picture_and_noise(
    prediction: Prediction, levels: tuple[torch.Tensor, torch.Tensor]
) -> None:
    generator = torch.Generator().manual_seed(3)
    clean, noise = torch.randn(2, 3, 4, 5, 5, generator=generator).unbind(0)
    noisy = noised(clean, noise, *levels)
    said = target(prediction, clean, noise, *levels)
    assert torch.allclose(clean_estimate(prediction, said, noisy, *levels), clean, atol=1e-4)
    assert torch.allclose(noise_estimate(prediction, said, noisy, *levels), noise, atol=1e-4)


def test_v_at_the_ends_is_the_noise_and_minus_the_picture() -> None:
    clean, noise = torch.ones(1, 1, 2, 2), torch.full((1, 1, 2, 2), 5.0)
    one, zero = torch.ones(1), torch.zeros(1)
    assert torch.equal(target(Prediction.V, clean, noise, one, zero), noise)
    assert torch.equal(target(Prediction.V, clean, noise, zero, one), -clean)
