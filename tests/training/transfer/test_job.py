"""Training of the four-panel transformer: batches from groups, the loss, and going on from a saved model."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from diffusers import AutoencoderDC

from editcore.editors.bundled import BUNDLED
from editcore.editors.transfer.load import load_model
from editcore.studio.groups import Made
from editcore.training.loop import Budget, train
from editcore.training.transfer import job as transfer_job
from editcore.training.transfer.draws import Group, draw
from editcore.training.transfer.job import UNCHANGED_WEIGHT, TransferJob, change_weight, transfer_losses
from editcore.training.transfer.store import write_groups

GROUP = Group(np.arange(24).reshape(6, 4), ("do a", "do b"), ("a", "b"))


@pytest.fixture(scope="module")
def store(tmp_path_factory) -> Path:
    """Latents of noise: four groups to train on, one of them of two changes, and two held out."""
    folder, rng = tmp_path_factory.mktemp("store"), np.random.default_rng(0)
    kinds = [("recolour",), ("scale",), ("recolour", "scale"), ("recolour",), ("recolour",)]
    shapes = [(6, 2), (5, 2), (4, 4), (3, 2), (3, 2)]
    write_groups(
        folder,
        (
            Made(kind, tuple(f"do {k}" for k in kind), ("mug",) * shape[0],
                 rng.integers(0, 255, (*shape, 3, 128, 128), dtype=np.uint8), held_out=number > 2)
            for number, (kind, shape) in enumerate(zip(kinds, shapes, strict=True))
        ),
    )  # fmt: skip
    count = sum(a * b for a, b in shapes)
    config = AutoencoderDC.load_config(str(BUNDLED / "vae"))
    np.save(
        folder / "latents.npy", rng.normal(size=(count, config["latent_channels"], 16, 16)).astype(np.float16)
    )
    AutoencoderDC.from_config(config).save_config(folder / "autoencoder")
    return folder


def job(store: Path, output: Path, **more) -> TransferJob:
    return TransferJob((store,), BUNDLED, output, pairs=2, queries=2, **more)


@pytest.mark.parametrize("seed", range(20))
def test_a_sample_shows_one_member_and_asks_others(seed) -> None:
    sample = draw(GROUP, 3, composed=False, rng=np.random.default_rng(seed))
    ((before, after),) = sample.pairs
    change = after - before
    assert before // 4 == after // 4
    assert change in (1, 2, 3)
    for query, target in sample.queries:
        assert query // 4 == target // 4 != before // 4
        assert target - query == change
    assert sample.words == {1: "do a", 2: "do b", 3: "do a and do b"}[change]


def test_a_composed_sample_shows_each_change_once() -> None:
    sample = draw(GROUP, 2, composed=True, rng=np.random.default_rng(0))
    assert sorted(after - before for before, after in sample.pairs) == [1, 2]
    members = {before // 4 for before, _ in sample.pairs}
    assert all(target - query == 3 and query // 4 not in members for query, target in sample.queries)


def test_groups_too_small_for_a_sample_are_refused() -> None:
    with pytest.raises(ValueError, match="members"):
        draw(
            Group(np.arange(4).reshape(2, 2), ("a",), ("a",)), 1, composed=True, rng=np.random.default_rng(0)
        )


def test_what_an_edit_leaves_weighs_less() -> None:
    query = torch.zeros(1, 16, 8, 8)
    target = query.clone()
    target[:, :, 2, 2] = 1
    weight = change_weight(query, target)
    assert weight[0, 0, 1:4, 1:4].min() == 1
    assert weight[0, 0, 5, 5] == pytest.approx(UNCHANGED_WEIGHT)


@pytest.mark.parametrize("attention", ["causal", "full"])
def test_training_lowers_the_loss_and_goes_on_from_what_it_saved(store, tmp_path, attention) -> None:
    one = job(store, tmp_path / "model", attention=attention, composed=0.0, told=0.0)
    module, batch = one.build(), next(one.batches(0, 0))
    noise = torch.randn(batch.target.shape, generator=torch.Generator().manual_seed(0))
    t = torch.full((len(noise),), 0.5)
    optimizer = torch.optim.AdamW(module.parameters(), 1e-3)
    losses = []
    for _ in range(12):
        optimizer.zero_grad()
        loss = transfer_losses(module, batch, t, noise)["loss"]
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < 0.8 * losses[0]
    one.save(module, {"steps": 12})
    saved = load_model(tmp_path / "model", BUNDLED)
    assert saved.attention == attention
    assert (saved.gist is not None) == (attention == "causal")
    again = job(store, tmp_path / "more", attention=attention, start=tmp_path / "model").build()
    assert transfer_losses(again, batch, t, noise)["loss"].item() == pytest.approx(
        transfer_losses(module, batch, t, noise)["loss"].item(), rel=0.02
    )


def test_a_pair_comes_to_say_what_its_words_would(store, tmp_path) -> None:
    one = job(store, tmp_path / "model", composed=0.0, told=0.0)
    module, batch = one.build(), next(one.batches(0, 0))
    noise, t = torch.randn_like(batch.target), torch.ones(len(batch.target))
    optimizer = torch.optim.AdamW(module.parameters(), 1e-3)
    named = []
    for _ in range(8):
        optimizer.zero_grad()
        losses = transfer_losses(module, batch, t, noise, naming=1.0)
        losses["loss"].backward()
        optimizer.step()
        named.append(losses["naming"].item())
    assert losses["loss"].item() == pytest.approx((losses["painting"] + losses["naming"]).item())
    assert named[-1] < 0.8 * named[0]


def test_a_run_of_the_loop_writes_a_model_and_figures(store, tmp_path, capsys, monkeypatch) -> None:
    monkeypatch.setattr(transfer_job, "EVALUATION_SAMPLES", 4)
    train(
        job(store, tmp_path / "model", composed=0.5, told=0.5),
        tmp_path / "run",
        Budget(60, steps=2, workers=1),
    )
    first, *_ = capsys.readouterr().out.splitlines()
    assert first.endswith("of_copy=1")  # training starts from copying
    assert (tmp_path / "model" / "training.json").exists()
    assert load_model(tmp_path / "model", BUNDLED).doubled
