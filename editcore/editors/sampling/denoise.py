"""From noisy latents to clean ones: guidance, steps, and what has to stay.

Legend as in ``backbones.base``; N steps.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor

from editcore.editors.backbones import Backbone, Condition, Words
from editcore.editors.sampling.step import Levels, step

Keep = Callable[[Tensor, Levels], Tensor]
"""Called after each step with the latent and its levels; gives the latent to go on with."""


@dataclass(frozen=True)
class Guidance:
    """Classifier-free guidance (Ho & Salimans 2022, arXiv 2207.12598, eq. 6, in the form ``without + scale (with -
    without)``)."""

    words: Words
    empty: Words
    """Of "", as many as ``words``."""
    scale: float
    """1 = none, at half the cost; larger follows the words more."""

    @classmethod
    def of(cls, backbone: Backbone, texts: Sequence[str], scale: float) -> Guidance:
        """Encode the texts."""
        return cls(backbone.embed(texts), backbone.embed([""] * len(texts)), scale)

    def predict(
        self, backbone: Backbone, noisy_BChw: Tensor, t_B: Tensor, condition: Condition | None
    ) -> Tensor:
        """The guided output (B, C, h, w): one call of the network, on twice the batch."""
        if self.scale == 1.0:
            return backbone.predict(noisy_BChw, t_B, self.words, condition)
        doubled = torch.cat([noisy_BChw, noisy_BChw])
        both = backbone.predict(
            doubled, torch.cat([t_B, t_B]), joined(self.empty, self.words), twice(condition)
        )
        without, with_words = both.chunk(2)
        return without + self.scale * (with_words - without)


@torch.no_grad()
def denoise(
    backbone: Backbone,
    noisy_BChw: Tensor,
    times: Sequence[float],
    guidance: Guidance,
    condition: Condition | None = None,
    keep: Keep | None = None,
) -> Tensor:
    """Follow ``times`` (N + 1 of them, falling, the first that of ``noisy_BChw``); returns latents at the last one."""
    latent = noisy_BChw
    for t, s in pairwise(times):
        t_B, s_B = (torch.full((len(latent),), time, device=latent.device) for time in (t, s))
        output = guidance.predict(backbone, latent, t_B, condition)
        then = backbone.levels(s_B)
        latent = step(backbone.prediction, output, latent, backbone.levels(t_B), then)
        if keep:
            latent = keep(latent, then)
    return latent


def joined(first: Words, second: Words) -> Words:
    """Two batches of texts as one."""
    pooled = None
    if first.pooled_BD is not None and second.pooled_BD is not None:
        pooled = torch.cat([first.pooled_BD, second.pooled_BD])
    return Words(torch.cat([first.states_BTD, second.states_BTD]), pooled)


def twice(condition: Condition | None) -> Condition | None:
    """The condition of a batch, for the batch and its copy behind it."""
    if condition is None:
        return None
    source, region = condition.source_BChw, condition.region_B1hw
    return Condition(
        None if source is None else torch.cat([source, source]),
        None if region is None else torch.cat([region, region]),
    )
