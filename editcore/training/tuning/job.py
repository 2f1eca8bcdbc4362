"""Tuning as a job of the house's training loop, and the call that runs it.

The output folder holds ``checkpoint.safetensors``, ``log.csv``, ``curves.png``, ``previews/0001.png`` ..., and in
the end ``adapter/`` or ``model/``, and ``tuning.json``: the configuration and the figures.
"""

from __future__ import annotations

import itertools
import json
import math
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from editcore.editors.backbones import Backbone
from editcore.editors.backbones.load import class_of, load_backbone
from editcore.scoring.clip import ScorerMissing
from editcore.training.begun import BegunOtherwise, begin
from editcore.training.loop import Budget, train
from editcore.training.pairs import Pair, PairStore
from editcore.training.pairs.composed import composed
from editcore.training.tuning.adapters import save_adapter, save_model
from editcore.training.tuning.config import TuningConfig, TuningError
from editcore.training.tuning.curves import draw_curves
from editcore.training.tuning.latents import Kept
from editcore.training.tuning.model import Tuned
from editcore.training.tuning.previews import draw_previews

ADAPTER, MODEL = "adapter", "model"
CHANGEABLE = (
    "output", "minutes", "steps", "evaluate_minutes", "previews", "latent_cache_gb", "device", "workers",
)  # fmt: skip
"""Settings that a resumed run may change."""
_NOTHING = np.zeros((0, 0), np.uint8)
NO_PICTURES: dict[str, Any] = dict.fromkeys(
    ("source", "target", "region", "source_mask", "target_mask"), _NOTHING
)


@dataclass(frozen=True)
class TuningJob:
    """See ``training.loop.Job``."""

    config: TuningConfig
    kept: dict[str, Kept] = field(default_factory=dict, compare=False)
    """Encoded pairs of this process (``Latents``)."""

    @property
    def peak_lr(self) -> float:
        return self.config.learning_rate

    def build(self) -> nn.Module:
        """The model with what is trained; TuningError if folder, adapter or losses do not fit."""
        try:
            return Tuned(self.backbone(), self.config, self.kept)
        except (ValueError, FileNotFoundError, ScorerMissing) as error:
            raise TuningError(str(error)) from error

    def backbone(self) -> Backbone:
        """The model of the configuration; frozen weights lie in its precision."""
        half = self.config.precision == "bf16" and self.config.method == "lora"
        return load_backbone(
            self.config.model,
            device(self.config),
            torch.bfloat16 if half else torch.float32,
            self.config.variant,
        )

    def batches(self, rank: int, seed: int) -> Iterator[list[Pair]]:
        """Endless batches of pairs that are not held out; each rank sees another order.

        Once every pair is encoded and kept, they come without pictures, and no file is read any more."""
        size, seeds = self.config.batch_size, random.Random(seed * 1009 + rank)
        light: list[Pair] = []
        while True:
            whole = light and all(pair.pair_id in self.kept for pair in light)
            if whole:
                rows = iter(seeds.sample(light, len(light)))
            else:
                order = PairStore(str(self.config.pairs)).epoch(seeds.randrange(2**31))
                taught = (pair for pair in order if not is_held_out(pair, self.config.held_out))
                rows = (pair if pair.pair_id in self.kept else self._goal(pair) for pair in taught)
                light = []
            while len(batch := list(itertools.islice(rows, size))) == size:
                if not whole:
                    light += [replace(pair, **NO_PICTURES) for pair in batch]
                yield batch
            if not light:
                raise TuningError(
                    f"found fewer than batch_size = {size} pairs to train on in {self.config.pairs}; "
                    "make more pairs, or lower batch_size or held_out"
                )

    def loss(self, module: nn.Module, batch: Sequence[Pair], share: float) -> dict[str, Tensor]:
        return _tuned(module).losses(batch)

    def evaluate(self, module: nn.Module) -> dict[str, float]:
        """Losses on the held-out pairs at fixed noise; draws previews and curves."""
        tuned, size = _tuned(module), self.config.batch_size
        generator = torch.Generator().manual_seed(5)
        sums: dict[str, float] = {}
        for first in range(0, len(self.watched), size):
            batch = self.watched[first : first + size]
            for name, value in tuned.losses(batch, generator).items():
                sums[name] = sums.get(name, 0.0) + value.item() * len(batch)
        self._draw(tuned)
        prefix = "held_out" if self.config.held_out else "seen"
        return {
            prefix if name == "loss" else f"{prefix}_{name}": value / len(self.watched)
            for name, value in sums.items()
        }

    def save(self, module: nn.Module, facts: dict[str, Any]) -> None:
        """Write the adapter, or the whole model, and draw the last curves."""
        network, output = _tuned(module).network, self.config.output
        draw_curves(output / "log.csv", output / "curves.png")
        if self.config.method == "lora":
            save_adapter(network, output / ADAPTER)
        else:
            save_model(network, self.config.model, output / MODEL)
        told = {"config": self.config.model_dump(mode="json"), **facts}
        (output / "tuning.json").write_text(json.dumps(told, indent=2) + "\n", "utf-8")

    @cached_property
    def watched(self) -> list[Pair]:
        """The pairs that evaluations look at: held-out ones, or any if none are held out."""
        share, store = self.config.held_out, PairStore(str(self.config.pairs))
        chosen = (pair for pair in store if not share or is_held_out(pair, share))
        return [self._goal(pair) for pair in itertools.islice(chosen, self.config.evaluation_pairs)]

    def _goal(self, pair: Pair) -> Pair:
        """The pair with the target that is asked for."""
        if self.config.targets == "retrieved" or math.isnan(pair.similarity):  # the latter is a photo itself
            return pair
        return composed(pair, named=self.config.targets == "named")

    def _draw(self, tuned: Tuned) -> None:
        output, shown = self.config.output, self.watched[: self.config.previews.count]
        if shown:
            number = len(list((output / "previews").glob("*.png"))) + 1
            draw_previews(tuned, shown, output / "previews" / f"{number:04d}.png")
        if (output / "log.csv").exists():
            draw_curves(output / "log.csv", output / "curves.png")


