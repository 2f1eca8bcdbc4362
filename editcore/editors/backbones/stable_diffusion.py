"""Stable Diffusion 1.x and 2.x: a UNet with cross-attention to one text (Rombach et al. 2022, arXiv 2112.10752)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from diffusers import StableDiffusionPipeline
from torch import Tensor

from editcore.editors.backbones import autoencoder
from editcore.editors.backbones.base import Condition, Prediction, Words
from editcore.editors.backbones.schedule import Preserving


class StableDiffusion:
    """See ``base.Backbone``. ``pipeline`` is the diffusers pipeline the parts live in, for adapters and saving.

    Raises ValueError for a network that wants more channels than the latent (an inpainting or pix2pix checkpoint),
    or that predicts neither noise nor v.
    """

    def __init__(self, pipeline: Any) -> None:
        self.pipeline = pipeline
        self.network = pipeline.unet
        self.schedule = Preserving(pipeline.scheduler)
        self.side = pipeline.unet.config.sample_size * pipeline.vae_scale_factor
        self.prediction = _prediction(pipeline.scheduler.config.prediction_type)
        given, wanted = pipeline.vae.config.latent_channels, pipeline.unet.config.in_channels
        if given != wanted:
            raise ValueError(
                f"the UNet takes {wanted} channels, expected the latent's {given}: this is an inpainting or "
                "instruct-pix2pix checkpoint; use it through the engine editcore.editors.public"
            )

    def encode(self, rgb_B3HW: Tensor) -> Tensor:
        """See ``autoencoder.encode``."""
        return autoencoder.encode(self.pipeline.vae, rgb_B3HW)

    def decode(self, latent_BChw: Tensor) -> Tensor:
        """See ``autoencoder.decode``."""
        return autoencoder.decode(self.pipeline.vae, latent_BChw)

    @torch.no_grad()
    def embed(self, texts: Sequence[str]) -> Words:
        """See ``base.Backbone.embed``."""
        states, _ = self.pipeline.encode_prompt(list(texts), self.pipeline.device, 1, False)
        return Words(states)

    def levels(self, t_B: Tensor) -> tuple[Tensor, Tensor]:
        """See ``schedule.Preserving.levels``."""
        return self.schedule.levels(t_B)

    def predict(
        self, noisy_BChw: Tensor, t_B: Tensor, words: Words, condition: Condition | None = None
    ) -> Tensor:
        """See ``base.Backbone.predict``; float32. The condition is ignored."""
        dtype = self.network.dtype
        return self.network(
            noisy_BChw.to(dtype), self.schedule.clock(t_B), words.states_BTD.to(dtype),
            added_cond_kwargs=self._added(noisy_BChw, words),
        ).sample.float()  # fmt: skip

    def _added(self, noisy_BChw: Tensor, words: Words) -> dict[str, Tensor] | None:
        """What else the network wants to know."""
        return None


def load(folder: Path, device: str, dtype: torch.dtype, variant: str | None) -> StableDiffusion:
    """The backbone in a diffusers folder; see ``load.load_backbone``."""
    pipeline = StableDiffusionPipeline.from_pretrained(
        folder, dtype=dtype, variant=variant, use_safetensors=True, local_files_only=True,
        safety_checker=None, feature_extractor=None, image_encoder=None, requires_safety_checker=False,
    )  # fmt: skip
    return StableDiffusion(autoencoder.settle(pipeline, device))


def _prediction(name: str) -> Prediction:
    if name not in (Prediction.EPSILON, Prediction.V):
        raise ValueError(f"the scheduler says prediction_type {name!r}; expected epsilon or v_prediction")
    return Prediction(name)
