"""Training of the bundled editor on exact edits, in latent space.

Flow matching (Lipman et al. 2022, arXiv 2210.02747; Liu et al. 2022): x_s = (1 - s) x_0 + s noise, and the network
predicts noise - x_0 from x_s, the source latent, the region and the words. s is logit-normal (Esser et al. 2024,
arXiv 2403.03206, eq. 19), or 1 for a share of the examples. The error counts in full inside the dilated region and a
tenth outside, where the compositor keeps the source's pixels anyway.

Legend: B batch, C latent channels, h/w latent rows/columns, T tokens.
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
from diffusers import AutoencoderDC, FlowMatchEulerDiscreteScheduler, UNet2DConditionModel
from diffusers.models.attention_processor import AttnProcessor
from torch import Tensor, nn
from transformers import CLIPTextModel, PreTrainedTokenizerFast

from editcore.editors.pipeline import LocalEditPipeline
from editcore.training.autoencoder import LATENT_CHANNELS
from editcore.training.words import MAX_TOKENS, TEXT_WIDTH, build_text_encoder

LATENT_SIDE = 16
OUTSIDE_WEIGHT = 0.1
Batch = tuple[Tensor, Tensor, Tensor, Tensor]


def build_unet(latent_channels: int = LATENT_CHANNELS) -> UNet2DConditionModel:
    """7.9 M parameters. Attention only at 8 x 8: at 16 x 16 it tripled the cost of a step on a CPU."""
    unet = UNet2DConditionModel(
        sample_size=LATENT_SIDE,
        in_channels=2 * latent_channels + 1,
        out_channels=latent_channels,
        block_out_channels=(96, 128, 160),
        layers_per_block=1,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D", "DownBlock2D"),
        up_block_types=("UpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
        mid_block_type="UNetMidBlock2DCrossAttn",
        cross_attention_dim=TEXT_WIDTH,
        attention_head_dim=(4, 4, 5),
        norm_num_groups=16,
    )
    unet.set_attn_processor(AttnProcessor())  # SDPA's backward pass is slower than bmm at this size
    return unet


@dataclass(frozen=True)
class ExampleStore:
    """A folder of encoded edits, memory-mapped (see ``training/store.py`` for who writes it).

    ``latents.npy`` (N, C, 16, 16) float16; ``regions.npy`` (M, 16, 16) uint8; ``examples.parquet`` with columns
    source, target (rows of latents), region (row of regions), kind, words (list of strings), held_out (bool).
    """

    folder: Path

    def load(self) -> tuple[np.ndarray, np.ndarray, dict[str, list[Any]]]:
        examples = pq.read_table(self.folder / "examples.parquet").to_pydict()
        latents = np.load(self.folder / "latents.npy", mmap_mode="r")
        return latents, np.load(self.folder / "regions.npy", mmap_mode="r"), examples


@dataclass(frozen=True)
class EditorJob:
    """Train UNet and text encoder together on one or several example stores."""

    stores: tuple[Path, ...]
    autoencoder: Path
    tokenizer: Path
    output: Path
    start: Path | None = None
    """A trained editor's folder whose UNet and text encoder to go on from (see ``grow.py`` for more channels)."""
    batch_size: int = 32
    peak_lr: float = 1.2e-3
    no_words: float = 0.1
    """Share of examples trained without words, for classifier-free guidance."""
    noise_alone: float = 0.0
    """Share of examples at s = 1, where sampling in one or two steps begins."""
    frozen_words: bool = False
    """Leave the text encoder as it is: Edit Transfer was trained on what it says."""

    def build(self) -> nn.Module:
        vocabulary = len(PreTrainedTokenizerFast.from_pretrained(self.tokenizer))
        channels = AutoencoderDC.load_config(self.autoencoder)["latent_channels"]
        module = nn.ModuleDict({"unet": build_unet(channels), "text_encoder": build_text_encoder(vocabulary)})
        if self.start:
            for name, kind in (("unet", UNet2DConditionModel), ("text_encoder", CLIPTextModel)):
                module[name].load_state_dict(kind.from_pretrained(self.start / name).state_dict())
        module["text_encoder"].requires_grad_(not self.frozen_words)
        return module

    def batches(self, rank: int, seed: int) -> Iterator[Batch]:
        rng = np.random.default_rng([seed, rank, 7])
        stores = [_Examples(ExampleStore(s), self._tokenizer(), held_out=False) for s in self.stores]
        sizes = np.array([len(s) for s in stores], dtype=float)
        while True:
            store = stores[rng.choice(len(stores), p=sizes / sizes.sum())]
            yield store.batch(rng.integers(0, len(store), self.batch_size), rng, self.no_words)

    def loss(self, module: nn.Module, batch: Batch, share: float) -> Tensor:
        s = torch.sigmoid(torch.randn(len(batch[0])) + 0.3)
        s = torch.where(torch.rand(len(s)) < self.noise_alone, torch.ones_like(s), s)
        return flow_loss(module, batch, s, torch.randn_like(batch[1]))

    def evaluate(self, module: nn.Module) -> dict[str, float]:
        """Flow loss on held-out objects at fixed noise levels, and from noise alone: comparable over time and runs."""
        store = _Examples(ExampleStore(self.stores[0]), self._tokenizer(), held_out=True)
        rng, generator = np.random.default_rng(5), torch.Generator().manual_seed(5)
        batch = store.batch(np.arange(min(256, len(store))), rng, 0.0)
        s = torch.rand(len(batch[0]), generator=generator)
        noise = torch.randn(batch[1].shape, generator=generator)
        levels = {"held_out": s, "from_noise": torch.ones_like(s)}
        return {name: flow_loss(module, batch, level, noise).item() for name, level in levels.items()}

    def save(self, module: nn.Module, facts: dict[str, Any]) -> None:
        """Write the whole pipeline as one diffusers folder in half precision."""
        unet, text_encoder = module["unet"], module["text_encoder"]  # type: ignore[index]
        pipeline = LocalEditPipeline(
            vae=AutoencoderDC.from_pretrained(self.autoencoder),
            text_encoder=text_encoder,
            tokenizer=self._tokenizer(),
            unet=unet,
            scheduler=FlowMatchEulerDiscreteScheduler(),
        )
        precision = {name: p.dtype for name, p in module.named_parameters()}
        pipeline.to(dtype=torch.float16)
        pipeline.save_pretrained(self.output)
        module.to(dtype=next(iter(precision.values())))
        (self.output / "training.json").write_text(json.dumps(facts, indent=2))

    def _tokenizer(self) -> PreTrainedTokenizerFast:
        return PreTrainedTokenizerFast.from_pretrained(self.tokenizer)


