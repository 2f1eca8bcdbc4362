"""Autoencoders as ``painter.Codec``: the bundled one, and that of FLUX.1."""

from __future__ import annotations

from pathlib import Path

import torch
from diffusers import AutoencoderDC, AutoencoderKL
from torch import Tensor


class BundledCodec:
    """The text editor's ``AutoencoderDC``; its decoder doubles the side."""

    def __init__(self, folder: Path, device: str = "cpu") -> None:
        self.vae = AutoencoderDC.from_pretrained(folder, torch_dtype=torch.float32).to(device).eval()
        self.ratio: int = self.vae.spatial_compression_ratio
        self.scale: float = self.vae.config.scaling_factor

    def encode(self, rgb_B3HW: Tensor) -> Tensor:
        latent: Tensor = self.vae.encode(rgb_B3HW.to(self.vae.device) * 2 - 1).latent
        return latent * self.scale

    def decode(self, latent_BChw: Tensor) -> Tensor:
        rgb: Tensor = self.vae.decode(latent_BChw / self.scale).sample
        return rgb / 2 + 0.5


class ShiftedCodec:
    """An ``AutoencoderKL`` whose latents are shifted and scaled, as FLUX.1's: 16 channels, 8 pixels a cell."""

    def __init__(self, vae: AutoencoderKL) -> None:
        self.vae = vae.eval()
        self.ratio = 2 ** (len(vae.config.block_out_channels) - 1)
        self.shift, self.scale = vae.config.shift_factor or 0.0, vae.config.scaling_factor

    def encode(self, rgb_B3HW: Tensor) -> Tensor:
        """The mean of the latents' distribution, float32: the same picture is always the same panel."""
        latent: Tensor = self.vae.encode(
            rgb_B3HW.to(self.vae.device, self.vae.dtype) * 2 - 1
        ).latent_dist.mode()
        return (latent.float() - self.shift) * self.scale

    def decode(self, latent_BChw: Tensor) -> Tensor:
        latent = (latent_BChw / self.scale + self.shift).to(self.vae.dtype)
        rgb: Tensor = self.vae.decode(latent).sample
        return rgb / 2 + 0.5
