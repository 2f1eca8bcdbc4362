"""From noise to the target panel: Euler steps on the rectified flow.

    z_{t'} = z_t + (t' - t) v(z_t, t),   t from 1 (noise) to 0

(Liu et al. 2022, arXiv 2209.03003.) Legend: B batch, C latent channels, h/w latent rows/columns.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

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
    batch, (h, w) = len(noise_BChw), noise_BChw.shape[2:]
    tokens = [[pack(panel) for panel in pair] for pair in clean.pairs]
    query, latent = pack(clean.query_BChw), pack(noise_BChw)
    seen = None
    if model.attention == "causal":
        pairs = [model.pair(before, after).expand(batch) for before, after in tokens]
        seen = model.query(query, pairs)
    elif len(tokens) > 1:
        raise ValueError(f"found {len(tokens)} pairs, expected one: full attention has no room for more")
    for t, after in zip(times(steps), times(steps)[1:], strict=False):
        now = noise_BChw.new_full((batch,), t)
        if seen is not None:
            velocity = model.velocity(latent, now, seen, words)
        else:
            panels = [panel.expand(batch, -1, -1) for panel in tokens[0]]
            velocity = model.velocity_in_full(latent, now, [*panels, query], words)
        latent = latent + (after - t) * velocity
    return unpack(latent, h, w)
