"""The bundled editor (``editors.pipeline.LocalEditPipeline``): a flow that sees source and region as channels."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor

from editcore.editors.backbones.base import Condition, Prediction, Words
from editcore.editors.backbones.schedule import Straight
from editcore.editors.pipeline import GREY, LocalEditPipeline


class Bundled:
    """See ``base.Backbone``. ``decode`` gives pictures of twice ``side``."""

    prediction = Prediction.FLOW

    def __init__(self, pipeline: LocalEditPipeline) -> None:
        self.pipeline = pipeline
        self.network = pipeline.unet
        self.schedule = Straight(pipeline.scheduler)
        self.side = pipeline.source_pixels
        self._grey: Tensor | None = None

    def encode(self, rgb_B3HW: Tensor) -> Tensor:
        """See ``base.Backbone.encode``; no gradient."""
        with torch.no_grad():
            return self.pipeline.encode(rgb_B3HW.to(self.pipeline.device)).float()

    def decode(self, latent_BChw: Tensor) -> Tensor:
        """See ``base.Backbone.decode``."""
        vae = self.pipeline.vae
        latent = latent_BChw.to(self.pipeline.device, vae.dtype) / vae.config.scaling_factor
        return vae.decode(latent).sample.float() / 2 + 0.5

    @torch.no_grad()
    def embed(self, texts: Sequence[str]) -> Words:
        """See ``base.Backbone.embed``."""
        return Words(self.pipeline.embed(texts))

    def levels(self, t_B: Tensor) -> tuple[Tensor, Tensor]:
        """See ``schedule.Straight.levels``."""
        return self.schedule.levels(t_B)

    def predict(
        self, noisy_BChw: Tensor, t_B: Tensor, words: Words, condition: Condition | None = None
    ) -> Tensor:
        """See ``base.Backbone.predict``; float32. What the condition leaves out is grey, and free to change."""
        condition = condition or Condition()
        source, region = condition.source_BChw, condition.region_B1hw
        if source is None:
            source = self._nothing().expand_as(noisy_BChw)
        if region is None:
            region = torch.ones_like(noisy_BChw[:, :1])
        inputs = torch.cat([noisy_BChw, source.to(noisy_BChw), region.to(noisy_BChw)], dim=1)
        dtype = self.network.dtype
        states = words.states_BTD.to(dtype)
        return self.network(inputs.to(dtype), self.schedule.clock(t_B), states).sample.float()

    def _nothing(self) -> Tensor:
        """Latent of a grey picture, what background edits show where anything may come."""
        if self._grey is None:
            self._grey = self.encode(torch.full((1, 3, self.side, self.side), GREY))
        return self._grey


def load(folder: Path, device: str, dtype: torch.dtype, variant: str | None) -> Bundled:
    """The backbone in a diffusers folder; see ``load.load_backbone``."""
    pipeline = LocalEditPipeline.from_pretrained(
        folder, dtype=dtype, variant=variant, use_safetensors=True, local_files_only=True
    )
    pipeline.set_progress_bar_config(disable=True)
    return Bundled(pipeline.to(device))
