"""LoRA adapters on a diffusers network, and results in the format that diffusers loads.

An adapter file is what ``pipeline.load_lora_weights(folder)`` and ``editors.backbones.adapters`` read:
``pytorch_lora_weights.safetensors`` with ``unet.`` or ``transformer.`` before each name, its rank and alpha in the
metadata.
"""

from __future__ import annotations

import copy
import shutil
from pathlib import Path
from typing import Any

import torch
from torch import nn

from editcore.training.tuning.config import Lora

ATTENTION = ("to_q", "to_k", "to_v", "to_out.0", "add_q_proj", "add_k_proj", "add_v_proj", "to_add_out")
"""Ends of the names of attention projections in UNets and transformers of diffusers."""
BLOCKS = "transformer_blocks"
"""In the names of layers inside transformer blocks."""
NAME = "default"


def component(network: nn.Module) -> str:
    """The network's name in a pipeline folder."""
    from diffusers import UNet2DConditionModel

    return "unet" if isinstance(network, UNet2DConditionModel) else "transformer"


def add_adapter(network: Any, lora: Lora) -> int:
    """Freeze the network and put an adapter beside its layers, float32; returns its number of parameters.

    ValueError if the network has none of the layers.
    """
    from diffusers.training_utils import cast_training_params
    from peft import LoraConfig

    targets = _layers(network, lora)
    network.requires_grad_(False)
    network.add_adapter(
        LoraConfig(
            r=lora.rank, lora_alpha=lora.rank if lora.alpha is None else lora.alpha, lora_dropout=lora.dropout,
            init_lora_weights="gaussian", target_modules=targets,
        ),
        adapter_name=NAME,
    )  # fmt: skip
    cast_training_params(network, torch.float32)
    return sum(p.numel() for p in network.parameters() if p.requires_grad)


def save_adapter(network: Any, folder: Path) -> None:
    """Write the adapter that ``add_adapter`` made, as float32 safetensors."""
    from diffusers import StableDiffusion3Pipeline, StableDiffusionPipeline
    from peft.utils import get_peft_model_state_dict

    weights = get_peft_model_state_dict(network, adapter_name=NAME)
    name = component(network)
    # Every pipeline class writes the same file; these two differ in the name of the network only.
    writer: Any = StableDiffusionPipeline if name == "unet" else StableDiffusion3Pipeline
    config = network.peft_config[NAME].to_dict()
    writer.save_lora_weights(
        folder, **{f"{name}_lora_layers": weights, f"{name}_lora_adapter_metadata": config}
    )


def save_model(network: Any, source: Path, folder: Path) -> None:
    """Write the model folder ``source`` with this network in place of its own, float16."""
    part = folder.with_name(folder.name + ".part")
    shutil.rmtree(part, ignore_errors=True)
    name = component(network)
    shutil.copytree(source, part, ignore=lambda at, _: [name] if Path(at) == Path(source) else [])
    copy.deepcopy(network).to("cpu", torch.float16).save_pretrained(part / name)
    shutil.rmtree(folder, ignore_errors=True)
    part.rename(folder)


def _layers(network: nn.Module, lora: Lora) -> list[str]:
    """Full names of the layers that get an adapter."""
    plain = {
        name: layer for name, layer in network.named_modules()
        if isinstance(layer, nn.Linear) or (isinstance(layer, nn.Conv2d) and layer.groups == 1)
    }  # fmt: skip
    if lora.layers == "all":
        return list(plain)
    if lora.layers == "blocks":
        wanted = f"whose name has {BLOCKS} in it"
        chosen = [name for name, layer in plain.items() if BLOCKS in name and isinstance(layer, nn.Linear)]
    else:
        ends = ATTENTION if lora.layers == "attention" else tuple(lora.layers)
        wanted = f"whose name ends in {', '.join(ends)}"
        chosen = [name for name in plain if any(name == end or name.endswith(f".{end}") for end in ends)]
    if not chosen:
        raise ValueError(
            f"found no linear or convolution layer {wanted} among {len(plain)}; "
            "expected at least one: set lora.layers to all, or to names from network.named_modules()"
        )
    return chosen
