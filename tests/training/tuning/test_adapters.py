"""An adapter comes back as it was trained, through diffusers' own loader."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from diffusers import StableDiffusion3Pipeline, StableDiffusionPipeline, StableDiffusionXLPipeline
from safetensors import safe_open

from editcore.editors.backbones import load_backbone
from editcore.editors.backbones.adapters import add_adapters
from editcore.training.tuning.adapters import add_adapter, component, save_adapter, save_model
from editcore.training.tuning.config import Lora

CLASSES: dict[str, Any] = {
    "sd": StableDiffusionPipeline,
    "sdxl": StableDiffusionXLPipeline,
    "sd3": StableDiffusion3Pipeline,
}
FILE = "pytorch_lora_weights.safetensors"
BUNDLED = Path(__file__).parents[3] / "editcore" / "bundled" / "editor"


def trained(network: Any, lora: Lora) -> None:
    """An adapter with weights as if it had learned something."""
    add_adapter(network, lora)
    generator = torch.Generator().manual_seed(8)
    with torch.no_grad():
        for p in network.parameters():
            if p.requires_grad:
                p.copy_(torch.randn(p.shape, generator=generator) * 0.3)


def picture(pipeline: Any) -> np.ndarray:
    pipeline.set_progress_bar_config(disable=True)
    said = pipeline(
        "a red mug", num_inference_steps=2, generator=torch.Generator().manual_seed(1), output_type="np",
        height=32, width=32,
    )  # fmt: skip
    return said.images[0]


@pytest.mark.parametrize("name", CLASSES)
@pytest.mark.parametrize(
    "lora", [Lora(rank=4), Lora(rank=2, alpha=6, layers="all")], ids=["attention", "all"]
)
def test_the_pipeline_with_the_adapter_loaded_is_the_trained_one(
    name: str, lora: Lora, models: dict[str, Path], tmp_path: Path
) -> None:
    pipeline = CLASSES[name].from_pretrained(models[name])
    untrained = picture(pipeline)
    network = getattr(pipeline, "unet", None) or pipeline.transformer
    trained(network, lora)
    expected = picture(pipeline)
    save_adapter(network, tmp_path)
    loaded = CLASSES[name].from_pretrained(models[name])
    loaded.load_lora_weights(tmp_path, local_files_only=True)
    assert np.allclose(picture(loaded), expected, atol=1e-5)
    assert np.abs(expected - untrained).max() > 1e-3, "the adapter does something"
    loaded.unload_lora_weights()
    assert np.allclose(picture(loaded), untrained, atol=1e-5)


def test_the_bundled_model_takes_an_adapter_too(tmp_path: Path) -> None:
    def said(backbone: Any) -> torch.Tensor:
        latent = torch.full((1, backbone.network.config.out_channels, 16, 16), 0.1)
        with torch.no_grad():
            return backbone.predict(latent, torch.tensor([0.6]), backbone.embed(["make it red"]))

    first, second = load_backbone(BUNDLED), load_backbone(BUNDLED)
    plain = said(second)
    trained(first.network, Lora(rank=2, layers=["conv1", "conv2", "to_q"]))
    save_adapter(first.network, tmp_path)
    add_adapters(second.pipeline, {str(tmp_path / FILE): 1.0})
    assert torch.allclose(said(first), said(second), atol=1e-4)
    assert (said(second) - plain).abs().max() > 1e-2


def test_only_the_adapter_is_trained_in_float32_and_stored(models: dict[str, Path], tmp_path: Path) -> None:
    network = StableDiffusionPipeline.from_pretrained(models["sd"], dtype=torch.bfloat16).unet
    count = add_adapter(network, Lora(rank=2))
    tuned = {name: p for name, p in network.named_parameters() if p.requires_grad}
    assert all("lora_" in name and p.dtype == torch.float32 for name, p in tuned.items())
    assert network.conv_in.weight.dtype == torch.bfloat16
    save_adapter(network, tmp_path)
    assert [f.name for f in tmp_path.iterdir()] == [FILE]
    with safe_open(str(tmp_path / FILE), "pt") as file:
        tensors = [file.get_tensor(key) for key in file.keys()]  # noqa: SIM118 - not a dict
        assert all(key.startswith("unet.") for key in file.keys())  # noqa: SIM118
        assert json.loads(file.metadata()["lora_adapter_metadata"])["unet.r"] == 2
    assert sum(t.numel() for t in tensors) == count == sum(p.numel() for p in tuned.values())


def test_layers_that_are_not_there_are_refused(models: dict[str, Path]) -> None:
    network = StableDiffusionPipeline.from_pretrained(models["sd"]).unet
    with pytest.raises(ValueError, match=r"whose name ends in to_x among \d+; expected at least one"):
        add_adapter(network, Lora(layers=["to_x"]))
    assert component(network) == "unet"


def test_a_whole_model_is_saved_beside_its_untouched_parts(models: dict[str, Path], tmp_path: Path) -> None:
    pipeline = StableDiffusionPipeline.from_pretrained(models["sd"])
    with torch.no_grad():
        pipeline.unet.conv_in.weight.add_(0.5)
    save_model(pipeline.unet, models["sd"], tmp_path / "model")
    save_model(pipeline.unet, models["sd"], tmp_path / "model")
    loaded = StableDiffusionPipeline.from_pretrained(tmp_path / "model")
    assert torch.allclose(loaded.unet.conv_in.weight, pipeline.unet.conv_in.weight, atol=2e-3)
    assert pipeline.unet.conv_in.weight.dtype == torch.float32, "the trained one stays as it is"
    assert torch.equal(loaded.vae.encoder.conv_in.weight, pipeline.vae.encoder.conv_in.weight)
    assert sorted(f.name for f in tmp_path.iterdir()) == ["model"]
