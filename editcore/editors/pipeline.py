"""The bundled editor as a diffusers pipeline: source latent + region + words -> edited picture.

A flow-matching latent model in the manner of iEdit (Bodur et al. 2023, arXiv 2305.05947): the network sees the
noisy latent, the source latent and the region beside each other as channels, and the words by cross-attention.
Sampling: Euler steps on the rectified flow x_s = (1 - s) x_0 + s noise, whose velocity noise - x_0 the network
predicts (Liu et al. 2022, arXiv 2209.03003), with classifier-free guidance on the words (Ho & Salimans 2022).

Legend: B batch, C latent channels, h/w latent rows/columns, H/W pixels.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
import torch.nn.functional as F
from diffusers import AutoencoderDC, DiffusionPipeline, FlowMatchEulerDiscreteScheduler, UNet2DConditionModel
from torch import Tensor
from transformers import CLIPTextModel, PreTrainedTokenizerFast

GREY = 0.5
"""What stands for 'anything may come here' in a source: background edits show the product cut out on grey."""


class LocalEditPipeline(DiffusionPipeline):
    """Loads from and saves to an ordinary diffusers folder.

    The UNet's input channels are [noisy latent C, source latent C, region 1], its output the velocity (C).
    """

    model_cpu_offload_seq = "text_encoder->unet->vae"

    def __init__(
        self,
        vae: AutoencoderDC,
        text_encoder: CLIPTextModel,
        tokenizer: PreTrainedTokenizerFast,
        unet: UNet2DConditionModel,
        scheduler: FlowMatchEulerDiscreteScheduler,
    ) -> None:
        super().__init__()
        self.register_modules(
            vae=vae, text_encoder=text_encoder, tokenizer=tokenizer, unet=unet, scheduler=scheduler
        )

    @property
    def source_pixels(self) -> int:
        """Side of the square source the model sees, pixels."""
        return self.unet.config.sample_size * self.vae.spatial_compression_ratio

    def encode(self, rgb_B3HW: Tensor) -> Tensor:
        """Pictures in [0, 1] at ``source_pixels`` to scaled latents (B, C, h, w)."""
        return self.vae.encode(rgb_B3HW.to(self.vae.dtype) * 2 - 1).latent * self.vae.config.scaling_factor

    def decode(self, latent_BChw: Tensor) -> Tensor:
        """Scaled latents to pictures in [0, 1]; twice ``source_pixels`` on a side."""
        latent = latent_BChw.to(self.vae.dtype) / self.vae.config.scaling_factor
        return (self.vae.decode(latent).sample / 2 + 0.5).clamp(0, 1)

    def embed(self, texts: Sequence[str]) -> Tensor:
        """Texts to token states (B, T, D); longer texts are cut at the model's length."""
        tokens = self.tokenizer(
            list(texts), padding="max_length", truncation=True,
            max_length=self.tokenizer.model_max_length, return_tensors="pt",
        )  # fmt: skip
        return self.text_encoder(tokens.input_ids.to(self.device)).last_hidden_state

    @torch.no_grad()
    def __call__(
        self,
        source_B3HW: Tensor,
        region_B1HW: Tensor,
        words: Sequence[str],
        seeds: Sequence[int],
        num_inference_steps: int = 4,
        guidance_scale: float = 1.5,
    ) -> Tensor:
        """Edit a batch.

        Args:
            source_B3HW: pictures in [0, 1], ``source_pixels`` square; for background edits the product on ``GREY``.
            region_B1HW: share of each pixel that may change, [0, 1], same size.
            words: instruction per picture.
            seeds: seed per picture; noise is drawn on the CPU, so a seed means the same on any device.
            num_inference_steps: Euler steps.
            guidance_scale: 1 = none; larger follows the words more (Ho & Salimans 2022, eq. 6).

        Returns:
            Pictures in [0, 1], float32, (B, 3, 2H, 2W).

        Raises:
            ValueError: sizes or counts that do not fit together.
        """
        self._check_inputs(source_B3HW, region_B1HW, words, seeds)
        source = self.encode(source_B3HW.to(self.device))
        region = F.adaptive_avg_pool2d(region_B1HW.to(self.device), (source.shape[-2], source.shape[-1])).to(
            source.dtype
        )
        condition = torch.cat([source, region], dim=1)
        latent = torch.cat([_noise(source.shape[1:], seed) for seed in seeds]).to(source)
        guided = guidance_scale != 1.0
        states = self.embed([*words, *([""] * len(words) if guided else [])])
        self.scheduler.set_timesteps(sigmas=np.linspace(1.0, 1.0 / num_inference_steps, num_inference_steps))
        for t in self.progress_bar(self.scheduler.timesteps):
            latent = self.scheduler.step(
                self._velocity(latent, condition, t, states, guidance_scale), t, latent
            )[0]
        return self.decode(latent).float()

    def _velocity(
        self, latent: Tensor, condition: Tensor, t: Tensor, states: Tensor, guidance: float
    ) -> Tensor:
        inputs = torch.cat([latent, condition], dim=1)
        if guidance == 1.0:
            return self.unet(inputs, t, states).sample
        with_words, without = self.unet(torch.cat([inputs, inputs]), t, states).sample.chunk(2)
        return without + guidance * (with_words - without)

    def _check_inputs(
        self, source: Tensor, region: Tensor, words: Sequence[str], seeds: Sequence[int]
    ) -> None:
        side, count = self.source_pixels, len(source)
        if source.shape != (count, 3, side, side) or region.shape != (count, 1, side, side):
            raise ValueError(
                f"source {tuple(source.shape)} and region {tuple(region.shape)}; expected "
                f"({count}, 3, {side}, {side}) and ({count}, 1, {side}, {side}): crop and resize first"
            )
        if len(words) != count or len(seeds) != count:
            raise ValueError(
                f"{count} pictures, {len(words)} texts, {len(seeds)} seeds: give one of each per picture"
            )


def _noise(shape: torch.Size, seed: int) -> Tensor:
    return torch.randn((1, *shape), generator=torch.Generator("cpu").manual_seed(seed))
