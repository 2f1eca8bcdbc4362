"""Which losses with which weights, and their sum over a batch.

Legend as in ``editors.backbones.base``.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from pydantic import BaseModel, ConfigDict, Field, model_validator
from torch import Tensor

from editcore.editors.backbones import Backbone
from editcore.editors.backbones.process import clean_estimate
from editcore.training.losses.clip import ClipLoss
from editcore.training.losses.masked import goal, masked_loss
from editcore.training.losses.paired import CLIP, paired_loss
from editcore.training.losses.perceptual import Perceptual


class ObjectiveConfig(BaseModel):
    """Weights of the losses; 0 switches one off, and what only it needs is not loaded."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    paired: float = Field(
        default=0.0, ge=0, description="Weight of the paired loss: the pseudo-target everywhere."
    )
    masked: float = Field(
        default=1.0, ge=0,
        description="Weight of the mask loss: the pseudo-target inside the region, the source outside.",
    )  # fmt: skip
    outside: float = Field(
        default=1.0, ge=0,
        description="Within the mask loss: weight of what lies outside against what lies inside.",
    )  # fmt: skip
    perceptual: float = Field(default=0.0, ge=0, description="Weight of LPIPS on the decoded estimate.")
    clip_global: float = Field(
        default=0.0, ge=0, description="Weight of CLIP: does the region show the edit prompt?"
    )
    clip_direction: float = Field(
        default=0.0, ge=0, description="Weight of directional CLIP: did the region move as the words did?"
    )
    weight_limit: float = Field(
        default=CLIP, gt=0,
        description="Largest weight of an estimate's error (the gamma of min-SNR); bounds low noise.",
    )  # fmt: skip
    low_noise: float = Field(
        default=0.4, gt=0, le=1,
        description="Perceptual and CLIP terms count where sigma, the share of noise, is at most this.",
    )  # fmt: skip
    decoded: int | None = Field(
        default=None, ge=1,
        description="Decode at most so many pictures of a batch, picked by chance and counted for the others.",
    )  # fmt: skip
    perceptual_side: int = Field(
        default=256, ge=32, description="Longer side in pixels to which LPIPS shrinks pictures."
    )
    clip_model: str = Field(
        default="bundled", description="CLIP model: bundled, a folder, or a name open_clip knows."
    )
    clip_pretrained: str | None = Field(
        default=None, description="Its pretrained tag or weight file; not for folders."
    )

    @model_validator(mode="after")
    def _something(self) -> ObjectiveConfig:
        terms = (self.paired, self.masked, self.perceptual, self.clip_global, self.clip_direction)
        if not any(terms):
            raise ValueError("every weight is 0; expected at least one loss above 0")
        return self

    @property
    def decodes(self) -> bool:
        """Whether a loss looks at pictures."""
        return any((self.perceptual, self.clip_global, self.clip_direction))


@dataclass(frozen=True)
class Pairs:
    """A batch of pairs as losses see it."""

    source_BChw: Tensor
    target_BChw: Tensor
    region_B1hw: Tensor
    texts: list[str]
    """What the edited picture should show."""
    source_texts: list[str]
    """What the source shows."""

    def goal(self, config: ObjectiveConfig) -> Tensor:
        """The latent that the losses ask for: with the mask loss, the source outside the region."""
        if config.masked:
            return goal(self.source_BChw, self.target_BChw, self.region_B1hw)
        return self.target_BChw


class Objective:
    """The losses of a configuration, with the networks they need."""

    def __init__(self, config: ObjectiveConfig, device: str = "cpu") -> None:
        self.config = config
        self._perceptual = Perceptual(device, config.perceptual_side) if config.perceptual else None
        with_clip = config.clip_global or config.clip_direction
        self._clip = ClipLoss(config.clip_model, config.clip_pretrained, device) if with_clip else None

    def __call__(
        self, backbone: Backbone, output_BChw: Tensor, noisy_BChw: Tensor,
        alpha_B: Tensor, sigma_B: Tensor, pairs: Pairs,
    ) -> dict[str, Tensor]:  # fmt: skip
        """Scalars by name: each loss that is on, unweighted, and ``loss``, their weighted sum."""
        config, levels = self.config, (alpha_B, sigma_B)
        said = (backbone.prediction, output_BChw, noisy_BChw)
        rows: dict[str, Tensor] = {}
        if config.paired:
            rows["paired"] = paired_loss(*said, pairs.target_BChw, *levels, config.weight_limit)
        if config.masked:
            rows["masked"] = masked_loss(
                *said, pairs.source_BChw, pairs.target_BChw, pairs.region_B1hw, *levels,
                config.outside, config.weight_limit,
            )  # fmt: skip
        if config.decodes:
            rows |= self._seen(backbone, clean_estimate(*said, *levels), sigma_B, pairs)
        parts = {name: row.mean() for name, row in rows.items()}
        total = sum((getattr(config, name) * part for name, part in parts.items()), output_BChw.new_zeros(()))
        return {"loss": total, **parts}

    def _seen(self, backbone: Backbone, estimate: Tensor, sigma: Tensor, pairs: Pairs) -> dict[str, Tensor]:
        """The terms on decoded pictures per picture; 0 above the noise limit, where nothing is decoded."""
        low = (sigma <= self.config.low_noise).nonzero().flatten()
        names = ("perceptual", "clip_global", "clip_direction")
        rows = {name: estimate.new_zeros(len(estimate)) for name in names if getattr(self.config, name)}
        if not len(low):
            return rows
        stands_for, most = 1.0, self.config.decoded
        if most and most < len(low):
            stands_for = len(low) / most  # keeps the mean over the batch unbiased
            low = low[torch.randperm(len(low))[:most].to(low.device)]
        seen = backbone.decode(estimate[low])
        with torch.no_grad():
            wanted = backbone.decode(pairs.goal(self.config)[low])
            source = backbone.decode(pairs.source_BChw[low])
        if self._perceptual:
            values = self._perceptual(seen, wanted) * stands_for
            rows["perceptual"] = rows["perceptual"].index_put((low,), values)
        if self._clip:
            region = F.interpolate(pairs.region_B1hw[low], seen.shape[-2:], mode="nearest").to(seen)
            texts = [[given[i] for i in low.tolist()] for given in (pairs.texts, pairs.source_texts)]
            terms = self._clip(seen, source.clamp(0, 1), region, *texts)
            for name, values in zip(("clip_global", "clip_direction"), terms, strict=True):
                if name in rows:
                    rows[name] = rows[name].index_put((low,), values * stands_for)
        return rows
