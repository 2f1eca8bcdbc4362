"""The trainer on tiny models of the public classes: it trains, resumes, refuses, and writes what it should."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from diffusers import StableDiffusionPipeline
from PIL import Image
from typer.testing import CliRunner

from editcore.editors.backbones import load_backbone
from editcore.editors.backbones.adapters import add_adapters
from editcore.training.checkpoint import read
from editcore.training.pairs import PairStore
from editcore.training.tuning import TuningConfig, TuningError, TuningJob, tune
from editcore.training.tuning.curves import draw_curves, read_curves
from editcore.training.tuning.job import is_held_out
from editcore.training.tuning.model import Tuned
from flows.train import app

FILE = "pytorch_lora_weights.safetensors"


def config(model: Path, pairs: Path, output: Path, **more: Any) -> TuningConfig:
    small: dict[str, Any] = {
        "steps": 8, "batch_size": 2, "accumulate": 1, "warmup_steps": 1, "learning_rate": 1e-2, "held_out": 0.2,
        "evaluation_pairs": 2, "precision": "fp32", "previews": {"count": 2, "steps": 2}, "device": "cpu",
        "lora": {"rank": 2},
    }  # fmt: skip
    return TuningConfig.model_validate({"model": model, "pairs": pairs, "output": output, **small, **more})


def test_a_run_leaves_curves_previews_and_an_adapter_and_can_be_resumed(
    models: dict[str, Path], pairs: Path, tmp_path: Path
) -> None:
    settings = config(models["sd"], pairs, tmp_path)
    assert tune(settings) == tmp_path / "adapter"
    assert Image.open(tmp_path / "curves.png").width > 100
    assert Image.open(tmp_path / "previews" / "0001.png").size == (4 * 32, 2 * 48)
    first = json.loads((tmp_path / "tuning.json").read_text())
    assert first["steps"] == 8 and first["samples"] == 16 and first["config"]["lora"]["rank"] == 2

    tune(settings.model_copy(update={"steps": 16}))
    second = json.loads((tmp_path / "tuning.json").read_text())
    assert second["steps"] == 16 and second["held_out"] != first["held_out"]
    rows = list(csv.DictReader((tmp_path / "log.csv").open()))
    assert [row["step"] for row in rows] == ["0", "8", "16"]
    assert {"loss", "masked", "held_out", "held_out_masked"} <= set(read_curves(tmp_path / "log.csv"))

    loaded = StableDiffusionPipeline.from_pretrained(models["sd"])
    loaded.load_lora_weights(tmp_path / "adapter", local_files_only=True)
    state = read(tmp_path)
    assert state is not None and all("lora_" in name for name in state.module), "checkpoints are small"
    adapter = [p for name, p in loaded.unet.named_parameters() if "lora_" in name]
    assert len(adapter) == len(state.ema) and all(
        torch.allclose(p, mean, atol=1e-6) for p, mean in zip(adapter, state.ema, strict=True)
    ), "the moving average is what is saved"


@pytest.mark.parametrize("name", ["sd-v", "sdxl", "sd3"])
def test_every_kind_of_model_is_trained_in_bf16_with_checkpointed_activations(
    name: str, models: dict[str, Path], pairs: Path
) -> None:
    settings = config(
        models[name], pairs, Path("unused"), precision="bf16",
        losses={"paired": 0.5, "perceptual": 0.1, "clip_global": 0.1, "clip_direction": 0.1, "low_noise": 1},
        starts={"source": 1, "target": 1, "path": 1},
    )  # fmt: skip
    job = TuningJob(settings)
    module = job.build()
    assert isinstance(module, Tuned) and module.network.is_gradient_checkpointing
    parts = job.loss(module, next(job.batches(0, 0)), 0.0)
    assert set(parts) == {"loss", "paired", "masked", "perceptual", "clip_global", "clip_direction"}
    parts["loss"].backward()
    gradients = {n: p.grad for n, p in module.named_parameters() if p.grad is not None}
    assert gradients and all("lora_" in n and g.isfinite().all() for n, g in gradients.items())
    assert any(g.abs().sum() > 0 for g in gradients.values())
    assert all(p.grad is None for p in module.backbone.pipeline.vae.parameters())


def test_full_training_moves_the_network_and_saves_a_model(
    models: dict[str, Path], pairs: Path, tmp_path: Path
) -> None:
    folder = tune(
        config(models["sd"], pairs, tmp_path, method="full", learning_rate=1e-3, previews={"count": 0})
    )
    assert folder == tmp_path / "model" and not (tmp_path / "previews").exists()
    before, after = (StableDiffusionPipeline.from_pretrained(f) for f in (models["sd"], folder))
    assert (before.unet.conv_in.weight - after.unet.conv_in.weight).abs().max() > 1e-4
    untouched = zip(before.text_encoder.parameters(), after.text_encoder.parameters(), strict=True)
    assert all(torch.equal(*pair) for pair in untouched)


def test_the_bundled_model_learns_too_and_sees_backgrounds_cut_out(pairs: Path, tmp_path: Path) -> None:
    bundled = Path(__file__).parents[3] / "editcore" / "bundled" / "editor"
    settings = config(
        bundled, pairs, tmp_path, cut_out=["colour"], starts={"source": 0, "target": 1}, steps=2
    )
    job = TuningJob(settings)
    module = job.build()
    assert isinstance(module, Tuned)
    # The losses may ask for more than the source's mask; the model is told, and loses sight of, no more than that.
    batch = [replace(pair, region=np.full_like(pair.region, 255)) for pair in next(job.batches(0, 0))]
    encoded = module.latents(batch, module.device)
    assert encoded.region_B1hw.min() == 1 and encoded.told_B1hw.min() == 0
    inside = encoded.told_B1hw.expand_as(encoded.shown_BChw) == 1
    grey = module.backbone.encode(torch.full((1, 3, 128, 128), 0.5)).expand_as(encoded.shown_BChw)
    hidden = (encoded.shown_BChw - grey)[inside].abs().mean()
    assert hidden < 0.5 * (encoded.source_BChw - grey)[inside].abs().mean()
    loaded = load_backbone(bundled)
    add_adapters(loaded.pipeline, {str(tune(settings) / FILE): 1.0})


def test_pairs_are_read_once_when_they_fit_and_held_out_ones_never(
    models: dict[str, Path], pairs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = TuningJob(config(models["sd"], pairs, Path("unused")))
    module = job.build()
    assert isinstance(module, Tuned)
    store = PairStore(str(pairs))
    trained = {pair.pair_id for pair in store if not is_held_out(pair, 0.2)}
    assert 0 < len(trained) < len(store)
    batches, seen = job.batches(0, 1), []
    for _ in range(len(trained) // 2):
        batch = next(batches)
        module.latents(batch, module.device)
        seen += [pair.pair_id for pair in batch]
    assert set(seen) <= trained and len(set(seen)) == len(seen)
    batch = next(batches)
    assert all(pair.source.size == 0 for pair in batch), "later epochs come without pictures"
    first = module.latents(batch, module.device)
    fresh = TuningJob(config(models["sd"], pairs, Path("unused"), latent_cache_gb=0))
    whole = [next(pair for pair in store if pair.pair_id == light.pair_id) for light in batch]
    other = fresh.build()
    assert isinstance(other, Tuned)
    assert torch.allclose(other.latents(whole, module.device).target_BChw, first.target_BChw, atol=2e-3)
    assert not fresh.kept and {pair.pair_id for pair in job.watched}.isdisjoint(trained)


def test_what_does_not_fit_together_is_refused_before_training(
    models: dict[str, Path], pairs: Path, tmp_path: Path
) -> None:
    with pytest.raises(TuningError, match="no model at"):
        tune(config(tmp_path / "none", pairs, tmp_path / "a"))
    with pytest.raises(TuningError, match="no held-out pair"):
        tune(config(models["sd"], pairs, tmp_path / "b", held_out=1e-6))
    with pytest.raises(TuningError, match="found fewer than batch_size = 99 pairs"):
        tune(config(models["sd"], pairs, tmp_path / "c", batch_size=99))
    with pytest.raises(TuningError, match=r"expected at least one: set lora\.layers to all"):
        tune(config(models["sd"], pairs, tmp_path / "d", lora={"layers": ["nothing"]}))
    with pytest.raises(TuningError, match=r"begun with other settings for learning_rate, lora"):
        tune(config(models["sd"], pairs, tmp_path / "c", batch_size=99, learning_rate=1, lora={"rank": 3}))
    with pytest.raises(TuningError, match="found workers: 2 on cuda, expected 1"):
        tune(config(models["sd"], pairs, tmp_path / "e", device="cuda", workers=2))


def test_the_command_says_what_is_wrong_in_a_sentence(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["tune", "--config", str(tmp_path / "none.yaml")])
    assert result.exit_code == 2 and "found no file" in result.output
    (tmp_path / "tune.yaml").write_text("model: m\npairs: p\noutput: o\n")
    result = CliRunner().invoke(app, ["tune", "--config", str(tmp_path / "tune.yaml")])
    assert result.exit_code == 2 and "no model at" in result.output


def test_curves_survive_a_log_that_was_cut_off(tmp_path: Path) -> None:
    log = tmp_path / "log.csv"
    log.write_text(
        "seconds,step,samples,loss,figures\n0,0,0,nan,held_out=2.5\n60,8,16,1.5,masked=1.5 held_out=2\n70,9"
    )
    assert read_curves(log) == {"loss": [(8, 1.5)], "held_out": [(0, 2.5), (8, 2)], "masked": [(8, 1.5)]}
    draw_curves(log, tmp_path / "curves.png")
    assert Image.open(tmp_path / "curves.png").height == 3 * 160
