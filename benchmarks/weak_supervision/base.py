"""The base model: it paints captioned pictures, whole or where they are hidden, and has never seen an edit."""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import replace
from functools import partial
from random import Random

import torch
from torch import Tensor

from benchmarks.weak_supervision import wording
from benchmarks.weak_supervision.plan import BASE_SEED, Plan
from benchmarks.weak_supervision.spread import spread
from editcore.editors.bundled import BUNDLED, KNOWN_WORDS
from editcore.editors.pipeline import GREY
from editcore.studio.gbuffer import GBuffer
from editcore.studio.looks import sample_look
from editcore.studio.photograph import Geometry, Setup, photograph, sample_setup
from editcore.studio.scenes import sample_scene
from editcore.training.editor import EditorJob
from editcore.training.loop import Budget, train
from editcore.training.store import PIXELS, Specimen, cells, encode_store, grain, store_texts, write_store
from editcore.training.words import train_tokenizer

LOOKS = 4
"""Pictures of one specimen, each in other clothes and another place; the model never sees two of them together."""
HELD_OUT = 24
NOISE_ALONE = 0.5
"""Share of examples that start at pure noise, where every row but SDEdit's starts too; see docs/lab.md."""


def autoencoder(plan: Plan) -> None:
    """Keep the bundled autoencoder as it is now: latents and models of one experiment belong together."""
    part = plan.base / "autoencoder.part"
    shutil.copytree(BUNDLED / "vae", part, dirs_exist_ok=True)
    part.rename(plan.autoencoder)


def store(plan: Plan) -> None:
    """Photograph captioned pictures and hide regions of them."""
    seeds = range(BASE_SEED, BASE_SEED + plan.base_specimens)
    specimens = spread(plan.workers, partial(specimen, kinds=plan.kinds), seeds)
    write_store(plan.base / "store", specimens, min(HELD_OUT, max(1, plan.base_specimens // 8)))


def tokenizer(plan: Plan) -> None:
    """Train the tokenizer on the captions."""
    train_tokenizer(store_texts(plan.base / "store")).save_pretrained(plan.base / "tokenizer")


def latents(plan: Plan) -> None:
    """Encode the pictures with the autoencoder."""
    encode_store(plan.base / "store", plan.autoencoder, plan.workers)


def base(plan: Plan) -> None:
    """Train the bundled architecture from nothing."""
    folder, editor = plan.base, plan.base / "editor"
    job = EditorJob(
        (folder / "store",), plan.autoencoder, folder / "tokenizer", editor, noise_alone=NOISE_ALONE
    )
    train(job, folder / "run", Budget(plan.base_seconds, workers=plan.workers))
    words = {word for text in store_texts(folder / "store") for word in re.findall(r"\S+", text.lower())}
    (editor / KNOWN_WORDS).write_text(json.dumps(sorted(words)), "utf-8")


def specimen(seed: int, kinds: tuple[str, ...]) -> Specimen:
    """Pictures of one product, each to be painted from nothing, in the product's place, and around the product."""
    rng = Random(seed)
    first = sample_setup(seed, kinds[seed % len(kinds)])
    one, gbuffers = Specimen(), dict[Geometry, GBuffer]()
    for setup in [first, *(_elsewhere(first, rng) for _ in range(LOOKS - 1))]:
        photos = photograph([setup], PIXELS, gbuffers=gbuffers)
        rgb, product = photos.rgb_B3HW[0], photos.mask_B1HW[0]
        picture, full = one.add_picture(rgb), wording.in_full(setup)
        looks, places = wording.of_product(setup), wording.of_scene(setup)
        one.captions.append((picture, full, ()))
        for name, region, texts in (
            ("everything", torch.ones_like(product), [full, *looks, *places]),
            ("product", product, [full, *looks]),
            ("background", 1 - product, [full, *places]),
        ):
            source = one.add_picture(grain(hidden(rgb, region), rng))
            one.add_example(name, source, picture, cells(region), texts)
    return one


def hidden(rgb_3HW: Tensor, region_1HW: Tensor) -> Tensor:
    """The picture with its region grey, as ``crop.CutOut`` shows it at work."""
    return rgb_3HW * (1 - region_1HW) + GREY * region_1HW


def _elsewhere(setup: Setup, rng: Random) -> Setup:
    return replace(setup, look=sample_look(setup.kind, rng), scene=sample_scene(rng))
