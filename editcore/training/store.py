"""The editor's and the scorer's data: exact edits of studio specimens, photographed and then encoded.

Two passes, because photographs need no model: ``build_store`` photographs (pictures at 128 px, regions, words,
captions), ``encode_store`` adds the latents once the autoencoder is trained. Layout of a store folder:

    pictures.npy      (N, 3, 128, 128) uint8   sources, targets and cut-outs
    regions.npy       (M, 16, 16) uint8        what may change, averaged to latent cells
    examples.parquet  source, target, region (row numbers), kind, words, held_out
    attributes.npy    (N, A) int16             ids of the setup's attributes, -1 for cut-outs
    captions.parquet  picture, text, attributes
    attributes.json   names behind the ids
    latents.npy       (N, C, 16, 16) float16
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field, replace
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import torch
import torch.nn.functional as F
from torch import Tensor

from editcore.editors.base import Target
from editcore.editors.pipeline import GREY
from editcore.lexicon import parse
from editcore.studio.captions import ATTRIBUTES, attributes, caption, look_words, scene_words
from editcore.studio.edits import Edit, region_of, sample_edit
from editcore.studio.gbuffer import GBuffer
from editcore.studio.looks import sample_look
from editcore.studio.photograph import Geometry, Photos, Setup, photograph, sample_setup
from editcore.studio.scenes import sample_scene
from editcore.training.pictures import to_uint8

PIXELS = 128
CELL = 8
MIX = {
    "background": 0.40, "recolour": 0.29, "recolour_part": 0.06, "material": 0.13, "pattern": 0.04, "part": 0.03,
    "rotate": 0.01, "move": 0.01, "scale": 0.01, "insert": 0.02,
}  # fmt: skip
"""Shares of the edit kinds: the hard ones that a model of this size will not master get little of its time."""
BASES, EDITS_PER_BASE = 2, 9
HELD_OUT_SPECIMENS = 48


@dataclass
class Specimen:
    """What one worker sends back; row numbers count from 0 within the specimen."""

    pictures: list[np.ndarray] = field(default_factory=list)
    attributes: list[dict[str, str] | None] = field(default_factory=list)
    captions: list[tuple[int, str, tuple[str, ...]]] = field(default_factory=list)
    """(picture, text, names of the attributes the text tells)"""
    regions: list[np.ndarray] = field(default_factory=list)
    examples: list[dict[str, object]] = field(default_factory=list)

    def add_picture(self, rgb_3HW: Tensor, about: dict[str, str] | None = None) -> int:
        """Keep a picture in [0, 1]; returns its row."""
        self.pictures.append(to_uint8(rgb_3HW))
        self.attributes.append(about)
        return len(self.pictures) - 1

    def add_example(self, kind: str, source: int, target: int, region_hw: Tensor, words: list[str]) -> None:
        """Keep an edit between two kept pictures; the region is given in latent cells, [0, 1]."""
        self.regions.append((region_hw * 255).round().to(torch.uint8).numpy())
        row = {"source": source, "target": target, "region": len(self.regions) - 1}
        self.examples.append({**row, "kind": kind, "words": words})


def build_store(folder: Path, specimens: int, seed: int, workers: int = 2) -> None:
    """Photograph ``specimens`` products and their edits; the first ``HELD_OUT_SPECIMENS`` are never trained on."""
    with ProcessPoolExecutor(
        workers, get_context("spawn"), initializer=torch.set_num_threads, initargs=(1,)
    ) as pool:
        write_store(
            folder, pool.map(_photograph, range(seed, seed + specimens), chunksize=8), HELD_OUT_SPECIMENS
        )


def write_store(folder: Path, specimens: Iterable[Specimen], held_out: int) -> None:
    """Write specimens as they come; the first ``held_out`` are marked as never trained on."""
    folder.mkdir(parents=True, exist_ok=True)
    pictures = Rows(folder / "pictures.npy", (3, PIXELS, PIXELS))
    regions = Rows(folder / "regions.npy", (PIXELS // CELL, PIXELS // CELL))
    facts: list[dict[str, str] | None] = []
    examples: list[dict[str, object]] = []
    captions: list[tuple[int, str, tuple[str, ...]]] = []
    for number, one in enumerate(specimens):
        shift = {"source": pictures.count, "target": pictures.count, "region": regions.count}
        for example in one.examples:
            example |= {k: int(example[k]) + v for k, v in shift.items()}  # type: ignore[call-overload]
            examples.append(example | {"held_out": number < held_out})
        captions += [(picture + pictures.count, *rest) for picture, *rest in one.captions]  # type: ignore[misc]
        facts += one.attributes
        pictures.extend(one.pictures)
        regions.extend(one.regions)
        if number % 200 == 199:
            print(f"{number + 1} specimens, {pictures.count} pictures", flush=True)
    pictures.close()
    regions.close()
    pq.write_table(pa.Table.from_pylist(examples), folder / "examples.parquet")
    _write_captions(folder, facts, captions)


def encode_store(folder: Path, autoencoder_folder: Path, workers: int = 2, chunk: int = 512) -> None:
    """Add ``latents.npy`` and the autoencoder's config, from which the latents' scale is read."""
    from diffusers import AutoencoderDC

    config = AutoencoderDC.load_config(str(autoencoder_folder))
    AutoencoderDC.from_config(config).save_config(folder / "autoencoder")
    count = len(np.load(folder / "pictures.npy", mmap_mode="r"))
    latents = Rows(folder / "latents.npy", (config["latent_channels"], 16, 16), np.float16)
    with ProcessPoolExecutor(
        workers, get_context("spawn"), initializer=_load_autoencoder, initargs=(autoencoder_folder,)
    ) as pool:
        for part in pool.map(_encode, [(folder, start, start + chunk) for start in range(0, count, chunk)]):
            latents.extend(part)
    latents.close()


_autoencoder: Any = None
"""The worker's own, loaded once."""


