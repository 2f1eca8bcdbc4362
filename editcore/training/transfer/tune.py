"""When a pair does not carry: more pairs, a LoRA in minutes, and whether it helped.

The output folder:

    pytorch_lora_weights.safetensors   the adapter, for ``transfer_adapters`` of a profile
    comparison.json  pictures.png      the last panel before and after tuning (``compare``)
    left_out.json                      pairs that could not be used, and why
    training.json                      steps, seconds, last evaluation
    config.json  run/  store/          what the run was begun with, its checkpoint and log, the encoded pairs
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from diffusers import AutoencoderDC

from editcore.editors.transfer.bundled import load_painter
from editcore.editors.transfer.engine import BUNDLED, SHARED
from editcore.studio.groups import Made
from editcore.training.autoencoder import encode
from editcore.training.begun import begin
from editcore.training.loop import Budget, train
from editcore.training.transfer.compare import compare, draw, samples_of
from editcore.training.transfer.grids import Problem
from editcore.training.transfer.lora import FILE, LoraJob
from editcore.training.transfer.pairs import read_pairs, split
from editcore.training.transfer.store import write_groups


@dataclass(frozen=True)
class Tuning:
    """What ``vitrine train edit-transfer`` is asked for."""

    pairs: str
    """Grids, a table or folders; see ``pairs``."""
    output: Path
    edit: str = ""
    """What the change of plain before/after folders is called."""
    start: Path = BUNDLED
    """The trained transformer."""
    shared: Path = SHARED
    """The text editor's folder: autoencoder and text encoder."""
    minutes: float = 5
    hold_out: bool = True
    """Keep the last pair of every edit with three or more for the comparison."""
    rank: int = 16
    told: float = 0.5
    """Share of batches with words."""
    workers: int = 2
    seed: int = 0
    steps: int | None = None
    """Stop after as many if that comes first."""


class Tuned(NamedTuple):
    """What came of it."""

    adapter: Path
    figures: dict[str, Any]
    """``comparison.json``."""
    problems: list[Problem]
    """Pairs that were left out."""


def tune(tuning: Tuning) -> Tuned:
    """Train, compare and write; the same call again goes on.

    FileNotFoundError where pairs or transformer are not there, ValueError where no pair can be used,
    ``begun.BegunOtherwise`` for another run's folder, ``loop.Diverged``.
    """
    output = tuning.output
    before = load_painter(tuning.start, tuning.shared)
    made, problems = read_pairs(tuning.pairs, tuning.edit)
    groups = split(made, tuning.hold_out)
    settings = {name: getattr(tuning, name) for name in ("hold_out", "rank", "told", "seed")}
    begin(output, {"pairs": _digest(groups), "start": before.weights, **settings})
    _write(output / "left_out.json", [asdict(problem) for problem in problems])
    _store(output / "store", groups, tuning.shared / "vae")
    job = LoraJob(
        (output / "store",), tuning.shared, output, start=tuning.start, rank=tuning.rank, told=tuning.told
    )
    seconds = tuning.minutes * 60
    budget = Budget(
        seconds, steps=tuning.steps, workers=tuning.workers, seed=tuning.seed, warmup_steps=20,
        evaluate_every=max(60.0, seconds / 5),
    )  # fmt: skip
    train(job, output / "run", budget)
    after = load_painter(tuning.start, tuning.shared, adapters={str(output / FILE): 1.0})
    samples = samples_of(groups)
    figures, pictures = compare(samples, before, after)
    draw(samples, pictures, output / "pictures.png")
    _write(output / "comparison.json", figures)
    return Tuned(output / FILE, figures, problems)


def _store(folder: Path, groups: Iterable[Made], autoencoder: Path) -> None:
    """A few dozen pictures are encoded here and now; a large store has ``training.store.encode_store``."""
    write_groups(folder, groups)
    model = AutoencoderDC.from_pretrained(autoencoder).float().eval()
    AutoencoderDC.from_config(model.config).save_config(folder / "autoencoder")
    pictures = torch.from_numpy(np.load(folder / "pictures.npy"))
    with torch.no_grad():
        latents = torch.cat([encode(model, rgb.float() / 255) for rgb in pictures.split(32)])
    np.save(folder / "latents.npy", latents.numpy().astype(np.float16))


def _digest(groups: Sequence[Made]) -> str:
    digest = hashlib.sha256()
    for group in groups:
        digest.update(repr((group.words, group.held_out)).encode())
        digest.update(np.ascontiguousarray(group.pictures).tobytes())
    return digest.hexdigest()[:16]


def _write(file: Path, facts: Any) -> None:
    file.write_text(json.dumps(facts, indent=2, ensure_ascii=False) + "\n", "utf-8")
