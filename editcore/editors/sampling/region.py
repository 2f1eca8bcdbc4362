"""The region an instruction is about, from the model itself (DiffEdit: Couairon et al. 2022, arXiv 2210.11427, 3.2).

The source is noised to half, and the network asked twice: under words that describe it, and under the edit's. Where
the two answers differ, the edit wants something else. Means over several draws of noise tell that from chance.

Legend as in ``backbones.base``.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from editcore.editors.backbones import Backbone, Condition
from editcore.editors.backbones.process import noised
from editcore.editors.sampling.edit import latent_region
from editcore.editors.sampling.noise import row_noise

AT = 0.5
"""Time to which the source is noised."""
DRAWS = 10
"""Draws of noise."""
THRESHOLD = 0.5
"""Of the normalised difference; all three as in the paper."""
EXTREME = 3.0
"""Times the mean difference that counts as 1: a few outliers would hide the rest. The paper removes extreme values
without saying which; diffusers' DiffEdit takes this."""


@torch.no_grad()
def estimate_region(
    backbone: Backbone,
    source_B3HW: Tensor,
    words: Sequence[str],
    before: Sequence[str],
    seeds: Sequence[int],
    draws: int = DRAWS,
    threshold: float = THRESHOLD,
    condition: bool = True,
) -> Tensor:
    """Where ``words`` would change pictures that ``before`` describes: (B, 1, H, W) float32, 1 = would, else 0.

    source_B3HW: pictures in [0, 1], ``backbone.side`` square. condition: see ``edit.Settings``. Costs ``2 draws``
    calls of the network per picture. What kind of output it is does not matter: at one time, a difference of noise
    estimates is a constant times the difference of outputs, and normalising removes the constant.
    """
    source = backbone.encode(source_B3HW)
    time = torch.full((len(source),), AT, device=source.device)
    shown = Condition(source, latent_region(None, source)) if condition else None
    asked, described = backbone.embed(words), backbone.embed(before)
    total = torch.zeros_like(source[:, :1])
    for noise in row_noise(seeds, source, draws):
        noisy = noised(source, noise, *backbone.levels(time))
        said = [backbone.predict(noisy, time, text, shown) for text in (asked, described)]
        total += (said[0] - said[1]).abs().mean(dim=1, keepdim=True)
    normal = total / (EXTREME * total.mean(dim=(2, 3), keepdim=True)).clamp(min=1e-12)
    smooth = F.interpolate(normal.clamp(max=1), source_B3HW.shape[-2:], mode="bilinear")
    return (smooth > threshold).float()
