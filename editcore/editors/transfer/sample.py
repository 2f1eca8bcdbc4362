"""From noise to the target panel: Euler steps on the rectified flow.

    z_{t'} = z_t + (t' - t) v(z_t, t),   t from 1 (noise) to 0

(Liu et al. 2022, arXiv 2209.03003.) ``shift`` s spends more steps on noise: t -> s t / (1 + (s - 1) t) (Esser et al.
2024, arXiv 2403.03206, eq. 23); 1 leaves them even. Legend: B batch, C latent channels, h/w latent rows/columns.
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


def times(steps: int, shift: float = 1.0) -> list[float]:
    """Where the steps start and, last, where they end: steps + 1 numbers from 1 to 0."""
    even = (1 - n / steps for n in range(steps + 1))
    return [shift * t / (1 + (shift - 1) * t) for t in even]


@torch.no_grad()
def paint(
    model: TransferModel, clean: Clean, noise_BChw: Tensor, steps: int, words: Words | None = None,
    shift: float = 1.0,
) -> Tensor:  # fmt: skip
    """The target's latent (B, C, h, w). ValueError for several pairs with full attention, which has room for one."""
    batch = len(noise_BChw)
    tokens = [[pack(panel) for panel in pair] for pair in clean.pairs]
    query = pack(clean.query_BChw)
    if model.attention == "causal":
        pairs = [model.pair(before, after).expand(batch) for before, after in tokens]
        return integrate(model, noise_BChw, steps, model.query(query, pairs), words, shift)
    if len(tokens) > 1:
        raise ValueError(f"found {len(tokens)} pairs, expected one: full attention has no room for more")
    panels = [*(panel.expand(batch, -1, -1) for panel in tokens[0]), query]
    return _euler(
        lambda latent, t: model.velocity_in_full(latent, t, panels, words), noise_BChw, times(steps, shift)
    )


@torch.no_grad()
def integrate(
    model: TransferModel, noise_BChw: Tensor, steps: int, seen: Seen, words: Words | None = None,
    shift: float = 1.0,
) -> Tensor:  # fmt: skip
    """From noise to the target's latent, clean panels seen already."""
    return _euler(lambda latent, t: model.velocity(latent, t, seen, words), noise_BChw, times(steps, shift))


def _euler(velocity: Callable[[Tensor, Tensor], Tensor], noise_BChw: Tensor, at: Sequence[float]) -> Tensor:
    latent = pack(noise_BChw)
    for t, after in pairwise(at):
        latent = latent + (after - t) * velocity(latent, latent.new_full((len(latent),), t))
    return unpack(latent, *noise_BChw.shape[2:])
