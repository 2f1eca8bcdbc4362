"""Which of several seeds to keep."""

from __future__ import annotations

import torch
from torch import Tensor


def nearest_to_all(latent_SChw: Tensor) -> int:
    """The sample with the smallest summed squared distance to the others: the one that surprises least.

    Minimum Bayes risk over the samples themselves (Kumar & Byrne 2004): no scorer, no words, and a stray sample is
    never kept where most agree.
    """
    flat = latent_SChw.flatten(1).float()
    return int((torch.cdist(flat, flat) ** 2).sum(dim=1).argmin())
