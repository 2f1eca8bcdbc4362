"""A trained transformer on disk: a diffusers folder, and how its panels lie."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from diffusers import FluxTransformer2DModel
from safetensors.torch import load_file, save_file

from editcore.editors.transfer.compact import NAME, load_compact, save_compact
from editcore.editors.transfer.model import Attention, TransferModel, Words, gist_layer
from editcore.editors.transfer.panels import Layout
from editcore.editors.transfer.words import TextEncoder

PANELS, GIST = "panels.json", "gist.safetensors"


@dataclass(frozen=True)
class PanelFacts:
    """What a transformer was trained with."""

    side: int
    layout: Layout
    attention: Attention


def save_model(model: TransferModel, folder: Path, compact: bool = False) -> None:
    """A diffusers folder in half precision; compact: one byte a weight (``compact``), readable by ``load_model`` only.

    The model itself keeps its precision.
    """
    if compact:
        save_compact(model.transformer.state_dict(), folder)
        model.transformer.save_config(folder)
    else:
        half = FluxTransformer2DModel.from_config(model.transformer.config)
        half.load_state_dict(model.transformer.state_dict())
        half.half().save_pretrained(folder)
    if model.gist:
        save_file({name: value.half() for name, value in model.gist.state_dict().items()}, folder / GIST)
    facts = PanelFacts(model.side, model.layout, model.attention)
    (folder / PANELS).write_text(json.dumps(asdict(facts), indent=2) + "\n", "utf-8")


def load_model(folder: Path, text: Path) -> TransferModel:
    """The model of ``save_model``; ``text`` is the folder of its text encoder. FileNotFoundError says what to do."""
    return read_model(folder, TextEncoder(text).silence).eval()


def read_model(folder: Path, silence: Words) -> TransferModel:
    """As ``load_model``, for a text encoder that is loaded already."""
    if not (folder / PANELS).exists():
        raise FileNotFoundError(
            f"no Edit Transfer model at {folder}: expected {PANELS} beside a diffusers transformer. "
            "`vitrine train stage transfer` makes one."
        )
    facts = PanelFacts(**json.loads((folder / PANELS).read_text("utf-8")))
    transformer, gist = _transformer(folder), None
    if (folder / GIST).exists():
        gist = gist_layer(transformer)
        gist.load_state_dict(load_file(folder / GIST))
    return TransferModel(transformer, silence, facts.side, facts.layout, facts.attention, gist)


def _transformer(folder: Path) -> FluxTransformer2DModel:
    """The transformer of either form, float32."""
    if not (folder / NAME).exists():
        return FluxTransformer2DModel.from_pretrained(folder, torch_dtype=torch.float32)
    transformer = FluxTransformer2DModel.from_config(FluxTransformer2DModel.load_config(folder))
    transformer.load_state_dict(load_compact(folder))
    return transformer
