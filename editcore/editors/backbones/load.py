"""From a diffusers folder to a ``Backbone``: offline, safetensors only."""

from __future__ import annotations

import importlib
import json
from pathlib import Path
from typing import Any

import torch

from editcore.editors.backbones.base import Backbone

MODULES = {
    "StableDiffusionPipeline": "stable_diffusion",
    "StableDiffusionXLPipeline": "sdxl",
    "StableDiffusion3Pipeline": "flow",
    "LocalEditPipeline": "bundled",
}
"""``_class_name`` of a folder's model_index.json -> module here whose ``load`` reads it."""
DTYPES = {"float32": torch.float32, "float16": torch.float16, "bfloat16": torch.bfloat16}


def load_backbone(
    folder: str | Path,
    device: str = "cpu",
    dtype: str | torch.dtype = torch.float32,
    variant: str | None = None,
) -> Backbone:
    """The model in a diffusers folder, on ``device``, in ``dtype`` (a torch dtype or its name).

    variant: as in file names, e.g. ``fp16`` for ``model.fp16.safetensors``. The model stands in evaluation mode; its
    diffusers pipeline is ``backbone.pipeline``. Raises FileNotFoundError where there is no model, ValueError for a
    model or a dtype that is not supported.
    """
    folder = Path(folder)
    name = class_of(folder)
    if name not in MODULES:
        raise ValueError(
            f"{folder} holds a {name}; supported are {', '.join(MODULES)}. diffusers' own editing pipelines "
            "run through the engine editcore.editors.public"
        )
    chosen = DTYPES.get(dtype) if isinstance(dtype, str) else dtype
    if chosen is None:
        raise ValueError(f"found dtype {dtype!r}, expected one of {', '.join(DTYPES)}")
    module: Any = importlib.import_module(f"editcore.editors.backbones.{MODULES[name]}")
    return module.load(folder, device, chosen, variant)


def class_of(folder: Path) -> str:
    """The pipeline class that a folder's model_index.json names; FileNotFoundError if there is none."""
    index = folder / "model_index.json"
    if not index.is_file():
        raise FileNotFoundError(
            f"no model at {folder}; expected a diffusers folder with a model_index.json. "
            "Download one there, or name the folder that holds it"
        )
    name = json.loads(index.read_text("utf-8")).get("_class_name")
    return name[-1] if isinstance(name, list) else str(name)