def _load_autoencoder(folder: Path) -> None:
    from diffusers import AutoencoderDC

    global _autoencoder
    torch.set_num_threads(1)
    _autoencoder = AutoencoderDC.from_pretrained(folder).float().to(memory_format=torch.channels_last)


@torch.no_grad()
def _encode(job: tuple[Path, int, int], batch: int = 64) -> np.ndarray:
    """Latents of rows start to stop, float16; in a worker."""
    from editcore.training.autoencoder import encode

    folder, start, stop = job
    pictures = torch.from_numpy(np.load(folder / "pictures.npy", mmap_mode="r")[start:stop].copy())
    with torch.autocast("cpu", torch.bfloat16):
        latents = [encode(_autoencoder, rgb.float() / 255) for rgb in pictures.split(batch)]
    return torch.cat(latents).to(torch.float16).numpy()


def store_texts(folder: Path) -> Iterable[str]:
    """All instructions and captions, for the tokenizer."""
    yield from pq.read_table(folder / "captions.parquet")["text"].to_pylist()
    for words in pq.read_table(folder / "examples.parquet")["words"].to_pylist():
        yield from words


# --- one specimen, in a worker


def _photograph(seed: int) -> Specimen:
    rng = random.Random(seed)
    first = sample_setup(seed)
    bases = [first, *(_in_other_clothes(first, rng) for _ in range(BASES - 1))]
    one, gbuffers = Specimen(), {}  # type: ignore[var-annotated]
    rows: dict[Setup, tuple[int, Photos]] = {}
    for base in bases:
        photos = _photo(one, rows, base, gbuffers, rng)[1]
        cut = one.add_picture(on_grey(photos.rgb_B3HW[0], photos.mask_B1HW[0], rng))
        for kind in rng.choices(list(MIX), list(MIX.values()), k=EDITS_PER_BASE):
            edit = sample_edit(kind, base, rng)
            if edit:
                _add_example(one, rows, edit, cut, gbuffers, rng)
    return one


def _in_other_clothes(setup: Setup, rng: random.Random) -> Setup:
    return replace(setup, look=sample_look(setup.kind, rng), scene=sample_scene(rng))


def _photo(
    one: Specimen, rows: dict[Setup, tuple[int, Photos]], setup: Setup,
    gbuffers: dict[Geometry, GBuffer], rng: random.Random,
) -> tuple[int, Photos]:  # fmt: skip
    if setup not in rows:
        photos = photograph([setup], PIXELS, gbuffers=gbuffers)
        rows[setup] = (one.add_picture(photos.rgb_B3HW[0], attributes(setup)), photos)
        if setup.shown:
            one.captions += [(rows[setup][0], *text) for text in _texts(setup, rng)]
    return rows[setup]


