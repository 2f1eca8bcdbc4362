"""CLIP scores with a tiny model saved by the function that training uses, and with made-up vectors."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from open_clip.model import CLIP
from tokenizers import Tokenizer, models, pre_tokenizers, processors
from transformers import PreTrainedTokenizerFast

from editcore.scoring.clip import CONFIG, WEIGHTS, Clip, ScorerMissing, direction, save_scorer

WORDS = ["<end>", "<start>", "<unk>", "a", "red", "blue", "green", "mug", "product"]
TINY: dict[str, Any] = {
    "embed_dim": 16,
    "vision_cfg": {"image_size": 32, "layers": 1, "width": 32, "head_width": 16, "patch_size": 16},
    "text_cfg": {
        "context_length": 8,
        "vocab_size": 9,
        "width": 32,
        "heads": 2,
        "layers": 1,
        "pool_type": "last",
    },
}


def save_tokenizer(folder: Path) -> None:
    tokenizer = Tokenizer(models.WordLevel({word: i for i, word in enumerate(WORDS)}, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<start> $A <end>", special_tokens=[("<start>", 1), ("<end>", 0)]
    )
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        bos_token="<start>",
        eos_token="<end>",
        pad_token="<end>",
        unk_token="<unk>",
    ).save_pretrained(folder)


@pytest.fixture(scope="module")
def model() -> CLIP:
    torch.manual_seed(0)
    return CLIP(**TINY).eval()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, model: CLIP) -> Path:
    tokenizer, folder = tmp_path_factory.mktemp("tokenizer"), tmp_path_factory.mktemp("scorer")
    save_tokenizer(tokenizer)
    save_scorer(model, tokenizer, TINY, folder)
    return folder


def plain(rgb: tuple[int, int, int]) -> np.ndarray:
    return np.full((40, 48, 3), rgb, np.uint8)


def test_a_saved_scorer_is_a_small_safe_folder(folder: Path) -> None:
    names = {file.name for file in folder.iterdir()}
    assert {CONFIG, WEIGHTS, "tokenizer.json", "tokenizer_config.json"} <= names
    assert not [name for name in names if name.endswith((".bin", ".pt", ".pth", ".pkl"))]
    parameters = sum(p.numel() for p in CLIP(**TINY).parameters())
    assert (folder / WEIGHTS).stat().st_size < 2 * parameters + 20_000  # float16


def test_it_loads_offline_and_computes_what_the_trained_model_did(
    folder: Path, model: CLIP, monkeypatch: pytest.MonkeyPatch
) -> None:
    import socket

    def refuse(*_: object) -> None:
        raise AssertionError("the network was asked")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    clip = Clip(folder)
    picture = plain((200, 30, 30))
    tensor = (
        torch.full((1, 3, 32, 32), 1.0) * torch.tensor([200, 30, 30])[None, :, None, None] / 255 - 0.5
    ) / 0.5
    tokens = torch.tensor([[1, 3, 4, 7, 0, 0, 0, 0]])
    with torch.inference_mode():
        image = model.encode_image(tensor, normalize=True).numpy()
        text = model.encode_text(tokens, normalize=True).numpy()
    assert np.allclose(clip.images([picture]), image, atol=5e-3)
    assert np.allclose(clip.texts(["a red mug"]), text, atol=5e-3)
    assert clip.name.startswith("open_clip:")


def test_scores_are_columns_per_edit(folder: Path) -> None:
    clip = Clip(folder)
    red, blue = plain((200, 30, 30)), plain((30, 30, 200))
    changed, same = clip.score([red, red], [blue, red], ["a red mug"] * 2, ["a blue mug"] * 2)
    assert same["clip_image"] == pytest.approx(1, abs=1e-4) and changed["clip_image"] < 0.999
    assert same["clip_direction"] == 0.0 and -1 <= changed["clip_direction"] <= 1
    assert changed["clip_text"] != same["clip_text"]
    assert clip.score([], [], [], []) == []


def test_direction_rewards_the_asked_way_and_punishes_the_other() -> None:
    rng = np.random.default_rng(0)
    unit = lambda x: (x / np.linalg.norm(x, axis=1, keepdims=True)).astype(np.float32)  # noqa: E731
    was, source = unit(rng.normal(size=(5, 16))), unit(rng.normal(size=(5, 16)))
    way = rng.normal(size=(5, 16)) * 0.1
    target = source + way
    now = was + np.array([1, 0.5, -1, 0, 1])[:, None] * way
    now[1] += rng.normal(size=16) * 0.1  # half the way, with a detour
    target[4] = source[4]
    right, detour, wrong, unmoved, unasked = direction(was, now, source, target)
    assert right == pytest.approx(1, abs=1e-4) and wrong == pytest.approx(-1, abs=1e-4)
    assert wrong < 0 < detour < right
    assert unmoved == 0.0 and unasked is None


def test_random_or_missing_weights_are_never_used(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(ScorerMissing, match=CONFIG):
        Clip(tmp_path)
    (tmp_path / CONFIG).write_text(json.dumps({"model_cfg": TINY}))
    with pytest.raises(ScorerMissing, match=WEIGHTS):
        Clip(tmp_path)
    with pytest.raises(ScorerMissing, match="neither"):
        Clip("no-such-model")
    with pytest.raises(ScorerMissing, match="random"):
        Clip("ViT-B-32")
