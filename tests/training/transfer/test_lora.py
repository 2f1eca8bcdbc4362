"""A LoRA from a few pairs: what is read, what is trained, what comes out and what it changes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch
from diffusers import FluxTransformer2DModel
from PIL import Image
from safetensors.torch import load_file
from torch import nn
from typer.testing import CliRunner

from editcore.editors.bundled import BUNDLED as SHARED
from editcore.editors.transfer.bundled import load_painter
from editcore.editors.transfer.engine import TransferEditor
from editcore.editors.transfer.load import load_model, save_model
from editcore.editors.transfer.model import Attention, TransferModel
from editcore.editors.transfer.panels import Layout
from editcore.editors.transfer.words import TextEncoder
from editcore.studio.groups import PIXELS
from editcore.training.autoencoder import LATENT_CHANNELS
from editcore.training.begun import BegunOtherwise
from editcore.training.loop import Budget, train
from editcore.training.transfer import compare, lora
from editcore.training.transfer.grids import write_grid
from editcore.training.transfer.lora import FILE, LoraJob
from editcore.training.transfer.pairs import read_pairs, split
from editcore.training.transfer.tune import Tuning, tune
from flows.train import app


def start(folder: Path, layout: Layout = "stack", attention: Attention = "causal") -> Path:
    """A transformer that was never trained."""
    torch.manual_seed(0)
    encoder = TextEncoder(SHARED)
    transformer = FluxTransformer2DModel(
        patch_size=1, in_channels=4 * LATENT_CHANNELS, num_layers=1, num_single_layers=1, attention_head_dim=16,
        num_attention_heads=2, joint_attention_dim=encoder.width, pooled_projection_dim=encoder.width,
        guidance_embeds=False, axes_dims_rope=(4, 6, 6),
    )  # fmt: skip
    save_model(TransferModel(transformer, encoder.silence, 16, layout, attention), folder)
    return folder


def pair(
    number: int, after: tuple[int, int, int] = (30, 50, 200), side: int = PIXELS
) -> tuple[np.ndarray, np.ndarray]:
    """A square on a wall, and the same square in another colour."""
    rng = np.random.default_rng(number)
    wall, was = rng.integers(90, 250, 3), rng.integers(0, 120, 3)
    high, left = rng.integers(side // 8, side // 3, 2)
    pictures = []
    for colour in (was, after):
        picture = np.broadcast_to(wall, (side, side, 3)).astype(np.uint8).copy()
        picture[high : high + side // 2, left : left + side // 2] = colour
        pictures.append(picture)
    return pictures[0], pictures[1]


def folders(place: Path, count: int = 4) -> Path:
    for part in ("before", "after"):
        (place / part).mkdir(parents=True)
    for number in range(count):
        for part, picture in zip(("before", "after"), pair(number), strict=True):
            Image.fromarray(picture).save(place / part / f"mug-{number}.png")
    return place


@pytest.fixture(scope="module")
def base(tmp_path_factory) -> Path:
    return start(tmp_path_factory.mktemp("base"))


@pytest.fixture(scope="module")
def tuned(base, tmp_path_factory) -> Iterator[Tuning]:
    """A run of a few steps that is done."""
    place = tmp_path_factory.mktemp("tuned")
    asked = Tuning(
        str(folders(place / "make it navy")), place / "out", start=base, minutes=5, steps=3, rank=4, workers=1
    )
    with pytest.MonkeyPatch.context() as quick:
        quick.setattr(compare, "STEPS", 2)
        quick.setattr(lora, "EVALUATION_STEPS", 2)
        tune(asked)
        yield asked


def test_grids_a_table_and_folders_give_the_same_groups(tmp_path) -> None:
    pairs = [pair(number) for number in range(4)]
    (tmp_path / "grids").mkdir()
    for n in (0, 2):
        write_grid(str(tmp_path / "grids"), f"{n:04d}", *pairs[n], *pairs[n + 1], "make it navy")
    place = folders(tmp_path / "make it navy")
    edit = "make it navy"
    rows = [
        {"before": f"{edit}/before/mug-{n}.png", "after": f"{edit}/after/mug-{n}.png", "edit": edit}
        for n in range(4)
    ]
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "pairs.parquet")
    sources = [str(tmp_path / "grids"), str(tmp_path / "pairs.parquet"), str(place)]
    (grids,), (table,), (own,) = (read_pairs(source)[0] for source in sources)
    assert grids.words == table.words == own.words == ("make it navy",)
    assert np.array_equal(grids.pictures, table.pictures) and np.array_equal(table.pictures, own.pictures)
    assert own.products[1] == "before/mug-1.png"
    (renamed,) = read_pairs(str(place), "turn it blue")[0]
    assert renamed.words == ("turn it blue",)


def test_folders_of_several_edits_and_what_cannot_be_used(tmp_path) -> None:
    navy, alone = folders(tmp_path / "make it navy", 3), folders(tmp_path / "add a lid", 1)
    Image.fromarray(pair(9)[0]).save(navy / "before" / "lonely.png")
    (navy / "before" / "broken.jpg").write_bytes(b"no picture")
    (navy / "after" / "broken.jpg").write_bytes(b"no picture")
    for part in ("before", "after"):
        Image.fromarray(pair(8)[0]).save(navy / part / "same.png")
    groups, problems = read_pairs(str(tmp_path))
    assert [(group.words, len(group.pictures)) for group in groups] == [(("make it navy",), 3)]
    assert {problem.name: problem.code for problem in problems} == {
        "add a lid/before/mug-0.png": "one_pair", "make it navy/before/broken.jpg": "not_an_image",
        "make it navy/before/lonely.png": "not_found", "make it navy/before/same.png": "pair_same",
    }  # fmt: skip
    with pytest.raises(ValueError, match="two pairs of one edit"):
        read_pairs(str(alone))
    with pytest.raises(FileNotFoundError):
        read_pairs(str(tmp_path / "nowhere"))


def test_the_last_pair_of_an_edit_with_three_is_never_trained_on(tmp_path) -> None:
    groups = read_pairs(str(folders(tmp_path / "navy")))[0]
    trained, measured = split(groups)
    assert (trained.held_out, len(trained.pictures)) == (False, 3)
    assert measured.held_out and measured.products == groups[0].products[-2:]
    assert groups[0].products[-1] not in trained.products
    assert split(groups, hold_out=False) == groups
    two = read_pairs(str(folders(tmp_path / "red", 2)))[0]
    assert split(two) == two


@pytest.mark.parametrize(("layout", "attention"), [("stack", "causal"), ("grid", "full")])
def test_only_the_adapter_learns_and_every_linear_layer_of_the_blocks_has_one(
    layout, attention, tuned, tmp_path
) -> None:
    place = start(tmp_path / "base", layout, attention)
    job = LoraJob((tuned.output / "store",), SHARED, tmp_path / "out", start=place, rank=4, pairs=2, told=1.0)
    model = job.build()
    assert (model.layout, model.attention) == (layout, attention)
    untouched = {n: p.clone() for n, p in model.named_parameters() if not p.requires_grad}
    loss = job.loss(model, next(job.batches(0, 0)), 0.0)["loss"]
    loss.backward()
    assert torch.isfinite(loss)
    trained = {n: p for n, p in model.named_parameters() if p.requires_grad}
    linear = [
        name for name, layer in load_model(place, SHARED).transformer.named_modules()
        if isinstance(layer, nn.Linear) and "transformer_blocks" in name
    ]  # fmt: skip
    assert len(trained) == 2 * len(linear) and all("lora_" in name for name in trained)
    assert all(p.grad is not None for n, p in trained.items() if "lora_B" in n)
    assert sum(float(p.grad.abs().sum()) > 0 for n, p in trained.items() if "lora_B" in n) > len(linear) // 2
    assert untouched.keys().isdisjoint(trained)
    assert job.evaluate(model)["of_copy"] > 0


def test_a_few_pairs_are_learnt(tuned, base, tmp_path) -> None:
    """Not well, by a random transformer in a second, but the loss on the same noise falls."""
    job = LoraJob((tuned.output / "store",), SHARED, tmp_path / "out", start=base, pairs=2, peak_lr=3e-2)
    batch = next(job.batches(0, 0))

    def measured(model: nn.Module) -> float:
        torch.manual_seed(1)
        with torch.no_grad():
            return sum(job.loss(model, batch, 0.0)["loss"].item() for _ in range(3))

    model = job.build()
    before = measured(model)
    optimizer = torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], lr=job.peak_lr)
    for _ in range(12):
        job.loss(model, batch, 0.0)["loss"].backward()
        optimizer.step()
        optimizer.zero_grad()
    assert measured(model) < 0.95 * before


def test_the_file_is_diffusers_own_and_loads_as_it_was_trained(tuned, base) -> None:
    file = tuned.output / FILE
    weights = load_file(file)
    key = "transformer.transformer_blocks.0.attn.to_q.lora_A.weight"
    assert weights[key].shape == (4, 32) and all(name.startswith("transformer.") for name in weights)
    transformer = FluxTransformer2DModel.from_pretrained(base)
    transformer.load_lora_adapter(tuned.output, weight_name=FILE)
    merged = load_painter(base, SHARED, adapters={str(file): 1.0}).model.transformer
    transformer.fuse_lora()
    transformer.unload_lora()
    for name, weight in merged.state_dict().items():
        torch.testing.assert_close(
            weight, transformer.state_dict()[name].float(), atol=2e-3, rtol=1e-2, msg=name
        )


def test_the_comparison_lies_beside_the_adapter(tuned) -> None:
    figures = json.loads((tuned.output / "comparison.json").read_text())
    assert figures["held_out"] and [row["pair"] for row in figures["pairs"]] == ["before/mug-3.png"]
    assert figures["of_copy"]["after"] == pytest.approx(figures["after"] / figures["copy"], abs=1e-2)
    with Image.open(tuned.output / "pictures.png") as sheet:
        assert sheet.width == 6 * 128
    assert json.loads((tuned.output / "training.json").read_text())["steps"] == 3
    assert json.loads((tuned.output / "left_out.json").read_text()) == []


def test_a_rerun_goes_on_and_another_run_is_refused(tuned) -> None:
    first = load_file(tuned.output / FILE)
    tune(tuned)
    again = load_file(tuned.output / FILE)
    assert all(torch.equal(first[name], again[name]) for name in first | again)
    with pytest.raises(BegunOtherwise, match="other settings for rank"):
        tune(replace(tuned, rank=8))


def test_the_engine_takes_the_adapter_and_keeps_pairs_apart_by_it(tuned, base) -> None:
    file = str(tuned.output / FILE)
    plain, adapted, half = (
        TransferEditor(base, adapters=adapters, steps=1).painter.weights
        for adapters in ({}, {file: 1.0}, {file: 0.5})
    )
    assert len({plain, adapted, half}) == 3


@pytest.mark.parametrize("attention", ["causal", "full"])
def test_the_base_trains_with_either_attention(attention, tuned, tmp_path, monkeypatch) -> None:
    from editcore.training.transfer import job as module

    small = FluxTransformer2DModel.from_pretrained(tuned.start)
    monkeypatch.setattr(module, "build_transformer", lambda *sizes: small)
    job = module.TransferJob(
        (tuned.output / "store",),
        SHARED,
        tmp_path / "out",
        layout="grid",
        attention=attention,
        pairs=2,
        queries=2,
    )
    train(job, tmp_path / "run", Budget(60, steps=2, workers=1))
    loaded = load_model(tmp_path / "out", SHARED)
    assert (loaded.attention, loaded.layout) == (attention, "grid")
    assert "of_copy" in json.loads((tmp_path / "out" / "training.json").read_text())


def test_the_command_says_what_came_of_it_or_what_is_wrong(tuned, base, monkeypatch, tmp_path) -> None:
    from editcore.training.transfer import tune as module

    figures = json.loads((tuned.output / "comparison.json").read_text())
    asked = ["edit-transfer", "--pairs", tuned.pairs, "--output", str(tuned.output), "--start", str(base)]
    refused = CliRunner().invoke(app, [*asked, "--workers", "1"])
    assert refused.exit_code == 2 and "other settings for rank" in refused.output
    absent = CliRunner().invoke(app, [*asked[:-1], str(tmp_path)])
    assert absent.exit_code == 2 and "vitrine train stage transfer" in absent.output

    def done(tuning: Tuning) -> module.Tuned:
        assert (tuning.minutes, tuning.hold_out, tuning.start) == (2, False, base)
        problem = module.Problem("before/x.png", "truncated", "The file ends too early.")
        return module.Tuned(
            tuning.output / FILE, figures | {"of_copy": {"before": 0.9, "after": 0.4}}, [problem]
        )

    monkeypatch.setattr(module, "tune", done)
    good = CliRunner().invoke(app, [*asked, "--minutes", "2", "--all-pairs"], catch_exceptions=False)
    assert good.exit_code == 0
    assert "left out before/x.png: The file ends too early." in good.output
    assert "0.90 before tuning, 0.40 after" in good.output and "did not help" not in good.output
    assert "did not help" in compare.verdict(figures | {"of_copy": {"before": 0.9, "after": 0.89}})
    assert "would be nearer" in compare.verdict(figures | {"of_copy": {"before": 1.6, "after": 1.2}})
