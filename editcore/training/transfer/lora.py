"""A LoRA on a trained transformer, from a few dozen pairs.

After Chen et al. 2025 (arXiv 2503.13327): rank 16, alpha 16, on every linear layer inside the transformer blocks,
loss on the last panel only. Panels see what the transformer was trained with: causal or full attention, as its folder
says. The published captions are dropped in 5 % of steps; here half of the batches are told nothing, for a campaign may
show a pair without words.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import torch
from diffusers import AutoencoderDC
from torch import Tensor, nn

from editcore.editors.transfer.load import load_model
from editcore.editors.transfer.model import TransferModel
from editcore.editors.transfer.sample import Clean, paint
from editcore.training.transfer.job import EVALUATION_SAMPLES, EVALUATION_STEPS, TransferJob
from editcore.training.transfer.store import ChangeStore
from editcore.training.tuning.adapters import add_adapter, save_adapter
from editcore.training.tuning.config import Lora

FILE = "pytorch_lora_weights.safetensors"
"""What ``save`` leaves in the output folder, in the format that ``FluxTransformer2DModel.load_lora_adapter`` reads."""


@dataclass(frozen=True)
class LoraJob(TransferJob):
    """Train an adapter on ``stores``, made from pairs, beside the frozen transformer in ``start``."""

    queries: int = 2
    composed: float = 0.0
    told: float = 0.5
    naming: float = 0.0
    peak_lr: float = 1e-3
    rank: int = 16

    def build(self) -> nn.Module:
        """FileNotFoundError where ``start`` holds no transformer."""
        model = load_model(self.start or self.output, self.text)
        model.requires_grad_(False)
        add_adapter(model.transformer, Lora(rank=self.rank, layers="blocks"))
        return model.train()

    def evaluate(self, module: nn.Module) -> dict[str, float]:
        """Error of the painted last panel against copying the query, in latents: of held-out pairs if there are."""
        pair, query, target = held_out(self)
        noise = torch.randn(target.shape, generator=torch.Generator().manual_seed(5))
        painted = paint(cast(TransferModel, module), Clean([pair], query), noise, EVALUATION_STEPS)
        errors = [(panel - target).square().mean().sqrt() for panel in (painted, query)]
        return {"of_copy": (errors[0] / errors[1]).item()}

    def save(self, module: nn.Module, facts: dict[str, Any]) -> None:
        """Write the adapter and ``training.json``."""
        save_adapter(cast(TransferModel, module).transformer, self.output)
        (self.output / "training.json").write_text(json.dumps(facts, indent=2) + "\n", "utf-8")


def held_out(job: LoraJob) -> tuple[tuple[Tensor, Tensor], Tensor, Tensor]:
    """Scaled latents of the pair that shows the edit, and of query and target; see ``pairs.split`` for which."""
    store = ChangeStore(job.stores[0])
    groups = [row for row in store.groups if row["held_out"]] or store.groups
    rows = np.array([row["pictures"][-2:] for row in groups[:EVALUATION_SAMPLES]])
    scale = AutoencoderDC.load_config(str(store.folder / "autoencoder"))["scaling_factor"]
    latents = torch.from_numpy(store.latents[rows].astype(np.float32)) * scale
    return (latents[:, 0, 0], latents[:, 0, 1]), latents[:, 1, 0], latents[:, 1, 1]