def on_grey(rgb_3HW: Tensor, mask_1HW: Tensor, rng: random.Random) -> Tensor:
    """The product on grey, as background edits see it; masks of real photos are less than exact."""
    if rng.random() < 0.4:
        width = rng.choice([3, 5])
        soft = F.avg_pool2d(mask_1HW, width, 1, width // 2)
        mask_1HW = (soft * rng.choice([1.0, 1.6, 2.5]) - rng.choice([0, 0.3])).clamp(0, 1)
    return grain(rgb_3HW * mask_1HW + GREY * (1 - mask_1HW), rng)


def grain(rgb: Tensor, rng: random.Random) -> Tensor:
    """Sensor noise on some sources, so that real photos are not a surprise."""
    if rng.random() < 0.7:
        return rgb
    generator = torch.Generator().manual_seed(rng.randrange(2**31))
    return rgb + rng.uniform(0.005, 0.03) * torch.randn(rgb.shape, generator=generator)


def _add_example(
    one: Specimen, rows: dict[Setup, tuple[int, Photos]], edit: Edit, cut: int,
    gbuffers: dict[Geometry, GBuffer], rng: random.Random,
) -> None:  # fmt: skip
    source, before = _photo(one, rows, edit.source, gbuffers, rng)
    target, after = _photo(one, rows, edit.target, gbuffers, rng)
    region = cells(region_of(edit, before, after))
    if region.mean() < 0.002:  # the part is hidden from the camera
        return
    one.add_example(
        edit.kind, cut if edit.kind == "background" else source, target, region, encoder_words(edit)
    )


def cells(mask_1HW: Tensor) -> Tensor:
    """A mask averaged to latent cells, (h, w)."""
    return F.avg_pool2d(mask_1HW, CELL)[0]


def encoder_words(edit: Edit) -> list[str]:
    """The edit's words as the text encoder gets them at work: read and normalised by the lexicon."""
    targets: dict[str, Target] = {"background": "background", "part": "region"}
    target = targets.get(edit.region, "product")
    return list(dict.fromkeys(parse(words, target).words for words in edit.words))


def _texts(setup: Setup, rng: random.Random) -> list[tuple[str, tuple[str, ...]]]:
    """Texts true of the picture, with the attributes they tell: in full, the product alone, the scene alone."""
    full = tuple(name for name, value in attributes(setup).items() if value)
    look, scene = look_words(setup.look, setup.noun), scene_words(setup.scene)
    product = tuple(n for n in full if n in ("kind", "colour", "material", "pattern"))
    place = tuple(n for n in full if n in ("surface", "backdrop", "wall"))
    texts = [(caption(setup, rng), full), (f"a photo of a {look}", product), (scene, place)]
    colour = setup.look.colour
    if colour:
        texts += [
            (f"a photo of a {colour.name} {setup.noun}", ("kind", "colour")),
            (f"a {colour.name} object", ("colour",)),
        ]
    return texts


# --- writing


class Rows:
    """An array on disk that grows by rows; ``close`` writes the header that makes it an ``npy`` file."""

    def __init__(self, path: Path, shape: tuple[int, ...], dtype: type = np.uint8) -> None:
        self.path, self.shape, self.dtype, self.count = path, shape, dtype, 0
        self.raw = path.with_suffix(".raw").open("wb")

    def extend(self, rows: Iterable[np.ndarray]) -> None:
        for row in rows:
            self.raw.write(np.ascontiguousarray(row, dtype=self.dtype).tobytes())
            self.count += 1

    def close(self) -> None:
        self.raw.close()
        raw = np.memmap(self.raw.name, self.dtype, "r", shape=(self.count, *self.shape))
        np.save(self.path, raw)
        Path(self.raw.name).unlink()


def _write_captions(
    folder: Path, facts: list[dict[str, str] | None], captions: list[tuple[int, str, tuple[str, ...]]]
) -> None:
    names = {a: sorted({f[a] for f in facts if f}) for a in ATTRIBUTES}
    ids = {a: {name: i for i, name in enumerate(known)} for a, known in names.items()}
    has = np.array([[ids[a][f[a]] if f else -1 for a in ATTRIBUTES] for f in facts], dtype=np.int16)
    says = [
        [int(has[picture, i]) if a in told else -1 for i, a in enumerate(ATTRIBUTES)]
        for picture, _, told in captions
    ]
    np.save(folder / "attributes.npy", has)
    (folder / "attributes.json").write_text(json.dumps(names))
    columns = {"picture": [c[0] for c in captions], "text": [c[1] for c in captions], "attributes": says}
    pq.write_table(pa.table(columns), folder / "captions.parquet")
