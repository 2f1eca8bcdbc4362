"""Pictures to scaled latents and back through a diffusers ``AutoencoderKL``.

Legend: B batch, C latent channels, h/w latent rows/columns, H/W pixels.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor


def encode(vae: Any, rgb_B3HW: Tensor) -> Tensor:
    """[0, 1] pictures to latents of about unit variance, float32: the mode, so that the same picture always gives
    the same latent. No gradient."""
    with torch.no_grad():
        latent = vae.encode((rgb_B3HW * 2 - 1).to(vae.device, vae.dtype)).latent_dist.mode().float()
    return (latent - _shift(vae)) * vae.config.scaling_factor


def decode(vae: Any, latent_BChw: Tensor) -> Tensor:
    """Latents to pictures in [0, 1], float32, differentiable, not clamped."""
    latent = latent_BChw / vae.config.scaling_factor + _shift(vae)
    return vae.decode(latent.to(vae.device, vae.dtype)).sample.float() / 2 + 0.5


def settle(pipeline: Any, device: str) -> Any:
    """The pipeline on its device, silent, with its autoencoder safe from overflow.

    In float16 the public autoencoders overflow to black pictures, which is why diffusers calls ``force_upcast``.
    """
    pipeline.set_progress_bar_config(disable=True)
    pipeline.to(device)
    if pipeline.vae.dtype == torch.float16:
        pipeline.vae.to(dtype=torch.float32)
    return pipeline


def _shift(vae: Any) -> float:
    return getattr(vae.config, "shift_factor", None) or 0.0
