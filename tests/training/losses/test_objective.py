"""Which losses count, where, and how they add up."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
import torch
from pydantic import ValidationError
from torch import Tensor, nn

from editcore.editors.backbones import Backbone, Condition, Prediction, Words
from editcore.editors.backbones.process import noised
from editcore.training.losses import (
    Objective,
    ObjectiveConfig,
    Pairs,
    consistent_output,
    masked_loss,
    paired_loss,
)


class Plain:
    """A rectified flow whose latents are the pictures, shrunk four times."""

    prediction, side = Prediction.FLOW, 32
    network: nn.Module = nn.Identity()
    decoded = 0

    def encode(self, rgb_B3HW: Tensor) -> Tensor:
        return nn.functional.avg_pool2d(rgb_B3HW, 4)

    def decode(self, latent_BChw: Tensor) -> Tensor:
        self.decoded += len(latent_BChw)
        return nn.functional.interpolate(latent_BChw, scale_factor=4.0)

    def embed(self, texts: Sequence[str]) -> Words:
        return Words(torch.zeros(len(texts), 1, 1))

    def levels(self, t_B: Tensor) -> tuple[Tensor, Tensor]:
        return 1 - t_B, t_B

    def predict(
        self, noisy_BChw: Tensor, t_B: Tensor, words: Words, condition: Condition | None = None
    ) -> Tensor:
        return noisy_BChw


SOURCE, TARGET, NOISE, OUTPUT = torch.rand(4, 2, 3, 8, 8, generator=torch.Generator().manual_seed(6)).unbind(
    0
)
REGION = torch.zeros(2, 1, 8, 8)
REGION[..., 2:6, 2:6] = 1
PAIRS = Pairs(SOURCE, TARGET, REGION, ["a red mug", "a blue mug"], ["a green mug", "a green mug"])


def losses(config: ObjectiveConfig, t: Sequence[float], output: Tensor | None = None) -> dict[str, Tensor]:
    backbone: Backbone = Plain()
    levels = backbone.levels(torch.tensor(t))
    noisy = noised(SOURCE, NOISE, *levels)
    if output is None:
        output = consistent_output(backbone.prediction, noisy, PAIRS.goal(config), *levels)
    return Objective(config)(backbone, output, noisy, *levels, PAIRS)


def test_the_total_is_the_weighted_sum_of_the_parts() -> None:
    config = ObjectiveConfig(paired=0.5, masked=2.0, outside=0.3, weight_limit=3.0)
    parts = losses(config, [0.5, 0.9], OUTPUT)
    assert set(parts) == {"loss", "paired", "masked"}
    levels = (torch.tensor([0.5, 0.1]), torch.tensor([0.5, 0.9]))
    said = (Prediction.FLOW, OUTPUT, noised(SOURCE, NOISE, *levels))
    paired = paired_loss(*said, TARGET, *levels, 3.0).mean()
    masked = masked_loss(*said, SOURCE, TARGET, REGION, *levels, 0.3, 3.0).mean()
    assert torch.allclose(parts["loss"], 0.5 * paired + 2 * masked)


def test_pictures_are_decoded_at_low_noise_only() -> None:
    config = ObjectiveConfig(masked=0, paired=1, perceptual=1, low_noise=0.4)
    backbone = Plain()
    objective = Objective(config)
    for t, decoded in (([0.5, 0.9], 0), ([0.3, 0.9], 3), ([0.3, 0.4], 6)):
        levels = backbone.levels(torch.tensor(t))
        backbone.decoded = 0
        parts = objective(backbone, OUTPUT, noised(SOURCE, NOISE, *levels), *levels, PAIRS)
        assert backbone.decoded == decoded
        assert (parts["perceptual"] > 0) == (decoded > 0)


def test_few_decoded_pictures_stand_for_all_on_average() -> None:
    backbone, said = Plain(), Objective(ObjectiveConfig(perceptual=1, low_noise=1, decoded=1))
    levels = backbone.levels(torch.tensor([0.3, 0.9]))
    noisy = noised(SOURCE, NOISE, *levels)
    few = [said(backbone, OUTPUT, noisy, *levels, PAIRS)["perceptual"].item() for _ in range(24)]
    assert backbone.decoded == 24 * 3
    one, other = sorted(set(few))  # each counts twice, for itself and for the one that is not decoded
    whole = Objective(ObjectiveConfig(perceptual=1, low_noise=1))(backbone, OUTPUT, noisy, *levels, PAIRS)
    assert (one + other) / 2 == pytest.approx(whole["perceptual"].item(), rel=1e-4)


def test_an_estimate_on_the_goal_costs_nothing_but_words() -> None:
    config = ObjectiveConfig(masked=1, perceptual=1, clip_global=1, clip_direction=1)
    parts = losses(config, [0.2, 0.3])
    assert set(parts) == {"loss", "masked", "perceptual", "clip_global", "clip_direction"}
    assert parts["masked"] < 1e-9 and parts["perceptual"] < 1e-4
    assert parts["clip_global"] > 0.01 and parts["clip_direction"] > 0.01


def test_every_part_gives_a_gradient_to_the_output() -> None:
    for name in ("paired", "masked", "perceptual", "clip_global", "clip_direction"):
        said = OUTPUT.clone().requires_grad_()
        weights = {"masked": 0.0, name: 1.0}
        (gradient,) = torch.autograd.grad(losses(ObjectiveConfig(**weights), [0.2, 0.3], said)["loss"], said)
        assert gradient.isfinite().all() and gradient.abs().sum() > 0, name


def test_only_what_is_needed_is_loaded_and_nothing_at_all_is_refused() -> None:
    assert Objective(ObjectiveConfig())._perceptual is None and Objective(ObjectiveConfig())._clip is None
    with pytest.raises(ValidationError, match="every weight is 0"):
        ObjectiveConfig(masked=0)
    with pytest.raises(ValidationError, match="Extra inputs"):
        ObjectiveConfig(perceptive=1)
