"""The bundled models from nothing: every stage with its data, budget and product.

A stage is done when its product is there, so ``make_all`` goes on where it was stopped; inside a stage the training
loop resumes from its checkpoint. Layout of the work folder:

    pictures.npy        photographs for the autoencoder, and
    cutouts.npy         cut-outs in the studio's scenes (see ``cutouts.py``), if a folder of them is given
    store/              exact edits for editor and scorer (see ``store.py``)
    tokenizer/          sub-word tokenizer of both
    autoencoder/        trained autoencoder (diffusers folder)
    decoder/            the same with its decoder trained further
    changes/            groups of products with the same change, for Edit Transfer (see ``transfer/store.py``)
    editor/ scorer/ transfer/   finished models; ``install`` copies them to ``editcore/bundled``
    transfer-full/      Edit Transfer with full attention as published, for comparison
    runs/<stage>/       checkpoint.safetensors and log.csv
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal

from editcore.training.loop import Budget, train

BUNDLED = Path(__file__).parent.parent / "bundled"
NOISE_ALONE = 0.5
"""Share of the editor's examples at pure noise: few steps then do, and no guidance (docs/lab.md)."""


@dataclass(frozen=True)
class Recipe:
    """How much of everything. Seconds are wall-clock on two free cores; see docs/lab.md for what they buy."""

    work: Path
    picture_specimens: int = 1800
    store_specimens: int = 1500
    autoencoder_seconds: float = 2400
    decoder_seconds: float = 900
    editor_seconds: float = 2700
    scorer_seconds: float = 900
    transfer_groups: int = 4000
    transfer_seconds: float = 9000
    workers: int = 2
    seed: int = 0
    cutouts: Path | None = None
    """Folder of pictures with transparency for the autoencoder to see beside the studio's; None: the studio alone.
    The editor does not get them: they made it worse on photos (docs/lab.md)."""

    def budget(self, seconds: float) -> Budget:
        return Budget(seconds, workers=self.workers, seed=self.seed)


def pictures(recipe: Recipe) -> None:
    """Photograph the autoencoder's pictures."""
    from editcore.training.cutouts import build_cutout_pictures
    from editcore.training.pictures import build_pictures

    if recipe.cutouts:
        build_cutout_pictures(recipe.work / "cutouts.npy", recipe.cutouts, recipe.seed, recipe.workers)
    build_pictures(
        recipe.work / "pictures.npy", recipe.picture_specimens, 100_000 + recipe.seed, recipe.workers
    )


def autoencoder(recipe: Recipe) -> None:
    """Train the autoencoder."""
    from editcore.training.autoencoder import AutoencoderJob

    job = AutoencoderJob(_pictures(recipe), recipe.work / "autoencoder")
    train(job, recipe.work / "runs" / "autoencoder", recipe.budget(recipe.autoencoder_seconds))


def decoder(recipe: Recipe) -> None:
    """Train the decoder further; latents, and with them the editor, stay valid."""
    from editcore.training.autoencoder import AutoencoderJob

    work = recipe.work
    job = AutoencoderJob(
        (work / "pictures.npy",),
        work / "decoder",
        start=work / "autoencoder",
        decoder_only=True,
        peak_lr=8e-4,
    )
    train(job, work / "runs" / "decoder", recipe.budget(recipe.decoder_seconds))


def store(recipe: Recipe) -> None:
    """Photograph exact edits with their words."""
    from editcore.training.store import build_store

    build_store(recipe.work / "store", recipe.store_specimens, 500_000 + recipe.seed, recipe.workers)


def tokenizer(recipe: Recipe) -> None:
    """Train the tokenizer on the store's words."""
    from editcore.training.store import store_texts
    from editcore.training.words import train_tokenizer

    train_tokenizer(store_texts(recipe.work / "store")).save_pretrained(recipe.work / "tokenizer")


def latents(recipe: Recipe) -> None:
    """Encode the store with the trained autoencoder."""
    from editcore.training.store import encode_store

    encode_store(recipe.work / "store", recipe.work / "autoencoder", recipe.workers)


