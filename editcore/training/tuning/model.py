"""What is trained: a backbone's network, with everything that turns pairs into losses.

Legend as in ``editors.backbones.base``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import torch
from diffusers import UNet2DConditionModel
from diffusers.models.attention_processor import AttnProcessor
from torch import Tensor, nn

from editcore.editors.backbones import Backbone, Condition
from editcore.training.losses import Objective, Pairs
from editcore.training.pairs import Pair
from editcore.training.tuning.adapters import add_adapter
from editcore.training.tuning.config import TuningConfig
from editcore.training.tuning.latents import Kept, Latents
from editcore.training.tuning.starts import Draw, draw, noisy_latent


class Tuned(nn.Module):
    """Its parameters are the network's; autoencoder and text encoders stay outside, frozen."""

    def __init__(self, backbone: Backbone, config: TuningConfig, kept: dict[str, Kept] | None = None) -> None:
        """``kept``: where encoded pairs are kept; see ``Latents``."""
        super().__init__()
        _freeze(backbone)
        self.network = cast(Any, backbone.network)
        self.backbone, self.config = backbone, config
        self.device = next(backbone.network.parameters()).device
        if config.method == "lora":
            add_adapter(self.network, config.lora)
        else:
            self.network.float().requires_grad_(True)
        if self.device.type == "cpu" and isinstance(self.network, UNet2DConditionModel):
            self.network.set_attn_processor(AttnProcessor())  # SDPA's backward pass is slower here
        if config.gradient_checkpointing:
            self.network.enable_gradient_checkpointing()
        self.latents = Latents(backbone, config.cut_out, config.latent_cache_gb, {} if kept is None else kept)
        self.objective = Objective(config.losses, str(self.device))
        self.train()

    def losses(self, pairs: Sequence[Pair], generator: torch.Generator | None = None) -> dict[str, Tensor]:
        """Losses of a batch by name (``Objective``), at noise from ``generator`` or from torch's own."""
        config, encoded = self.config, self.latents(pairs, self.device)
        chance = draw(encoded.source_BChw.shape, config.starts, config.times, config.no_words, generator)
        batch = Pairs(
            encoded.source_BChw, encoded.target_BChw, encoded.region_B1hw,
            [pair.edit_prompt for pair in pairs], [pair.source_caption for pair in pairs],
        )  # fmt: skip
        noisy = noisy_latent(self.backbone, batch.source_BChw, batch.goal(config.losses), chance)
        condition = Condition(encoded.shown_BChw, encoded.told_B1hw)
        with self.autocast():
            output = self._said(noisy, chance, pairs, condition)
        # Losses are reckoned in float32; only autoencoder and network are fast.
        levels = self.backbone.levels(chance.t_B.to(self.device))
        return self.objective(self.backbone, output.float(), noisy, *levels, batch)

    def autocast(self) -> torch.autocast:
        """bf16 arithmetic where the configuration asks for it."""
        return torch.autocast(self.device.type, torch.bfloat16, enabled=self.config.precision == "bf16")

    def _said(self, noisy: Tensor, chance: Draw, pairs: Sequence[Pair], condition: Condition) -> Tensor:
        wordless = chance.wordless_B.tolist()
        texts = ["" if no else self.config.text(pair) for no, pair in zip(wordless, pairs, strict=True)]
        return self.backbone.predict(noisy, chance.t_B.to(self.device), self.backbone.embed(texts), condition)


def _freeze(backbone: Any) -> None:
    """No gradients for any part of the pipeline, or they would be computed and kept for nothing."""
    backbone.network.requires_grad_(False)
    for part in getattr(getattr(backbone, "pipeline", None), "components", {}).values():
        if isinstance(part, nn.Module):
            part.requires_grad_(False)
