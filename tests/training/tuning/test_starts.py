"""Noised sources, noised goals, and the path between them."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
import torch

from editcore.editors.backbones import Prediction
from editcore.editors.backbones.process import noised
from editcore.editors.sampling.step import step
from editcore.training.losses import consistent_output
from editcore.training.tuning.config import Starts, Times
from editcore.training.tuning.starts import Draw, draw, noisy_latent

SOURCE, GOAL, NOISE = torch.randn(3, 2, 4, 5, 5, generator=torch.Generator().manual_seed(7)).unbind(0)
LEVELS: dict[Prediction, Any] = {
    Prediction.FLOW: lambda t: (1 - t, t),
    Prediction.EPSILON: lambda t: (torch.cos(t * 1.57), torch.sin(t * 1.57)),
    Prediction.V: lambda t: (torch.cos(t * 1.57), torch.sin(t * 1.57)),
}


def latent(kind: Prediction, t: float, s: float) -> torch.Tensor:
    backbone: Any = SimpleNamespace(levels=LEVELS[kind])
    chance = Draw(torch.full((2,), t), torch.full((2,), s), torch.zeros(2, dtype=torch.bool), NOISE)
    return noisy_latent(backbone, SOURCE, GOAL, chance)


@pytest.mark.parametrize("kind", list(Prediction))
def test_the_two_ends_are_the_noised_source_and_the_noised_goal(kind: Prediction) -> None:
    levels = LEVELS[kind](torch.full((2,), 0.4))
    assert torch.allclose(latent(kind, 0.4, 0.4), noised(SOURCE, NOISE, *levels), atol=1e-6)
    assert torch.allclose(latent(kind, 0.4, 2.0), noised(GOAL, NOISE, *levels), atol=1e-6)


@pytest.mark.parametrize("kind", list(Prediction))
def test_between_them_lies_what_a_sampler_that_is_told_the_goal_comes_to(kind: Prediction) -> None:
    s, middle, t = (torch.full((2,), value) for value in (0.8, 0.6, 0.3))
    x = noised(SOURCE, NOISE, *LEVELS[kind](s))
    for now, then in ((s, middle), (middle, t)):
        levels = LEVELS[kind](now)
        said = consistent_output(kind, x, GOAL, *levels)
        x = step(kind, said, x, levels, LEVELS[kind](then))
    assert torch.allclose(latent(kind, 0.3, 0.8), x, atol=1e-5)


def test_draws_keep_to_the_shares_and_the_times() -> None:
    generator = torch.Generator().manual_seed(0)
    chance = draw(
        (4000, 1, 1, 1), Starts(source=2, target=1, path=1), Times(low=0.2, high=0.7), 0.1, generator
    )
    assert chance.t_B.min() >= 0.2 and chance.t_B.max() <= 0.7
    source, target = (chance.s_B == chance.t_B).float().mean(), (chance.s_B > 1).float().mean()
    assert source.item() == pytest.approx(0.5, abs=0.03) and target.item() == pytest.approx(0.25, abs=0.03)
    assert (chance.s_B >= chance.t_B).all()
    assert chance.wordless_B.float().mean().item() == pytest.approx(0.1, abs=0.02)
    high = draw((4000, 1, 1, 1), Starts(), Times(centre=1.5), 0, generator)
    assert high.t_B.median().item() == pytest.approx(0.02 + 0.98 / (1 + 2.718**-1.5), abs=0.03)
    alone = draw((4000, 1, 1, 1), Starts(), Times(high=0.9, noise_alone=0.75), 0, generator).t_B
    assert (alone == 0.9).float().mean().item() == pytest.approx(0.75, abs=0.03)