def editor(recipe: Recipe) -> None:
    """Train the editor on the encoded store."""
    from editcore.training.editor import EditorJob

    work = recipe.work
    job = EditorJob(
        (work / "store",), work / "autoencoder", work / "tokenizer", work / "editor", noise_alone=NOISE_ALONE
    )
    train(job, work / "runs" / "editor", recipe.budget(recipe.editor_seconds))
    _write_known_words(work / "store", work / "editor" / "words.json")


def scorer(recipe: Recipe) -> None:
    """Train the scorer on the store's captioned pictures."""
    from editcore.training.scorer import CaptionStore, ScorerJob

    work = recipe.work
    job = ScorerJob(CaptionStore(work / "store"), work / "tokenizer", work / "scorer")
    train(job, work / "runs" / "scorer", recipe.budget(recipe.scorer_seconds))


def changes(recipe: Recipe) -> None:
    """Photograph groups of products with the same change, before and after."""
    from editcore.training.transfer.store import build

    groups = recipe.transfer_groups
    build(recipe.work / "changes", groups, held_out=min(240, groups), workers=recipe.workers)


def change_latents(recipe: Recipe) -> None:
    """Encode them with the editor's autoencoder."""
    from editcore.training.store import encode_store

    encode_store(recipe.work / "changes", _text_editor(recipe) / "vae", recipe.workers)


def transfer(recipe: Recipe, attention: Literal["causal", "full"] = "causal") -> None:
    """Train Edit Transfer's transformer on the encoded groups."""
    from editcore.training.transfer.job import TransferJob

    name = "transfer" if attention == "causal" else "transfer-full"
    job = TransferJob(
        (recipe.work / "changes",), _text_editor(recipe), recipe.work / name, attention=attention
    )
    train(job, recipe.work / "runs" / name, recipe.budget(recipe.transfer_seconds))


STAGES: dict[str, tuple[Callable[[Recipe], None], str]] = {
    "pictures": (pictures, "pictures.npy"),
    "autoencoder": (autoencoder, "autoencoder/training.json"),
    "store": (store, "store/captions.parquet"),
    "tokenizer": (tokenizer, "tokenizer/tokenizer.json"),
    "latents": (latents, "store/latents.npy"),
    "editor": (editor, "editor/words.json"),
    "scorer": (scorer, "scorer/training.json"),
    "decoder": (decoder, "decoder/training.json"),
    "changes": (changes, "changes/store.json"),
    "change-latents": (change_latents, "changes/latents.npy"),
    "transfer": (transfer, "transfer/training.json"),
}
"""Stages in order, each with the file in the work folder that says it is done."""
REFERENCES = {"transfer-full": (partial(transfer, attention="full"), "transfer-full/training.json")}
"""Models to compare with; made when asked for by name."""


def make(recipe: Recipe, stage: str) -> bool:
    """Run one stage; False if it was done before."""
    run, product = (STAGES | REFERENCES)[stage]
    if (recipe.work / product).exists():
        return False
    recipe.work.mkdir(parents=True, exist_ok=True)
    run(recipe)
    return True


def install(work: Path, bundled: Path = BUNDLED) -> float:
    """Replace the bundled models by those in ``work``; returns megabytes of all bundled models together."""
    for name in ("editor", "scorer", "transfer"):
        if (work / name).exists():
            shutil.rmtree(bundled / name, ignore_errors=True)
            shutil.copytree(work / name, bundled / name)
    if (work / "decoder").exists():
        shutil.copytree(work / "decoder", bundled / "editor" / "vae", dirs_exist_ok=True)
    return sum(f.stat().st_size for f in bundled.rglob("*") if f.is_file()) / 1e6


def _text_editor(recipe: Recipe) -> Path:
    """The folder whose autoencoder and text encoder Edit Transfer shares: trained here, or else the bundled one."""
    trained = recipe.work / "editor"
    return trained if (trained / "vae").exists() else BUNDLED / "editor"


def _pictures(recipe: Recipe) -> tuple[Path, ...]:
    return tuple(
        recipe.work / name for name in ("pictures.npy", *(["cutouts.npy"] if recipe.cutouts else []))
    )


def _write_known_words(store_folder: Path, path: Path) -> None:
    from editcore.training.store import store_texts

    words = {word for text in store_texts(store_folder) for word in re.findall(r"\S+", text.lower())}
    path.write_text(json.dumps(sorted(words)), "utf-8")
