"""Training of the bundled scorer: a small CLIP that reads colour, material, surface and kind off a picture.

Sigmoid loss with many positives (Zhai et al. 2023, arXiv 2303.15343, eq. 1): in a catalogue many captions of a
batch are true of many of its pictures ("a red object"), so a text is a positive for every picture that has all
attributes the text names. The batch's truth table comes from attribute ids, not from which caption belongs where.

In-domain by construction: it learns the studio's own captions, the same words the editor is trained with.

Legend: B pictures (and texts) of a batch, A attributes, T tokens.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import torch
import torch.nn.functional as F
from open_clip.model import CLIP
from torch import Tensor, nn
from transformers import PreTrainedTokenizerFast

from editcore.training.words import MAX_TOKENS

PIXELS = 128
UNNAMED = -1
"""In a text's attribute row: the text says nothing about this attribute."""
MEAN, STD = 0.5, 0.5
Batch = tuple[Tensor, Tensor, Tensor, Tensor]


def model_config(vocabulary: int) -> dict[str, Any]:
    """The open_clip model config: 3.2 M parameters."""
    return {
        "embed_dim": 128,
        "vision_cfg": {"image_size": PIXELS, "layers": 6, "width": 176, "head_width": 44, "patch_size": 16},
        "text_cfg": {
            "context_length": MAX_TOKENS, "vocab_size": vocabulary, "width": 128, "heads": 4, "layers": 3,
            "pad_id": 0, "pool_type": "last",
        },
        "init_logit_bias": -5.0,
    }  # fmt: skip


def build_scorer(vocabulary: int) -> CLIP:
    config = model_config(vocabulary)
    return CLIP(**config)


@dataclass(frozen=True)
class CaptionStore:
    """``pictures.npy`` (N, 3, 128, 128) uint8, ``attributes.npy`` (N, A) int16, and ``captions.parquet`` with
    columns picture (row), text, attributes (list of A ids, ``UNNAMED`` where the text is silent). The first
    ``held_out`` captioned pictures, of objects never trained on, are for evaluation."""

    folder: Path


@dataclass(frozen=True)
class ScorerJob:
    store: CaptionStore
    tokenizer: Path
    output: Path
    batch_size: int = 64
    peak_lr: float = 1e-3
    held_out: int = 512

    def build(self) -> nn.Module:
        return build_scorer(len(PreTrainedTokenizerFast.from_pretrained(self.tokenizer)))

    def batches(self, rank: int, seed: int) -> Iterator[Batch]:
        rng, data = np.random.default_rng([seed, rank, 11]), self._data()
        while True:
            yield data.batch(rng.integers(self.held_out, data.count, self.batch_size), rng)

    def loss(self, module: nn.Module, batch: Batch, share: float) -> Tensor:
        logits, truth = _logits(module, batch)
        signs = truth.float() * 2 - 1
        return -F.logsigmoid(signs * logits).sum() / len(logits)

    def evaluate(self, module: nn.Module) -> dict[str, float]:
        """Held-out pictures: average precision over the truth table, and top-1 that is true (chance shown)."""
        rng, data = np.random.default_rng(3), self._data()
        hits, chance = [], []
        for start in range(0, self.held_out, 64):
            logits, truth = _logits(module, data.batch(np.arange(start, min(start + 64, self.held_out)), rng))
            hits.append(truth.gather(1, logits.argmax(dim=1, keepdim=True)).float().mean().item())
            chance.append(truth.float().mean().item())
        return {"top1_true": float(np.mean(hits)), "chance": float(np.mean(chance))}

    def save(self, module: nn.Module, facts: dict[str, Any]) -> None:
        from editcore.scoring.clip import save_scorer

        vocabulary = len(PreTrainedTokenizerFast.from_pretrained(self.tokenizer))
        model = build_scorer(vocabulary)
        model.load_state_dict(module.state_dict())
        save_scorer(model, self.tokenizer, model_config(vocabulary), self.output)
        (self.output / "training.json").write_text(json.dumps(facts, indent=2))

    def _data(self) -> _Captions:
        return _Captions(self.store.folder, PreTrainedTokenizerFast.from_pretrained(self.tokenizer))


def _logits(module: Any, batch: Batch) -> tuple[Tensor, Tensor]:
    pictures, tokens, has_BA, says_BA = batch
    with torch.autocast("cpu", torch.bfloat16):
        image = module.encode_image(pictures, normalize=True)
        text = module.encode_text(tokens, normalize=True)
    logits = image.float() @ text.float().T * module.logit_scale.exp() + module.logit_bias
    truth = ((says_BA[None] == UNNAMED) | (says_BA[None] == has_BA[:, None])).all(dim=-1)
    return logits, truth


class _Captions:
    def __init__(self, folder: Path, tokenizer: PreTrainedTokenizerFast) -> None:
        self.pictures = np.load(folder / "pictures.npy", mmap_mode="r")
        self.attributes = np.load(folder / "attributes.npy")
        table = pq.read_table(folder / "captions.parquet").to_pydict()
        order = np.argsort(table["picture"], kind="stable")
        self.says = np.array(table["attributes"], dtype=np.int16)[order]
        encoded = tokenizer(table["text"], padding="max_length", truncation=True, max_length=MAX_TOKENS)
        self.tokens = np.array(encoded["input_ids"], dtype=np.int16)[order]
        captioned = np.array(table["picture"])[order]
        self.rows, first = np.unique(
            captioned, return_index=True
        )  # cut-outs and empty scenes have no captions
        self.first = np.append(first, len(captioned))

    @property
    def count(self) -> int:
        return len(self.rows)

    def batch(self, index: np.ndarray, rng: np.random.Generator) -> Batch:
        text = rng.integers(self.first[index], self.first[index + 1])
        rows = self.rows[index]
        pictures = torch.from_numpy(self.pictures[rows].astype(np.float32)) / 255
        as_tensor = lambda x: torch.from_numpy(x.astype(np.int64))  # noqa: E731
        return (
            (pictures - MEAN) / STD,
            as_tensor(self.tokens[text]),
            as_tensor(self.attributes[rows]),
            as_tensor(self.says[text]),
        )
