"""Training of Edit Transfer on groups of exact edits, in latent space.

Rectified flow (Liu et al. 2022, arXiv 2209.03003) on the target panel only: z_t = (1 - t) x + t noise, the network
predicts noise - x from z_t and the clean panels (Chen et al. 2025, arXiv 2503.13327, section 3; ``transfer.model``
says what each panel sees). Training begins with noise alone (t = 1): a regression on what pair and query say, before
there is anything else to go by. Later a quarter of the targets has a logit-normal t (Esser et al. 2024, arXiv
2403.03206, eq. 19). Cells that the edit changes count in full, the others less: they are the query's own. The pair's
gist is held to the words' pooled embedding, so that a pair comes to say what its words would, in the same place.

Legend: B targets, P pairs, K pairs a sample, C latent channels, h/w latent rows/columns, N tokens, D text width.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, cast

import numpy as np
import torch
import torch.nn.functional as F
from diffusers import AutoencoderDC, FluxTransformer2DModel
from torch import Tensor, nn
from torch.nn.attention import SDPBackend, sdpa_kernel

from editcore.editors.transfer.load import read_model, save_model
from editcore.editors.transfer.model import Attention, TransferModel, Words, gist_layer
from editcore.editors.transfer.panels import Layout, pack, unpack
from editcore.editors.transfer.sample import Clean, paint
from editcore.editors.transfer.words import TextEncoder
from editcore.training.transfer.draws import Group, Sample, draw
from editcore.training.transfer.store import ChangeStore

LATENT_SIDE, PATCH = 16, 4
UNCHANGED_WEIGHT = 0.3
NOISE_ALONE = (1.0, 0.75)
"""Share of targets at t = 1 in the first half of the budget, and after it. Pair and query all but settle the answer.
With t drawn from all of (0, 1) training went to denoising what was nearly clean: after 65,000 samples the model was no
better than this one after 6,000 (docs/lab.md)."""
MOSTLY_NOISE = 1.0
"""Mean of the logit of the other targets' t."""
CHANGED = 0.15
"""Mean absolute difference of scaled latents at which a cell counts as changed."""
SMALLEST_CHANGE = 0.3
"""Root mean square, in scaled latents, of edits that count as small as any."""
EVALUATION_STEPS, EVALUATION_SAMPLES = 1, 128


class Batch(NamedTuple):
    """Scaled latents and what is said."""

    target: Tensor
    """(B, C, h, w)."""
    query: Tensor
    """(B, C, h, w)."""
    pairs: Tensor
    """(K, P, 2, C, h, w); B / P targets follow each pair, in order."""
    words: Words | None
    """None: this batch is told nothing."""
    named_PD: Tensor
    """Pooled embedding of the words for what each pair, or two, shows; told or not."""


def build_transformer(text_width: int, latent_channels: int) -> FluxTransformer2DModel:
    """5.2 M parameters: width 192, two double-stream and four single-stream blocks.

    Twice the channels in: see ``transfer.model``; it starts from copying, and training goes to the edits.
    """
    transformer = FluxTransformer2DModel(
        patch_size=1, in_channels=2 * PATCH * latent_channels, out_channels=PATCH * latent_channels,
        num_layers=2, num_single_layers=4, attention_head_dim=48, num_attention_heads=4,
        joint_attention_dim=text_width, pooled_projection_dim=text_width, guidance_embeds=False,
        axes_dims_rope=(16, 16, 16),
    )  # fmt: skip
    nn.init.zeros_(transformer.proj_out.weight)  # training starts from copying
    nn.init.zeros_(transformer.proj_out.bias)
    return transformer


