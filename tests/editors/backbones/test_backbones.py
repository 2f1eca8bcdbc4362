"""Every backbone against what diffusers itself does with the same weights."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import tiny_pipelines as tiny
import torch

from editcore.editors.backbones import Backbone, Condition, Prediction, load_backbone
from editcore.editors.backbones.process import noised
from editcore.editors.pipeline import LocalEditPipeline

KINDS: dict[str, tuple[Callable[..., Any], Prediction]] = {
    "sd": (tiny.stable_diffusion, Prediction.EPSILON),
    "sd-v": (lambda: tiny.stable_diffusion("v_prediction"), Prediction.V),
    "sdxl": (tiny.sdxl, Prediction.EPSILON),
    "sd3": (tiny.sd3, Prediction.FLOW),
}


@pytest.fixture(scope="module", params=[*KINDS, "bundled"])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def backbone(kind: str, random_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Backbone:
    if kind == "bundled":
        return load_backbone(random_model)
    folder = tmp_path_factory.mktemp(kind)
    tiny.seeded(KINDS[kind][0]).save_pretrained(folder)
    return load_backbone(folder)


def test_a_folder_becomes_the_backbone_of_its_class(backbone: Backbone, kind: str) -> None:
    expected = Prediction.FLOW if kind == "bundled" else KINDS[kind][1]
    assert backbone.prediction is expected
    assert backbone.side == (128 if kind == "bundled" else tiny.SIDE)
    assert not backbone.network.training


def test_pictures_become_latents_and_pictures_again(backbone: Backbone, kind: str) -> None:
    pictures = torch.rand(2, 3, backbone.side, backbone.side)
    latent = backbone.encode(pictures)
    assert torch.equal(latent, backbone.encode(pictures)), "the mode, not a sample"
    vae: Any = backbone.pipeline.vae
    cells = backbone.side // (8 if kind == "bundled" else 2)
    assert latent.shape[0] == 2 and latent.shape[2:] == (cells, cells)
    if kind != "bundled":
        unscaled = latent / vae.config.scaling_factor + (vae.config.shift_factor or 0)
        direct = vae.encode(pictures * 2 - 1).latent_dist.mean
        assert torch.allclose(unscaled, direct, atol=1e-5)
    leaf = latent.clone().requires_grad_()
    decoded = backbone.decode(leaf)
    assert decoded.shape[-1] == backbone.side * (2 if kind == "bundled" else 1)
    decoded.mean().backward()
    assert leaf.grad is not None and leaf.grad.abs().sum() > 0, "decoding is differentiable"


def test_levels_are_the_schedulers_own(backbone: Backbone) -> None:
    scheduler: Any = backbone.pipeline.scheduler
    clean, noise = torch.randn(2, 3, 4, 8, 8, generator=torch.Generator().manual_seed(1)).unbind(0)
    t = torch.tensor([0.001, 0.4, 1.0])
    ours = noised(clean, noise, *backbone.levels(t))
    if backbone.prediction is Prediction.FLOW:
        order = (1000 - t * 1000).round().long()  # the scheduler's table falls from noise to clean
        theirs = scheduler.scale_noise(clean, scheduler.timesteps[order], noise)
    else:
        theirs = scheduler.add_noise(clean, noise, (t * 1000).round().long() - 1)
    assert torch.allclose(ours, theirs, atol=1e-5)
    alpha, sigma = backbone.levels(torch.tensor([0.0, 0.4003, 0.4]))
    assert (alpha[0], sigma[0]) == (1, 0)
    assert alpha[1] < alpha[2] and sigma[1] > sigma[2], "between two entries lies something between"


def test_predictions_depend_on_words_and_time(backbone: Backbone) -> None:
    latent = backbone.encode(torch.rand(1, 3, backbone.side, backbone.side)).repeat(3, 1, 1, 1)
    words = backbone.embed(["navy mug", "red mug", "navy mug"])
    said = backbone.predict(latent, torch.tensor([0.3, 0.3, 0.9]), words)
    assert said.shape == latent.shape and said.dtype == torch.float32 and said.isfinite().all()
    assert not torch.allclose(said[0], said[1], atol=1e-6)
    assert not torch.allclose(said[0], said[2], atol=1e-6)
    with torch.no_grad():
        long = backbone.embed(["navy mug " * 60])
    assert long.states_BTD.shape[1:] == words.states_BTD.shape[1:], "long texts are cut"


def test_only_the_bundled_model_looks_at_the_condition(backbone: Backbone, kind: str) -> None:
    latent = backbone.encode(torch.rand(1, 3, backbone.side, backbone.side))
    t, words = torch.tensor([0.5]), backbone.embed(["navy mug"])
    without = backbone.predict(latent, t, words)
    given = backbone.predict(latent, t, words, Condition(latent, torch.zeros_like(latent[:, :1])))
    assert torch.equal(without, given) == (kind != "bundled")


def test_no_words_are_zeros_where_sdxl_was_trained_so() -> None:
    from editcore.editors.backbones.sdxl import StableDiffusionXL

    pipeline = tiny.seeded(tiny.sdxl)
    with_words, without = StableDiffusionXL(pipeline).embed(["mug", ""]).states_BTD
    assert with_words.abs().sum() > 0 and without.abs().sum() == 0
    pipeline.register_to_config(force_zeros_for_empty_prompt=False)
    assert StableDiffusionXL(pipeline).embed([""]).states_BTD.abs().sum() > 0


def test_a_dynamic_shift_is_the_schedulers_for_that_size() -> None:
    from diffusers import FlowMatchEulerDiscreteScheduler

    from editcore.editors.backbones.schedule import Straight

    scheduler = FlowMatchEulerDiscreteScheduler(use_dynamic_shifting=True)
    mu = 0.5 + (1.15 - 0.5) * (1024 - 256) / (4096 - 256)
    scheduler.set_timesteps(sigmas=[1.0, 0.5], mu=mu)
    _, sigma = Straight(scheduler, 1024).levels(torch.tensor([1.0, 0.5]))
    assert torch.allclose(sigma, scheduler.sigmas[:2], atol=1e-6)


def test_what_is_not_supported_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="no model at"):
        load_backbone(tmp_path)
    (tmp_path / "model_index.json").write_text('{"_class_name": "FluxFillPipeline"}')
    with pytest.raises(ValueError, match=r"holds a FluxFillPipeline; supported are StableDiffusionPipeline"):
        load_backbone(tmp_path)
    (tmp_path / "model_index.json").write_text('{"_class_name": "StableDiffusionPipeline"}')
    with pytest.raises(ValueError, match="expected one of float32"):
        load_backbone(tmp_path, dtype="int8")


def test_an_inpainting_network_is_refused(tmp_path: Path) -> None:
    tiny.seeded(tiny.stable_diffusion, channels=9).save_pretrained(tmp_path)
    with pytest.raises(ValueError, match="takes 9 channels"):
        load_backbone(tmp_path)


def test_pickled_weights_are_refused(tmp_path: Path) -> None:
    tiny.seeded(tiny.stable_diffusion).save_pretrained(tmp_path, safe_serialization=False)
    with pytest.raises(OSError, match="safetensors"):
        load_backbone(tmp_path)


def test_the_bundled_pipeline_is_found_by_its_class(random_model: Path) -> None:
    assert isinstance(load_backbone(random_model).pipeline, LocalEditPipeline)