def tune(config: TuningConfig, kept: dict[str, Kept] | None = None) -> Path:
    """Train until the budget is spent; a rerun goes on. Returns the folder of the result.

    ``kept``: where encoded pairs are kept, to share them with the next run in this process on the same pairs, targets
    and autoencoder.

    Before anything is trained: TuningError if settings, model and an earlier run in this folder do not fit together,
    PairsMissing for pairs that are not there. Later: ``loop.Diverged``.
    """
    where = device(config)
    if where != "cpu" and config.workers > 1:
        raise TuningError(f"found workers: {config.workers} on {where}, expected 1; more are for CPUs")
    job = TuningJob(config, {} if kept is None else kept)
    try:
        class_of(config.model)
    except FileNotFoundError as error:
        raise TuningError(str(error)) from error
    if not job.watched:
        raise TuningError(
            f"found no held-out pair in {config.pairs}; expected at least one: raise held_out, or set it to 0"
        )
    _remember(config)
    budget = Budget(
        config.minutes * 60, steps=config.steps, accumulate=config.accumulate, workers=config.workers,
        seed=config.seed, warmup_steps=config.warmup_steps, evaluate_every=config.evaluate_minutes * 60,
    )  # fmt: skip
    train(job, config.output, budget)
    return config.output / (ADAPTER if config.method == "lora" else MODEL)


def _remember(config: TuningConfig) -> None:
    """Note what the run is about; TuningError if this folder's run is about something else."""
    try:
        begin(config.output, config.model_dump(mode="json", exclude=set(CHANGEABLE)))
    except BegunOtherwise as error:
        raise TuningError(str(error)) from error


def device(config: TuningConfig) -> str:
    """The device that ``auto`` means here."""
    if config.device == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    return config.device


def is_held_out(pair: Pair, share: float) -> bool:
    """Whether a pair is kept out of training: decided by its id, so the same in every run."""
    return int(pair.pair_id[:8], 16) < share * 2**32


def _tuned(module: nn.Module) -> Tuned:
    assert isinstance(module, Tuned), (
        f"found a {type(module).__name__}, expected what TuningJob.build() gives"
    )
    return module
