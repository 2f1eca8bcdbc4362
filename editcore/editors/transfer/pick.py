"""Which of several seeds to keep.

Legend: B pictures, S seeds, C latent channels, h/w latent rows/columns, D width of an embedding.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import Tensor

Pick = Callable[[Tensor], Tensor]
"""From latents (B, S, C, h, w) the number of the seed to keep of each picture, (B,) int64."""
Judge = Callable[[Sequence[np.ndarray]], np.ndarray]
"""From N pictures (H, W, 3) uint8 their unit embeddings, (N, D): the scorer's ``Clip.images``."""


def nearest_to_all(latent_BSChw: Tensor) -> Tensor:
    """The sample with the smallest summed squared distance to the others: the one that surprises least.

    Minimum Bayes risk over the samples themselves (Kumar & Byrne 2004): no scorer, no words, and a stray sample is
    never kept where most agree.
    """
    flat = latent_BSChw.flatten(2).float()
    return (torch.cdist(flat, flat) ** 2).sum(dim=2).argmin(dim=1)


def along_the_pairs(
    judge: Judge,
    decode: Callable[[Tensor], Tensor],
    pairs: Sequence[tuple[Tensor, Tensor]],
    query_B3HW: Tensor,
) -> Pick:
    """The sample whose step from the query is most like the pairs' from before to after: cosine of the differences of
    embeddings, as in ``scoring.clip.direction`` with pictures for texts.

    decode: latents to pictures in [0, 1]. pairs: before and after, (3, H, W) in [0, 1], as the queries are.
    """
    queries = judge(_bytes(query_B3HW))
    before, after = (judge(_bytes(torch.stack(end))) for end in zip(*pairs, strict=True))
    asked = (after - before).sum(axis=0)

    def pick(latent_BSChw: Tensor) -> Tensor:
        count = latent_BSChw.shape[1]
        now = judge(_bytes(decode(latent_BSChw.flatten(0, 1))))
        moved = now.reshape(-1, count, now.shape[-1]) - queries[:, None]
        along = moved @ asked / np.maximum(np.linalg.norm(moved, axis=-1), 1e-9)
        return torch.from_numpy(along.argmax(axis=1))

    return pick


def _bytes(rgb_B3HW: Tensor) -> list[np.ndarray]:
    return list((rgb_B3HW.clamp(0, 1) * 255).round().byte().permute(0, 2, 3, 1).cpu().contiguous().numpy())
