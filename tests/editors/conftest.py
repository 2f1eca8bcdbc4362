"""A bundled-editor folder with random weights of the real classes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from diffusers import FlowMatchEulerDiscreteScheduler

from editcore.editors.pipeline import LocalEditPipeline
from editcore.training.autoencoder import build_autoencoder
from editcore.training.editor import build_unet
from editcore.training.words import build_text_encoder, train_tokenizer

KNOWN = ["make", "the", "mug", "navy", "red", "on", "walnut", "wood", "beige", "studio", "background"]


@pytest.fixture(scope="session")
def random_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.manual_seed(0)
    folder = tmp_path_factory.mktemp("random-editor")
    tokenizer = train_tokenizer([" ".join(KNOWN)] * 4, vocabulary=300)
    LocalEditPipeline(
        vae=build_autoencoder(),
        text_encoder=build_text_encoder(len(tokenizer)),
        tokenizer=tokenizer,
        unet=build_unet(),
        scheduler=FlowMatchEulerDiscreteScheduler(),
    ).save_pretrained(folder)
    (folder / "words.json").write_text(json.dumps(KNOWN))
    return folder
