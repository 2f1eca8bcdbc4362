"""Squares in, squares out: pairs and queries through autoencoder and transformer.

One painter for every model: ``bundled`` and ``flux`` say where its parts come from. Legend: B batch, S seeds, C latent
channels, h/w latent rows/columns, H/W pixels.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Protocol

import torch
from torch import Tensor

from editcore.editors.transfer.attention import Seen
from editcore.editors.transfer.memory import PairMemory
from editcore.editors.transfer.model import TransferModel, Words
from editcore.editors.transfer.panels import pack
from editcore.editors.transfer.pick import Pick, nearest_to_all
from editcore.editors.transfer.sample import Clean, integrate, paint


@dataclass(frozen=True)
class PairPanels:
    """A pair as the model sees it."""

    key: str
    before_3HW: Tensor
    """In [0, 1]."""
    after_3HW: Tensor


class Codec(Protocol):
    """An autoencoder; ``codecs`` has those of the models here."""

    ratio: int
    """Pixels of the input a latent cell."""

    def encode(self, rgb_B3HW: Tensor) -> Tensor:
        """Pictures in [0, 1] to scaled latents, on the codec's device."""
        ...

    def decode(self, latent_BChw: Tensor) -> Tensor:
        """Scaled latents to pictures, about [0, 1]; perhaps larger than what went in."""
        ...


class Painter:
    """A transformer with the autoencoder and the text encoder it was trained with."""

    def __init__(
        self,
        model: TransferModel,
        codec: Codec,
        tell: Callable[[str], Words],
        memory_bytes: int = 1 << 30,
        shift: float = 1.0,
    ) -> None:
        """tell: words as the merchandiser wrote them, embedded, batch of 1; asked for "" only where a model must be
        told something. shift: of the steps, see ``sample``."""
        self.model, self.codec, self.shift = model, codec, shift
        self.say = lru_cache(maxsize=32)(tell)
        self.memory = PairMemory(memory_bytes)
        self.pixels = model.side * codec.ratio

    @torch.no_grad()
    def encode(self, rgb_B3HW: Tensor) -> Tensor:
        """Pictures in [0, 1] of ``pixels`` a side to scaled latents."""
        return self.codec.encode(rgb_B3HW)

    @torch.no_grad()
    def decode(self, latent_BChw: Tensor) -> Tensor:
        """Scaled latents to pictures in [0, 1], float32 on the CPU."""
        return self.codec.decode(latent_BChw).clamp(0, 1).float().cpu()

    @torch.no_grad()
    def paint(
        self, pairs: Sequence[PairPanels], query_BChw: Tensor, seeds: Sequence[Sequence[int]], steps: int,
        words: str = "", pick: Pick = nearest_to_all,
    ) -> Tensor:  # fmt: skip
        """The queries after the pairs' edits, latents (B, C, h, w).

        seeds: per query, as many numbers for each; noise is drawn on the CPU, so that a seed means the same on any
        device. With several seeds ``pick`` chooses. With causal attention the clean panels are seen once for all
        seeds and steps; with full attention there is room for one pair only (ValueError), and nothing to keep.
        """
        count = len(seeds[0])
        noise = torch.cat([_noise(query_BChw.shape[1:], seed) for row in seeds for seed in row]).to(
            query_BChw
        )
        told = self.say(words).expand(len(noise)) if words else None
        if self.model.attention == "full":
            clean = Clean([self._latents(pair) for pair in pairs], query_BChw.repeat_interleave(count, 0))
            painted = paint(self.model, clean, noise, steps, told, self.shift)
        else:
            seen = self.model.query(pack(query_BChw), [self._pair(p).expand(len(query_BChw)) for p in pairs])
            seen = seen.repeat(count) if count > 1 else seen
            painted = integrate(self.model, noise, steps, seen, told, self.shift)
        if count == 1:
            return painted
        rows = painted.view(len(seeds), count, *painted.shape[1:])
        return rows[torch.arange(len(rows)), pick(rows)]

    @cached_property
    def weights(self) -> str:
        """Digest of every weight, adapters among them, 16 hex digits."""
        digest = hashlib.sha256()
        for value in self.model.state_dict().values():
            digest.update(value.cpu().float().numpy().tobytes())
        return digest.hexdigest()[:16]

    def _pair(self, pair: PairPanels) -> Seen:
        return self.memory.get(
            f"{pair.key}:{self.weights}", lambda: self.model.pair(*(pack(one) for one in self._latents(pair)))
        )

    def _latents(self, pair: PairPanels) -> tuple[Tensor, Tensor]:
        """(before, after), each (1, C, h, w)."""
        before, after = self.encode(torch.stack([pair.before_3HW, pair.after_3HW])).split(1)
        return before, after


def _noise(shape: torch.Size, seed: int) -> Tensor:
    return torch.randn((1, *shape), generator=torch.Generator("cpu").manual_seed(seed))
