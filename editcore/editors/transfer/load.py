"""A trained transformer on disk: a diffusers folder, and how its panels lie."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from diffusers import FluxTransformer2DModel

from editcore.editors.transfer.model import Attention, TransferModel
from editcore.editors.transfer.panels import Layout
from editcore.editors.transfer.words import TextEncoder

PANELS = "panels.json"


@dataclass(frozen=True)
class PanelFacts:
    """What a transformer was trained with."""

    side: int
    layout: Layout
    attention: Attention


def save_model(model: TransferModel, folder: Path) -> None:
    """Half precision, safetensors; the model itself keeps its precision."""
    half = FluxTransformer2DModel.from_config(model.transformer.config)
    half.load_state_dict(model.transformer.state_dict())
    half.half().save_pretrained(folder)
    facts = PanelFacts(model.side, model.layout, model.attention)
    (folder / PANELS).write_text(json.dumps(asdict(facts), indent=2) + "\n", "utf-8")


def load_model(folder: Path, text: Path, dtype: torch.dtype = torch.float32) -> TransferModel:
    """The model of ``save_model``; ``text`` is the folder of its text encoder. FileNotFoundError says what to do."""
    if not (folder / PANELS).exists():
        raise FileNotFoundError(
            f"no Edit Transfer model at {folder}: expected {PANELS} beside a diffusers transformer. "
            "`vitrine train stage transfer` makes one."
        )
    facts = PanelFacts(**json.loads((folder / PANELS).read_text("utf-8")))
    transformer = FluxTransformer2DModel.from_pretrained(folder, torch_dtype=dtype)
    silence = TextEncoder(text).silence
    return TransferModel(transformer, silence, facts.side, facts.layout, facts.attention).eval()
