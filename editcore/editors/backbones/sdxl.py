"""Stable Diffusion XL: two text encoders, a pooled text vector and the picture's size as conditions (Podell et al.
2023, arXiv 2307.01952)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
from diffusers import StableDiffusionXLPipeline
from torch import Tensor

from editcore.editors.backbones import autoencoder
from editcore.editors.backbones.base import Words
from editcore.editors.backbones.stable_diffusion import StableDiffusion


class StableDiffusionXL(StableDiffusion):
    """See ``base.Backbone``."""

    @torch.no_grad()
    def embed(self, texts: Sequence[str]) -> Words:
        """See ``base.Backbone.embed``. "" is all zeros where the model was trained so
        (``force_zeros_for_empty_prompt``)."""
        states, _, pooled, _ = self.pipeline.encode_prompt(
            list(texts), device=self.pipeline.device, do_classifier_free_guidance=False
        )
        if self.pipeline.config.force_zeros_for_empty_prompt:
            said = torch.tensor([bool(text) for text in texts], device=states.device)
            states, pooled = states * said[:, None, None], pooled * said[:, None]
        return Words(states, pooled)

    def _added(self, noisy_BChw: Tensor, words: Words) -> dict[str, Tensor] | None:
        """Pooled text, and the picture's sizes: original, crop's corner, target (section 2.2): never cropped."""
        assert words.pooled_BD is not None, "SDXL needs the pooled text of its own embed()"
        height, width = (n * self.pipeline.vae_scale_factor for n in noisy_BChw.shape[-2:])
        sizes = torch.tensor([height, width, 0, 0, height, width], device=noisy_BChw.device)
        dtype = self.network.dtype
        return {
            "text_embeds": words.pooled_BD.to(dtype),
            "time_ids": sizes.to(dtype).expand(len(noisy_BChw), -1),
        }


def load(folder: Path, device: str, dtype: torch.dtype, variant: str | None) -> StableDiffusionXL:
    """The backbone in a diffusers folder; see ``load.load_backbone``."""
    pipeline = StableDiffusionXLPipeline.from_pretrained(
        folder, dtype=dtype, variant=variant, use_safetensors=True, local_files_only=True,
        feature_extractor=None, image_encoder=None, add_watermarker=False,
    )  # fmt: skip
    return StableDiffusionXL(autoencoder.settle(pipeline, device))
