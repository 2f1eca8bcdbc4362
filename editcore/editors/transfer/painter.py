"""Squares in, squares out: pairs and queries through autoencoder and transformer.

Legend: B batch, K pairs, S seeds, C latent channels, h/w latent rows/columns, H/W pixels.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from diffusers import AutoencoderDC
from torch import Tensor

from editcore.editors.transfer.attention import Seen
from editcore.editors.transfer.load import load_model
from editcore.editors.transfer.memory import PairMemory
from editcore.editors.transfer.model import Words
from editcore.editors.transfer.panels import pack
from editcore.editors.transfer.pick import nearest_to_all
from editcore.editors.transfer.sample import integrate
from editcore.editors.transfer.words import TextEncoder

Pick = Callable[[Tensor], int]
"""From latents (S, C, h, w) of one picture, one a seed, the number of the one to keep."""


@dataclass(frozen=True)
class PairPanels:
    """A pair as the model sees it."""

    key: str
    before_3HW: Tensor
    """In [0, 1]."""
    after_3HW: Tensor


class Painter:
    """The bundled model with its autoencoder and text encoder."""

    def __init__(self, folder: Path, shared: Path, device: str = "cpu", memory_bytes: int = 1 << 30) -> None:
        """folder: the transformer. shared: the text editor's, for autoencoder and text encoder."""
        self.model = load_model(folder, shared).to(device)
        self.vae = AutoencoderDC.from_pretrained(shared / "vae", torch_dtype=torch.float32).to(device).eval()
        self.words = TextEncoder(shared, device)
        self.device, self.memory = device, PairMemory(memory_bytes)
        self.weights = _digest(self.model)
        self.pixels = self.model.side * self.vae.spatial_compression_ratio

    @torch.no_grad()
    def encode(self, rgb_B3HW: Tensor) -> Tensor:
        """Pictures in [0, 1] of ``pixels`` a side to scaled latents."""
        latent: Tensor = self.vae.encode(rgb_B3HW.to(self.device) * 2 - 1).latent
        return latent * self.vae.config.scaling_factor

    @torch.no_grad()
    def decode(self, latent_BChw: Tensor) -> Tensor:
        """Scaled latents to pictures in [0, 1], float32 on the CPU; the decoder doubles the side."""
        rgb: Tensor = self.vae.decode(latent_BChw / self.vae.config.scaling_factor).sample
        return (rgb / 2 + 0.5).clamp(0, 1).float().cpu()

    @torch.no_grad()
    def paint(
        self, pairs: Sequence[PairPanels], query_BChw: Tensor, seeds: Sequence[Sequence[int]], steps: int,
        words: str = "", pick: Pick = nearest_to_all,
    ) -> Tensor:  # fmt: skip
        """The queries after the pairs' edits, latents (B, C, h, w).

        seeds: per query, as many numbers for each; noise is drawn on the CPU, so that a seed means the same on any
        device. With several seeds ``pick`` chooses. The clean panels are seen once for all seeds and steps.
        """
        count = len(seeds[0])
        seen = self.model.query(pack(query_BChw), [self._pair(p).expand(len(query_BChw)) for p in pairs])
        noise = torch.cat([_noise(query_BChw.shape[1:], seed) for row in seeds for seed in row]).to(
            query_BChw
        )
        told = self.words([words]).expand(len(noise)) if words else None
        painted = integrate(self.model, noise, steps, seen.repeat(count) if count > 1 else seen, told)
        if count == 1:
            return painted
        rows = painted.view(len(seeds), count, *painted.shape[1:])
        return torch.stack([row[pick(row)] for row in rows])

    def _pair(self, pair: PairPanels) -> Seen:
        def compute() -> Seen:
            latents = self.encode(torch.stack([pair.before_3HW, pair.after_3HW]))
            return self.model.pair(*(pack(latent[None]) for latent in latents))

        return self.memory.get(f"{pair.key}:{self.weights}", compute)

    def say(self, words: str) -> Words:
        """One text, embedded."""
        return self.words([words])


def _noise(shape: torch.Size, seed: int) -> Tensor:
    return torch.randn((1, *shape), generator=torch.Generator("cpu").manual_seed(seed))


def _digest(model: torch.nn.Module) -> str:
    digest = hashlib.sha256()
    for value in model.state_dict().values():
        digest.update(value.cpu().float().numpy().tobytes())
    return digest.hexdigest()[:16]
