"""A latent diffusion model as sampling and training see it, whatever it predicts.

Every model here noises latents the same way, ``x_t = alpha_t x_0 + sigma_t noise``: a variance-preserving schedule has
``alpha^2 + sigma^2 = 1`` (Ho et al. 2020, arXiv 2006.11239, eq. 4), a rectified flow ``alpha = 1 - t, sigma = t`` (Liu
et al. 2022, arXiv 2209.03003). ``t`` runs from 0 (clean) to 1 (noise) for all of them; how a network wants to be told
the time is its backbone's business.

Legend: B batch, C latent channels, h/w latent rows/columns, H/W pixels, T tokens, D width.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol

from torch import Tensor, nn


class Prediction(StrEnum):
    """What the network's output means."""

    EPSILON = "epsilon"
    """The noise (Ho et al. 2020, eq. 14)."""
    V = "v_prediction"
    """``alpha noise - sigma x_0`` (Salimans & Ho 2022, arXiv 2202.00512, appendix D)."""
    FLOW = "flow"
    """The velocity ``noise - x_0`` (Liu et al. 2022)."""


@dataclass(frozen=True)
class Words:
    """Encoded texts."""

    states_BTD: Tensor
    """Token states for cross- or joint attention."""
    pooled_BD: Tensor | None = None
    """One vector per text, for the models that take one (SDXL, SD 3, FLUX)."""


@dataclass(frozen=True)
class Condition:
    """What the network sees besides the noisy latent, for models with channels for it; others ignore it."""

    source_BChw: Tensor | None = None
    """Scaled latent of the source picture."""
    region_B1hw: Tensor | None = None
    """Share of each latent cell that may change, [0, 1]."""


class Backbone(Protocol):
    """One loaded model."""

    pipeline: Any
    """The diffusers pipeline its parts live in, for adapters and saving."""
    prediction: Prediction
    network: nn.Module
    """The denoiser: what full training trains and LoRA adapts."""
    side: int
    """Side of the square pictures it works on, pixels."""

    def encode(self, rgb_B3HW: Tensor) -> Tensor:
        """Pictures in [0, 1] to scaled latents (B, C, h, w)."""
        ...

    def decode(self, latent_BChw: Tensor) -> Tensor:
        """Scaled latents to pictures in [0, 1], differentiable, not clamped."""
        ...

    def embed(self, texts: Sequence[str]) -> Words:
        """Encode texts; longer ones are cut at the model's length. "" is the text of unguided prediction."""
        ...

    def levels(self, t_B: Tensor) -> tuple[Tensor, Tensor]:
        """``(alpha_B, sigma_B)`` at times in [0, 1]."""
        ...

    def predict(
        self, noisy_BChw: Tensor, t_B: Tensor, words: Words, condition: Condition | None = None
    ) -> Tensor:
        """The network's own output (B, C, h, w), to be read according to ``prediction``."""
        ...