def flow_loss(module: nn.Module, batch: Batch, s_B: Tensor, noise: Tensor) -> Tensor:
    """Region-weighted velocity error, averaged so that small regions count as much as large ones."""
    source, target, region, tokens = batch
    s = s_B.view(-1, 1, 1, 1)
    noisy = (1 - s) * target + s * noise
    with torch.autocast("cpu", torch.bfloat16):
        states = module["text_encoder"](tokens).last_hidden_state  # type: ignore[index]
        velocity = module["unet"](torch.cat([noisy, source, region], 1), s_B * 1000, states).sample  # type: ignore[index]
    weight = OUTSIDE_WEIGHT + (1 - OUTSIDE_WEIGHT) * F.max_pool2d(region, 3, 1, 1)
    error = (velocity.float() - (noise - target)).square() * weight
    return (error.mean(dim=(1, 2, 3)) / weight.mean(dim=(1, 2, 3))).mean()


class _Examples:
    """One store, with its words tokenised once."""

    def __init__(self, store: ExampleStore, tokenizer: PreTrainedTokenizerFast, held_out: bool) -> None:
        self.latents, self.regions, examples = store.load()
        self.rows = np.flatnonzero(np.array(examples["held_out"]) == held_out)
        self.source, self.target, self.region = (
            np.array(examples[k]) for k in ("source", "target", "region")
        )
        counts = [len(w) for w in examples["words"]]
        self.first_text = np.concatenate([[0], np.cumsum(counts)])
        texts = [text for variants in examples["words"] for text in variants]
        encoded = tokenizer(["", *texts], padding="max_length", truncation=True, max_length=MAX_TOKENS)
        self.tokens = np.array(encoded["input_ids"], dtype=np.int16)
        scale = AutoencoderDC.load_config(str(store.folder / "autoencoder"))["scaling_factor"]
        self.scale = float(scale)

    def __len__(self) -> int:
        return len(self.rows)

    def batch(self, index: np.ndarray, rng: np.random.Generator, no_words: float) -> Batch:
        rows = self.rows[index]
        variant = (
            rng.integers(self.first_text[rows], self.first_text[rows + 1]) + 1
        )  # row 0 is the empty text
        variant = np.where(rng.random(len(rows)) < no_words, 0, variant)
        pick = lambda ids: torch.from_numpy(self.latents[ids].astype(np.float32)) * self.scale  # noqa: E731
        region = torch.from_numpy(self.regions[self.region[rows]].astype(np.float32))[:, None] / 255
        tokens = torch.from_numpy(self.tokens[variant].astype(np.int64))
        return pick(self.source[rows]), pick(self.target[rows]), region, tokens
