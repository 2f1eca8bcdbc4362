"""The bundled autoencoder: pictures at 128 px into 16 x 16 latents, and back out at 256 px.

A deep-compression autoencoder (Chen et al. 2024, arXiv 2410.10733; ``diffusers.AutoencoderDC``) whose decoder has
one level more than its encoder: it encodes 8 x 8 pixels per latent and decodes to 16 x 16, so the editor works on
16 x 16 latents and the compositor gets pictures of 256 px. All convolutions run at 128 px or below.

Legend: B batch, C latent channels, h/w latent rows/columns, H/W pixels.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from diffusers import AutoencoderDC
from torch import Tensor, nn

LATENT_CHANNELS = 16
ENCODER_PIXELS = 128
DECODER_PIXELS = 256


def build_autoencoder(latent_channels: int = LATENT_CHANNELS) -> AutoencoderDC:
    """3.7 M parameters; ``latent_channels`` must divide 192."""
    return AutoencoderDC(
        latent_channels=latent_channels,
        encoder_block_out_channels=(48, 48, 96, 192),
        encoder_layers_per_block=(0, 1, 2, 1),
        encoder_block_types="ResBlock",
        encoder_qkv_multiscales=((),) * 4,
        decoder_block_out_channels=(24, 24, 48, 96, 192),
        decoder_layers_per_block=(0, 1, 1, 2, 2),
        decoder_block_types="ResBlock",
        decoder_qkv_multiscales=((),) * 5,
        decoder_norm_types="rms_norm",
        decoder_act_fns="silu",
    ).to(memory_format=torch.channels_last)


def encode(autoencoder: Any, rgb_B3HW: Tensor) -> Tensor:
    """Pictures in [0, 1] at ``ENCODER_PIXELS`` to unscaled latents (B, C, 16, 16)."""
    return autoencoder.encode(rgb_B3HW.contiguous(memory_format=torch.channels_last) * 2 - 1).latent


def decode(autoencoder: Any, latent_BChw: Tensor) -> Tensor:
    """Unscaled latents to pictures at ``DECODER_PIXELS``; nominally [0, 1], not clamped."""
    return autoencoder.decode(latent_BChw.contiguous(memory_format=torch.channels_last)).sample / 2 + 0.5


def reconstruction_loss(output: Tensor, target: Tensor) -> Tensor:
    """L1 + squared error + L1 of the image gradients at two scales: sharp edges without a critic."""
    loss = (output - target).abs().mean() + 4.0 * F.mse_loss(output, target)
    for scale in (1, 2):
        a, b = (F.avg_pool2d(x, scale) if scale > 1 else x for x in (output, target))
        loss = loss + 0.5 * ((a - b).diff(dim=-1).abs().mean() + (a - b).diff(dim=-2).abs().mean())
    return loss


def _log_error(output: Tensor, target: Tensor) -> Tensor:
    """Mean logarithm of each picture's squared error, the PSNR up to scale: a smooth studio picture, whose errors
    are small but plain to see, counts as much as a lawn."""
    return (output - target).square().mean(dim=(1, 2, 3)).clamp(min=1e-6).log().mean()


def _unit_statistics(latent_BChw: Tensor) -> Tensor:
    """Pulls every latent channel to mean 0, deviation 1, the scale at which the editor is trained."""
    deviation, mean = torch.std_mean(latent_BChw, dim=(0, 2, 3))
    return mean.square().mean() + (deviation - 1.0).square().mean()


def psnr(output: Tensor, target: Tensor) -> float:
    """Mean over pictures of the peak signal-to-noise ratio in dB, values in [0, 1]."""
    error = (output.clamp(0, 1) - target).square().mean(dim=(1, 2, 3)).clamp(min=1e-10)
    return (-10 * error.log10()).mean().item()


def reconstruction_figures(autoencoder: nn.Module, rgb_B3HW: Tensor, batch: int = 16) -> dict[str, float]:
    """PSNR at 128 and at 256 px of pictures given at 256 px."""
    outputs, small = [], F.avg_pool2d(rgb_B3HW, DECODER_PIXELS // ENCODER_PIXELS)
    with torch.no_grad():
        for chunk in small.split(batch):
            outputs.append(decode(autoencoder, encode(autoencoder, chunk)))
    output = torch.cat(outputs)
    return {"psnr_128": psnr(F.avg_pool2d(output, 2), small), "psnr_256": psnr(output, rgb_B3HW)}


@dataclass(frozen=True)
class AutoencoderJob:
    """Train on stores of pictures ((N, 3, 256, 256) uint8 each); the first ``held_out`` of the first are unseen.

    Stores are drawn from in proportion to their size. ``start`` is a trained autoencoder's folder to go on from. With
    ``decoder_only`` the latents stay as they are, so an editor trained on them stays valid.
    """

    pictures: tuple[Path, ...]
    output: Path
    batch_size: int = 8
    held_out: int = 96
    peak_lr: float = 1.5e-3
    start: Path | None = None
    decoder_only: bool = False
    latent_noise: float = 0.05
    """Noise added to latents, so that decoding forgives the editor's small errors."""

    def build(self) -> nn.Module:
        module = build_autoencoder()
        if self.start:
            module.load_state_dict(AutoencoderDC.from_pretrained(self.start).state_dict())
        module.encoder.requires_grad_(not self.decoder_only)
        return module

    def batches(self, rank: int, seed: int) -> Iterator[Tensor]:
        stores = [np.load(path, mmap_mode="r") for path in self.pictures]
        stores[0] = stores[0][self.held_out :]
        share = np.array([len(store) for store in stores], dtype=float)
        rng = np.random.default_rng([seed, rank])
        while True:
            counts = rng.multinomial(self.batch_size, share / share.sum())
            drawn = [s[np.sort(rng.integers(0, len(s), n))] for s, n in zip(stores, counts, strict=True)]
            batch = torch.from_numpy(np.concatenate(drawn)).float() / 255
            yield batch.flip(-1) if rng.random() < 0.5 else batch

    def loss(self, module: nn.Module, batch: Tensor, share: float) -> Tensor:
        small = F.avg_pool2d(batch, 2)
        with torch.autocast("cpu", torch.bfloat16):
            latent = encode(module, small)
            output = decode(module, latent + self.latent_noise * torch.randn_like(latent))
        output, latent = output.float(), latent.float()
        return (
            reconstruction_loss(output, batch)
            + F.mse_loss(F.avg_pool2d(output, 2), small)
            + 0.03 * _log_error(F.avg_pool2d(output, 2), small)
            + 0.05 * _unit_statistics(latent)
        )

    def evaluate(self, module: nn.Module) -> dict[str, float]:
        held_out = np.load(self.pictures[0], mmap_mode="r")[: self.held_out]
        return reconstruction_figures(module, torch.from_numpy(held_out.copy()).float() / 255)

    def save(self, module: nn.Module, facts: dict[str, Any]) -> None:
        """Half-precision diffusers folder; ``scaling_factor`` brings latents to unit variance."""
        sample = torch.from_numpy(np.load(self.pictures[0], mmap_mode="r")[:256].copy()).float() / 255
        latent = torch.cat([encode(module, chunk) for chunk in F.avg_pool2d(sample, 2).split(16)])
        model = build_autoencoder()
        model.load_state_dict(module.state_dict())
        model.register_to_config(scaling_factor=round(1.0 / latent.std().item(), 5))
        model.half().save_pretrained(self.output)
        (self.output / "training.json").write_text(json.dumps(facts, indent=2))
