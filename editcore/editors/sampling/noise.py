"""Noise by row: drawn on the CPU, so that a seed means the same on any device, and a row the same in any batch."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor


def row_noise(seeds: Sequence[int], like_BChw: Tensor, draws: int = 1) -> list[Tensor]:
    """``draws`` tensors of standard normal noise in the shape of ``like_BChw``; row b comes from ``seeds[b]``."""
    generators = [torch.Generator("cpu").manual_seed(seed) for seed in seeds]
    shape = like_BChw.shape[1:]
    return [
        torch.stack([torch.randn(shape, generator=generator) for generator in generators]).to(like_BChw)
        for _ in range(draws)
    ]
