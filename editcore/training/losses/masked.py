"""The mask loss: inside the region the pseudo-target, outside the source.

A pseudo-target is another photo, so the paired loss alone teaches to throw the source's background away. With the
region M (union of both masks) and the residuals of ``paired.py``,

    L = sum_cells M r(x_tgt)^2 / sum_cells M  +  outside * sum_cells (1 - M) r(x_src)^2 / sum_cells (1 - M)

each a mean over its own cells, so a small region counts as much as a large one. For a network that predicts epsilon,
from the noised source and unclipped, this is ``|| M (out - out*) ||^2 + outside || (1 - M) (out - noise) ||^2``.

Legend as in ``editors.backbones.base``.
"""

from __future__ import annotations

from torch import Tensor

from editcore.editors.backbones import Prediction
from editcore.training.losses.paired import CLIP, residual


def masked_loss(
    prediction: Prediction,
    output_BChw: Tensor,
    noisy_BChw: Tensor,
    source_BChw: Tensor,
    target_BChw: Tensor,
    region_B1hw: Tensor,
    alpha_B: Tensor,
    sigma_B: Tensor,
    outside: float = 1.0,
    clip: float = CLIP,
) -> Tensor:
    """``L`` of the module's docstring per picture, (B,). ``region_B1hw`` in [0, 1]; a side without cells counts 0."""
    levels = (alpha_B, sigma_B)
    to_target = residual(prediction, output_BChw, noisy_BChw, target_BChw, *levels, clip)
    to_source = residual(prediction, output_BChw, noisy_BChw, source_BChw, *levels, clip)
    inside = region_mean(to_target.square(), region_B1hw)
    return inside + outside * region_mean(to_source.square(), 1 - region_B1hw)


def region_mean(value_BChw: Tensor, weight_B1hw: Tensor) -> Tensor:
    """Mean over channels and weighted cells, (B,); 0 where all weights are 0.

    Less than one whole cell counts as one, or a sliver of a region would have the weight of a large one in a few
    numbers that mean little.
    """
    weighted = (value_BChw * weight_B1hw).sum(dim=(2, 3)).mean(dim=1)
    return weighted / weight_B1hw.sum(dim=(1, 2, 3)).clamp(min=1.0)


def goal(source_BChw: Tensor, target_BChw: Tensor, region_B1hw: Tensor) -> Tensor:
    """The latent that the mask loss asks for: ``M x_tgt + (1 - M) x_src``."""
    return source_BChw + region_B1hw * (target_BChw - source_BChw)
