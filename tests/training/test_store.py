"""Stores of exact edits: what is written is what the jobs read."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
import torch

from editcore.training import store
from editcore.training.autoencoder import LATENT_CHANNELS, build_autoencoder
from editcore.training.editor import ExampleStore, _Examples
from editcore.training.scorer import _Captions
from editcore.training.words import train_tokenizer


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("store")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(store, "HELD_OUT_SPECIMENS", 1)
        patch.setattr(store, "EDITS_PER_BASE", 3)
        patch.setattr(store, "ProcessPoolExecutor", _Here)
        store.build_store(path, 2, seed=11)
    torch.manual_seed(0)
    autoencoder = build_autoencoder()
    autoencoder.register_to_config(scaling_factor=0.5)
    autoencoder.save_pretrained(path / "trained")
    store.encode_store(path, path / "trained")
    return path


class _Here:
    """A pool that works in this process."""

    def __init__(self, *_: object, **__: object) -> None: ...
    def __enter__(self) -> _Here:
        return self

    def __exit__(self, *_: object) -> None: ...
    def map(self, function, items, chunksize=1):  # type: ignore[no-untyped-def]
        return map(function, items)


def test_rows_point_at_each_other(folder: Path) -> None:
    latents, regions, examples = ExampleStore(folder).load()
    pictures = np.load(folder / "pictures.npy", mmap_mode="r")
    assert len(latents) == len(pictures) == len(np.load(folder / "attributes.npy"))
    assert max(examples["target"]) < len(pictures)
    assert examples["region"] == list(range(len(regions)))
    assert sorted(set(examples["held_out"])) == [False, True]


def test_source_and_target_agree_outside_the_region(folder: Path) -> None:
    _, regions, examples = ExampleStore(folder).load()
    pictures = np.load(folder / "pictures.npy").astype(int)
    checked = 0
    for i, kind in enumerate(examples["kind"]):
        if kind in ("recolour", "material"):
            source, target = pictures[examples["source"][i]], pictures[examples["target"][i]]
            outside = np.kron(regions[examples["region"][i]] == 0, np.ones((8, 8))).astype(bool)
            changed = (source != target).any(0) & outside
            assert changed.sum() < 0.08 * outside.sum(), (
                "only a reflection in a glossy floor may follow the product"
            )
            assert not np.array_equal(source, target)
            checked += 1
    assert checked


def test_batches_have_scaled_latents_and_words(folder: Path) -> None:
    tokenizer = train_tokenizer(store.store_texts(folder), 400)
    data = _Examples(ExampleStore(folder), tokenizer, held_out=False)
    rng = np.random.default_rng(0)
    source, target, region, tokens = data.batch(np.arange(len(data)), rng, no_words=0.0)
    assert source.shape == target.shape == (len(data), LATENT_CHANNELS, 16, 16)
    assert region.shape == (len(data), 1, 16, 16) and 0 < region.mean() < 1
    raw = np.load(folder / "latents.npy")[data.target[data.rows]].astype(np.float32)
    assert np.allclose(target.numpy(), raw * 0.5)
    silent = data.batch(np.arange(len(data)), rng, no_words=1.0)[3]
    assert len(torch.unique(silent, dim=0)) == 1
    assert not torch.equal(silent, tokens)


def test_a_text_is_true_of_its_own_picture(folder: Path) -> None:
    tokenizer = train_tokenizer(store.store_texts(folder), 400)
    captions = _Captions(folder, tokenizer)
    shown = np.unique(pq.read_table(folder / "captions.parquet")["picture"].to_numpy())
    assert captions.count == len(shown)
    _, _, has, says = captions.batch(np.arange(captions.count), np.random.default_rng(0))
    truth = ((says[None] == -1) | (says[None] == has[:, None])).all(-1)
    assert truth.diagonal().all()
    assert not truth.all(), "a text that is true of everything would teach nothing"