@dataclass(frozen=True)
class TransferJob:
    """Train the transformer on one or several stores; the text encoder is the text editor's, frozen."""

    stores: tuple[Path, ...]
    text: Path
    """Folder with ``text_encoder`` and ``tokenizer``."""
    output: Path
    start: Path | None = None
    """A trained model's folder to go on from; it settles what panels see and where they lie."""
    layout: Layout = "stack"
    attention: Attention = "causal"
    pairs: int = 9
    """Pairs a batch."""
    queries: int = 2
    """Targets a pair. More cost less each; more pairs show more changes a step."""
    composed: float = 0.15
    """Share of batches with two pairs a sample."""
    told: float = 0.3
    """Share of batches with words."""
    naming: float = 0.2
    """Weight of the gist's error."""
    peak_lr: float = 2e-3

    def build(self) -> nn.Module:
        encoder = TextEncoder(self.text)
        if self.start:
            return read_model(self.start, encoder.silence)
        channels = AutoencoderDC.load_config(str(self.stores[0] / "autoencoder"))["latent_channels"]
        transformer = build_transformer(encoder.width, channels)
        gist = gist_layer(transformer) if self.attention == "causal" else None
        return TransferModel(transformer, encoder.silence, LATENT_SIDE, self.layout, self.attention, gist)

    def batches(self, rank: int, seed: int) -> Iterator[Batch]:
        rng = np.random.default_rng([seed, rank, 11])
        stores = [_Groups(ChangeStore(folder), self.text, held_out=False) for folder in self.stores]
        sizes = np.array([len(store.groups) for store in stores], dtype=float)
        while True:
            store = stores[rng.choice(len(stores), p=sizes / sizes.sum())]
            composed = bool(store.composable) and rng.random() < self.composed
            yield store.batch(self.pairs, self.queries, composed, rng.random() < self.told, rng)

    def loss(self, module: nn.Module, batch: Batch, share: float) -> dict[str, Tensor]:
        t = torch.sigmoid(torch.randn(len(batch.target)) + MOSTLY_NOISE)
        t[torch.rand(len(t)) < NOISE_ALONE[share >= 0.5]] = 1.0
        return transfer_losses(module, batch, t, torch.randn_like(batch.target), self.naming)

    def evaluate(self, module: nn.Module) -> dict[str, float]:
        """On held-out groups: the loss at fixed noise, and the error of painted targets against copying the query."""
        store = _Groups(ChangeStore(self.stores[0]), self.text, held_out=True)
        rng, generator = np.random.default_rng(5), torch.Generator().manual_seed(5)
        if not store.groups:
            return {}
        batch = store.batch(EVALUATION_SAMPLES, 1, False, False, rng)
        noise = torch.randn(batch.target.shape, generator=generator)
        losses = transfer_losses(module, batch, torch.ones(len(noise)), noise, self.naming)
        figures = {f"held_out_{name}": value.item() for name, value in losses.items()}
        before, after = batch.pairs[0, :, 0], batch.pairs[0, :, 1]
        painted = paint(
            cast(TransferModel, module), Clean([(before, after)], batch.query), noise, EVALUATION_STEPS
        )
        copied = (batch.query - batch.target).square().mean()
        return figures | {"of_copy": ((painted - batch.target).square().mean() / copied).sqrt().item()}

    def save(self, module: nn.Module, facts: dict[str, Any]) -> None:
        """Write the transformer, a byte a weight."""
        save_model(cast(TransferModel, module), self.output, compact=True)
        (self.output / "training.json").write_text(json.dumps(facts, indent=2) + "\n", "utf-8")


def transfer_losses(
    module: Any, batch: Batch, t_B: Tensor, noise: Tensor, naming: float = 0.0
) -> dict[str, Tensor]:
    """``painting``: velocity error on the target, weighted by whether the edit changes a cell, over the size of the
    edit: a new colour is as much to be learnt as a new room. ``naming``, if it has a weight and the model a gist: the
    gist's squared error as a share of the words'. ``loss``: what to minimise."""
    t = t_B.view(-1, 1, 1, 1)
    noisy = pack((1 - t) * batch.target + t * noise)
    # The flash kernel's backward pass is slower than plain matrices at this size on a CPU.
    with torch.autocast("cpu", torch.bfloat16), sdpa_kernel(SDPBackend.MATH):
        velocity, gist = predict(module, batch, noisy, t_B)
    error = (unpack(velocity.float(), *noise.shape[2:]) - (noise - batch.target)).square()
    if module.doubled:  # the error of the estimate itself
        error = error * t.square()
    weight = change_weight(batch.query, batch.target)
    mean = lambda x: (x * weight).mean(dim=(1, 2, 3)) / weight.mean(dim=(1, 2, 3))  # noqa: E731
    size = mean((batch.query - batch.target).square()).sqrt().clamp_min(SMALLEST_CHANGE)
    painting = (mean(error) / size).mean()
    if gist is None or not naming:
        return {"loss": painting}
    meant = batch.named_PD - module.silence.pooled_BD
    named = (gist.float() - meant).square().mean() / meant.square().mean()
    return {"loss": painting + naming * named, "painting": painting, "naming": named}


