"""Edits of a batch of pictures with any backbone: partial noise, guidance, and a background that stays.

SDEdit (Meng et al. 2022, arXiv 2108.01073): the source is noised to ``strength`` and denoised under the new words, so
that layout survives as far as the strength lets it. Blended latent diffusion (Avrahami et al. 2023, arXiv 2206.02779):
after every step, what lies outside the region is the source again, noised to the same level. Backbones that see source
and region as channels get them as ``Condition`` as well.

Legend as in ``backbones.base``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from editcore.editors.backbones import Backbone, Condition
from editcore.editors.backbones.process import noised
from editcore.editors.sampling.denoise import Guidance, Keep, denoise
from editcore.editors.sampling.noise import row_noise
from editcore.editors.sampling.step import Levels

TOUCHED = 0.02
"""Share of a latent cell above which it counts as touched by the region: mattes are never quite 0 far away."""


@dataclass(frozen=True)
class Settings:
    """How to sample. ValueError for values out of range."""

    steps: int = 20
    """Calls of the network per picture. All are spent between ``strength`` and 0 (diffusers' image-to-image skips
    steps instead)."""
    guidance: float = 5.0
    """See ``denoise.Guidance``."""
    strength: float = 1.0
    """Time at which sampling starts, (0, 1]: 1 keeps nothing but what noise cannot hide, 0.5 keeps the layout."""
    blend: bool = True
    """Whether what lies outside the region is put back after every step."""
    condition: bool = True
    """Whether backbones with channels for source and region get them; without, they paint from words alone."""

    def __post_init__(self) -> None:
        if self.steps < 1:
            raise ValueError(f"steps is {self.steps}; expected at least 1")
        if not 0 < self.strength <= 1:
            raise ValueError(f"strength is {self.strength}; expected a number above 0 and at most 1")

    def times(self) -> list[float]:
        """``steps + 1`` times, evenly spaced from ``strength`` to 0."""
        return np.linspace(self.strength, 0, self.steps + 1).tolist()


@torch.no_grad()
def edit_pictures(
    backbone: Backbone,
    source_B3HW: Tensor,
    words: Sequence[str],
    seeds: Sequence[int],
    settings: Settings,
    region_B1HW: Tensor | None = None,
) -> Tensor:
    """Edited pictures in [0, 1], float32, (B, 3, H', W'): H' is H, or what the backbone decodes to.

    source_B3HW: pictures in [0, 1], ``backbone.side`` square. words, seeds: one per picture. region_B1HW: share of
    each pixel that may change, [0, 1]; None = all may. A row comes out the same, up to rounding, in any batch. Raises
    ValueError for counts and sizes that do not fit.
    """
    _check(backbone, source_B3HW, words, seeds, region_B1HW)
    source = backbone.encode(source_B3HW)
    region = latent_region(region_B1HW, source)
    (noise,) = row_noise(seeds, source)
    times = settings.times()
    start = torch.full((len(source),), times[0], device=source.device)
    latent = denoise(
        backbone,
        noised(source, noise, *backbone.levels(start)),
        times,
        Guidance.of(backbone, words, settings.guidance),
        Condition(source, region) if settings.condition else None,
        _putting_back(source, noise, region) if settings.blend and region_B1HW is not None else None,
    )
    return backbone.decode(latent).clamp(0, 1)


def latent_region(region_B1HW: Tensor | None, like_BChw: Tensor) -> Tensor:
    """Share of each latent cell that may change, (B, 1, h, w); ones for None."""
    if region_B1HW is None:
        return torch.ones_like(like_BChw[:, :1])
    height, width = like_BChw.shape[-2:]
    return F.adaptive_avg_pool2d(region_B1HW.to(like_BChw), (height, width))


def _putting_back(source: Tensor, noise: Tensor, region: Tensor) -> Keep:
    """``z <- M z + (1 - M) (alpha source + sigma noise)``, with the noise that the row began with.

    A cell that the region only touches is free: which of its pixels change is decided at full resolution.
    """
    free = (region > TOUCHED).to(source)

    def keep(latent: Tensor, levels: Levels) -> Tensor:
        return free * latent + (1 - free) * noised(source, noise, *levels)

    return keep


def _check(
    backbone: Backbone,
    source: Tensor,
    words: Sequence[str],
    seeds: Sequence[int],
    region: Tensor | None,
) -> None:
    count, side = len(source), backbone.side
    if source.shape != (count, 3, side, side):
        raise ValueError(
            f"source is {tuple(source.shape)}; expected ({count}, 3, {side}, {side}): crop first"
        )
    if region is not None and region.shape != (count, 1, side, side):
        raise ValueError(f"region is {tuple(region.shape)}; expected ({count}, 1, {side}, {side})")
    if len(words) != count or len(seeds) != count:
        raise ValueError(
            f"{count} pictures, {len(words)} texts, {len(seeds)} seeds: give one of each per picture"
        )
