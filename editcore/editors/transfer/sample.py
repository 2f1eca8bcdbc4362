"""From noise to the target panel: Euler steps on the rectified flow.

    z_{t'} = z_t + (t' - t) v(z_t, t),   t from 1 (noise) to 0

(Liu et al. 2022, arXiv 2209.03003.) Legend: B batch, C latent channels, h/w latent rows/columns.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor

from editcore.editors.transfer.attention import Seen
from editcore.editors.transfer.model import TransferModel, Words
from editcore.editors.transfer.panels import pack, unpack


@dataclass(frozen=True)
class Clean:
    """Scaled latents of the clean panels."""

    pairs: Sequence[tuple[Tensor, Tensor]]
    """(before, after), each (1 or B, C, h, w)."""
    query_BChw: Tensor


def times(steps: int) -> list[float]:
    """Where the steps start and, last, where they end: steps + 1 numbers from 1 to 0."""
    return [1 - n / steps for n in range(steps + 1)]


@torch.no_grad()
def paint(
    model: TransferModel, clean: Clean, noise_BChw: Tensor, steps: int, words: Words | None = None
) -> Tensor:
    """The target's latent (B, C, h, w). ValueError for several pairs with full attention, which has room for one."""
    batch = len(noise_BChw)
    tokens = [[pack(panel) for panel in pair] for pair in clean.pairs]
    query = pack(clean.query_BChw)
    if model.attention == "causal":
        pairs = [model.pair(before, after).expand(batch) for before, after in tokens]
        return integrate(model, noise_BChw, steps, model.query(query, pairs), words)
    if len(tokens) > 1:
        raise ValueError(f"found {len(tokens)} pairs, expected one: full attention has no room for more")
    panels = [*(panel.expand(batch, -1, -1) for panel in tokens[0]), query]
    return _euler(lambda latent, t: model.velocity_in_full(latent, t, panels, words), noise_BChw, steps)


@torch.no_grad()
def integrate(
    model: TransferModel, noise_BChw: Tensor, steps: int, seen: Seen, words: Words | None = None
) -> Tensor:
    """From noise to the target's latent, clean panels seen already."""
    return _euler(lambda latent, t: model.velocity(latent, t, seen, words), noise_BChw, steps)


def _euler(velocity: Callable[[Tensor, Tensor], Tensor], noise_BChw: Tensor, steps: int) -> Tensor:
    latent = pack(noise_BChw)
    for t, after in pairwise(times(steps)):
        latent = latent + (after - t) * velocity(latent, latent.new_full((len(latent),), t))
    return unpack(latent, *noise_BChw.shape[2:])