def predict(
    module: TransferModel, batch: Batch, noisy_BNP: Tensor, t_B: Tensor
) -> tuple[Tensor, Tensor | None]:
    """Velocity in tokens, and the gist of each pair or two (P, D) if the model reads it.

    Full attention sees the last pair only: the published layout has room for one.
    """
    queries = len(batch.target) // batch.pairs.shape[1]
    tokens = [[pack(panel) for panel in pair.unbind(1)] for pair in batch.pairs]
    if module.attention == "full":
        clean = [panel.repeat_interleave(queries, 0) for panel in tokens[-1]]
        return module.velocity_in_full(noisy_BNP, t_B, [*clean, pack(batch.query)], batch.words), None
    pairs = [module.pair(before, after) for before, after in tokens]
    seen = module.query(pack(batch.query), [pair.repeat(queries) for pair in pairs])
    gist = None if seen.gist_BD is None else seen.gist_BD[::queries]
    return module.velocity(noisy_BNP, t_B, seen, batch.words), gist


def change_weight(query_BChw: Tensor, target_BChw: Tensor) -> Tensor:
    """1 where the edit changes something and one cell around it, ``UNCHANGED_WEIGHT`` elsewhere, (B, 1, h, w)."""
    changed = (query_BChw - target_BChw).abs().mean(dim=1, keepdim=True) > CHANGED
    around = F.max_pool2d(changed.float(), 3, 1, 1)
    return UNCHANGED_WEIGHT + (1 - UNCHANGED_WEIGHT) * around


class _Groups:
    """Training or held-out groups of a store, with their words embedded once."""

    def __init__(self, store: ChangeStore, text: Path, held_out: bool) -> None:
        rows = [row for row in store.groups if row["held_out"] == held_out]
        self.groups = [
            Group(np.array(row["pictures"]), tuple(row["words"]), tuple(row["kinds"])) for row in rows
        ]
        self.composable = [n for n, group in enumerate(self.groups) if group.pictures.shape[1] == 4]
        self.latents = store.latents
        scale = AutoencoderDC.load_config(str(store.folder / "autoencoder"))["scaling_factor"]
        self.scale = float(scale)
        self.encoder = TextEncoder(text)
        self.said: dict[str, Words] = {}

    def batch(self, pairs: int, queries: int, composed: bool, told: bool, rng: np.random.Generator) -> Batch:
        among = self.composable if composed else range(len(self.groups))
        chosen = [self.groups[among[int(rng.integers(len(among)))]] for _ in range(pairs)]
        samples = [draw(group, queries, composed, rng) for group in chosen]
        ends = np.array([sample.queries for sample in samples]).reshape(-1, 2)
        shown = np.array([sample.pairs for sample in samples]).swapaxes(0, 1)
        return Batch(
            self._latents(ends[:, 1]), self._latents(ends[:, 0]), self._latents(shown),
            self._words(samples, queries) if told else None, self._words(samples, 1).pooled_BD,
        )  # fmt: skip

    def _latents(self, rows: np.ndarray) -> Tensor:
        return torch.from_numpy(self.latents[rows].astype(np.float32)) * self.scale

    def _words(self, samples: list[Sample], queries: int) -> Words:
        texts = [sample.words for sample in samples for _ in range(queries)]
        if new := sorted(set(texts) - self.said.keys()):
            self.said |= self.encoder.each(new)
        rows = [self.said[text] for text in texts]
        return Words(torch.cat([row.states_BLD for row in rows]), torch.cat([row.pooled_BD for row in rows]))
