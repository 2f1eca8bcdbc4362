"""Stable Diffusion 3 and 3.5: a transformer over text and picture tokens that predicts a flow's velocity (Esser et al.
2024, arXiv 2403.03206)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from diffusers import StableDiffusion3Pipeline
from torch import Tensor

from editcore.editors.backbones import autoencoder
from editcore.editors.backbones.base import Condition, Prediction, Words
from editcore.editors.backbones.schedule import Straight


class StableDiffusion3:
    """See ``base.Backbone``. ``pipeline`` is the diffusers pipeline the parts live in, for adapters and saving."""

    prediction = Prediction.FLOW

    def __init__(self, pipeline: Any) -> None:
        self.pipeline = pipeline
        self.network = pipeline.transformer
        config = pipeline.transformer.config
        self.schedule = Straight(pipeline.scheduler, (config.sample_size // config.patch_size) ** 2)
        self.side = config.sample_size * pipeline.vae_scale_factor

    def encode(self, rgb_B3HW: Tensor) -> Tensor:
        """See ``autoencoder.encode``."""
        return autoencoder.encode(self.pipeline.vae, rgb_B3HW)

    def decode(self, latent_BChw: Tensor) -> Tensor:
        """See ``autoencoder.decode``."""
        return autoencoder.decode(self.pipeline.vae, latent_BChw)

    @torch.no_grad()
    def embed(self, texts: Sequence[str]) -> Words:
        """See ``base.Backbone.embed``. Without the third text encoder (T5) its tokens are zeros."""
        states, _, pooled, _ = self.pipeline.encode_prompt(
            list(texts), None, None, device=self.pipeline.device, do_classifier_free_guidance=False
        )
        return Words(states, pooled)

    def levels(self, t_B: Tensor) -> tuple[Tensor, Tensor]:
        """See ``schedule.Straight.levels``."""
        return self.schedule.levels(t_B)

    def predict(
        self, noisy_BChw: Tensor, t_B: Tensor, words: Words, condition: Condition | None = None
    ) -> Tensor:
        """See ``base.Backbone.predict``; float32. The condition is ignored."""
        assert words.pooled_BD is not None, "Stable Diffusion 3 needs the pooled text of its own embed()"
        dtype = self.network.dtype
        return self.network(
            hidden_states=noisy_BChw.to(dtype), timestep=self.schedule.clock(t_B),
            encoder_hidden_states=words.states_BTD.to(dtype), pooled_projections=words.pooled_BD.to(dtype),
        ).sample.float()  # fmt: skip


def load(folder: Path, device: str, dtype: torch.dtype, variant: str | None) -> StableDiffusion3:
    """The backbone in a diffusers folder; see ``load.load_backbone``."""
    pipeline = StableDiffusion3Pipeline.from_pretrained(
        folder, dtype=dtype, variant=variant, use_safetensors=True, local_files_only=True,
        feature_extractor=None, image_encoder=None,
    )  # fmt: skip
    return StableDiffusion3(autoencoder.settle(pipeline, device))
