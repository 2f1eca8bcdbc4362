"""The noisy latents of training: noised sources, noised goals, and what lies between.

A deterministic sampler that starts at time s from the noised source, ``alpha_s x_src + sigma_s noise``, and is told
the goal at every step believes in the noise ``noise + alpha_s / sigma_s (x_src - goal)`` (``losses.paired``), so that
at t <= s it stands at

    x_t = alpha_t goal + sigma_t noise + carry (x_src - goal),    carry = sigma_t alpha_s / sigma_s

s = t is the noised source (carry = alpha_t), s = 1 the noised goal (carry = 0), and s between them is what a sampler
meets that training on the other two never shows: the goal with a rest of the source in its noise.

Legend as in ``editors.backbones.base``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from editcore.editors.backbones import Backbone
from editcore.editors.backbones.process import noised, per_picture
from editcore.training.tuning.config import Starts, Times


@dataclass(frozen=True)
class Draw:
    """What chance decides about a batch."""

    t_B: Tensor
    s_B: Tensor
    """Time at which the sampler is imagined to have started, from t to 1; above 1: from pure noise."""
    wordless_B: Tensor
    """bool: trained without words."""
    noise_BChw: Tensor


def draw(
    shape: Sequence[int],
    starts: Starts,
    times: Times,
    no_words: float,
    generator: torch.Generator | None = None,
) -> Draw:
    """For latents of ``shape`` (B, C, h, w); on the CPU. None draws from torch's own generator."""
    count = shape[0]
    uniform = lambda: torch.rand(count, generator=generator)  # noqa: E731
    share = uniform()
    if times.centre is not None:
        share = torch.sigmoid(torch.randn(count, generator=generator) + times.centre)
    if times.noise_alone:
        share = torch.where(uniform() < times.noise_alone, torch.ones(count), share)
    t = times.low + (times.high - times.low) * share
    which = uniform() * (starts.source + starts.target + starts.path)
    between = t + (1 - t) * uniform()
    s = torch.where(which < starts.source, t, between)
    s[(which >= starts.source) & (which < starts.source + starts.target)] = 2.0
    return Draw(t, s, uniform() < no_words, torch.randn(tuple(shape), generator=generator))


def noisy_latent(backbone: Backbone, source_BChw: Tensor, goal_BChw: Tensor, chance: Draw) -> Tensor:
    """``x_t`` of the module's docstring."""
    device = source_BChw.device
    t, s, noise = (x.to(device) for x in (chance.t_B, chance.s_B, chance.noise_BChw))
    alpha, sigma = backbone.levels(t)
    alpha_s, sigma_s = backbone.levels(s.clamp(max=1))
    carry = torch.where(s > 1, torch.zeros_like(alpha), sigma * alpha_s / sigma_s.clamp(min=1e-6))
    carry = torch.where(s == t, alpha, carry)
    rest = per_picture(carry, source_BChw) * (source_BChw - goal_BChw)
    return noised(goal_BChw, noise.to(goal_BChw), alpha, sigma) + rest
