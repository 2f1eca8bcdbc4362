"""LoRA adapters (Hu et al. 2021, arXiv 2106.09685): safetensors files as diffusers and peft write them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from safetensors import safe_open
from safetensors.torch import load_file


def add_adapters(pipeline: Any, adapters: Mapping[str, float]) -> None:
    """Load each file (path -> scale; 1 = as trained) into a diffusers pipeline, all of them active together.

    Raises FileNotFoundError for a missing file; ValueError for one that is no safetensors file, or none of whose
    weights fit the pipeline's network.
    """
    network = getattr(pipeline, "unet", None) or pipeline.transformer
    names = []
    for number, file in enumerate(map(Path, adapters)):
        if not file.is_file():
            raise FileNotFoundError(f"no adapter at {file}; expected a LoRA file (.safetensors)")
        if file.suffix != ".safetensors":
            raise ValueError(
                f"adapter {file}: expected a .safetensors file; convert it, pickles are not read"
            )
        names.append(f"adapter{number}")
        _load(pipeline, network, file, names[-1])
        if names[-1] not in getattr(network, "peft_config", {}):
            raise ValueError(
                f"adapter {file}: none of its weights fit this {type(network).__name__}; "
                "it was made for another model"
            )
    if names:
        network.set_adapters(names, list(adapters.values()))


def _load(pipeline: Any, network: Any, file: Path, name: str) -> None:
    """Through the pipeline where it knows the formats of the world; our own pipeline has diffusers' format only."""
    options = {
        "weight_name": file.name, "adapter_name": name, "local_files_only": True, "use_safetensors": True
    }  # fmt: skip
    if hasattr(pipeline, "load_lora_weights"):
        pipeline.load_lora_weights(_with_alphas(file) or str(file.parent), **options)
    else:
        network.load_lora_adapter(str(file.parent), prefix="unet", **options)


def _with_alphas(file: Path) -> dict[str, Any] | None:
    """For diffusers' layer names with kohya's down, up and alpha: A and B with alpha / rank multiplied in.

    diffusers would drop those alphas without a word. None for any other file.
    """
    with safe_open(file, "pt") as weights:
        downs = [key for key in weights.keys() if key.startswith("transformer.") and ".lora_down." in key]  # noqa: SIM118
    if not downs:
        return None
    given = load_file(file)
    merged: dict[str, Any] = {}
    for key in downs:
        layer, _ = key.split(".lora_down.")
        down = given[key]
        alpha = given.get(f"{layer}.alpha")
        scale = 1.0 if alpha is None else alpha.item() / len(down)
        merged |= {
            f"{layer}.lora_A.weight": down,
            f"{layer}.lora_B.weight": given[f"{layer}.lora_up.weight"] * scale,
        }
    return merged
