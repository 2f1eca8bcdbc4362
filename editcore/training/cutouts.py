"""Cut-outs as extra products: pictures with transparency, placed in the studio's scenes, with their edits.

Made for the 3-D emoji of the npm package ``@lobehub/fluent-emoji-3d`` (MIT; the pictures are never committed): shapes
and shading that no renderer of ours has. A background edit is exact, since the product's pixels are kept; the target
of a recolour is the compositor's (``editors/recolour.py``), since nobody photographed it.

    npm pack @lobehub/fluent-emoji-3d && tar xzf lobehub-fluent-emoji-3d-*.tgz     # pictures in package/assets
"""

from __future__ import annotations

import random
import unicodedata
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import TypeVar

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from editcore.editors.base import Target
from editcore.editors.recolour import compose_recolour
from editcore.editors.shadow import ground_shadow
from editcore.lexicon import grammar, parse
from editcore.studio.captions import scene_phrase, scene_words
from editcore.studio.composite import SHADOW
from editcore.studio.gbuffer import Camera
from editcore.studio.perspective import Perspective
from editcore.studio.photograph import sample_setup
from editcore.studio.scenes import Scene, draw_tone, paint, sample_scene
from editcore.training.pictures import to_uint8
from editcore.training.store import PIXELS, Specimen, cells, grain, on_grey, write_store

RANGES = ((0x1F32D, 0x1F3D0), (0x1F400, 0x1F43F), (0x1F451, 0x1F462), (0x1F484, 0x1F4F7), (0x1F50A, 0x1F52F),
          (0x1F680, 0x1F6FF), (0x1F950, 0x1FAFF))  # fmt: skip
"""Code points of food, animals, clothes, things and vehicles."""
NO_PRODUCT = (
    "SIGN",
    "SYMBOL",
    "BUTTON",
    "ARROW",
    "FACE",
    "FAMILY",
    "PERSON",
    "HEART",
    "PHONE OFF",
    "NO ",
    "LETTER",
)
"""Names of pictograms rather than things."""
NOUNS = ("product", "object", "item", "thing")
LOOKS_PER_CUTOUT = 6
BACKGROUNDS, RECOLOURS = 8, 8
"""Edits per cut-out in a store."""


Job = tuple[Path, int, int]
"""File of a cut-out, seed, side of its pictures."""
Made = TypeVar("Made")


def cutout_files(folder: Path) -> list[Path]:
    """Pictures of things in a folder of emoji named by code point; other folders give every WebP and PNG file."""
    files = sorted([*folder.glob("*.webp"), *folder.glob("*.png")])
    named = [(file, _code_point(file)) for file in files]
    if not any(point for _, point in named):
        return files
    return [file for file, point in named if point and _is_thing(point)]


def build_cutout_pictures(path: Path, folder: Path, seed: int = 0, workers: int = 2, size: int = 256) -> int:
    """Photograph every cut-out in ``LOOKS_PER_CUTOUT`` scenes: (N, 3, size, size) uint8 at ``path``; returns N."""
    pictures = [picture for one in _map(_scenes_of, folder, seed, workers, size) for picture in one]
    np.save(path, np.stack(pictures))
    return len(pictures)


def build_cutout_store(folder: Path, cutouts: Path, seed: int = 0, workers: int = 2) -> None:
    """An example store (see ``store.py``) of background and recolour edits of every cut-out; none is held out."""
    write_store(folder, _map(_edits_of, cutouts, seed, workers, PIXELS), held_out=0)


def _map(work: Callable[[Job], Made], folder: Path, seed: int, workers: int, size: int) -> Iterator[Made]:
    files = cutout_files(folder)
    context = get_context("spawn")
    with ProcessPoolExecutor(workers, context, initializer=torch.set_num_threads, initargs=(1,)) as pool:
        jobs = [(file, seed + number, size) for number, file in enumerate(files)]
        yield from pool.map(work, jobs, chunksize=8)


def _code_point(file: Path) -> int | None:
    parts = [part for part in file.stem.split("-") if part != "fe0f"]
    try:
        return int(parts[0], 16) if len(parts) == 1 else None
    except ValueError:
        return None


def _is_thing(point: int) -> bool:
    name = unicodedata.name(chr(point), "")
    return any(a <= point <= b for a, b in RANGES) and not any(word in name for word in NO_PRODUCT)


# --- one cut-out, in a worker


def _scenes_of(job: Job) -> list[np.ndarray]:
    file, seed, size = job
    rng = random.Random(seed)
    camera = _camera(rng)
    rgb, mask = _placed(file, camera, size, rng)
    return [to_uint8(_photograph(rgb, mask, sample_scene(rng), camera)) for _ in range(LOOKS_PER_CUTOUT)]


def _edits_of(job: Job) -> Specimen:
    file, seed, size = job
    rng, one = random.Random(seed), Specimen()
    camera = _camera(rng)
    rgb, mask = _placed(file, camera, size, rng)
    before = _photograph(rgb, mask, sample_scene(rng), camera)
    source, cut = one.add_picture(grain(before, rng)), one.add_picture(on_grey(before, mask, rng))
    for _ in range(BACKGROUNDS):
        scene = sample_scene(rng)
        target = one.add_picture(_photograph(rgb, mask, scene, camera))
        asked = [scene_words(scene), grammar.background(rng, rng.choice(NOUNS), scene_phrase(scene, rng))]
        one.add_example("background", cut, target, cells(1 - mask), _read(asked, "background"))
    for _ in range(RECOLOURS):
        tone = draw_tone(rng)
        target = one.add_picture(_recoloured(before, mask, tone.rgb))
        asked = [f"make product {tone.name}", grammar.recolour(rng, rng.choice(NOUNS), tone.name)]
        one.add_example("recolour", source, target, cells(mask), _read(asked, "product"))
    return one


def _read(texts: list[str], target: Target) -> list[str]:
    return list(dict.fromkeys(parse(text, target).words for text in texts))


def _camera(rng: random.Random) -> Camera:
    """A camera that some product of the studio was seen with."""
    view = sample_setup(rng.randrange(2**31)).geometry.camera
    return Camera(*(torch.tensor([v]) for v in view))


def _placed(file: Path, camera: Camera, size: int, rng: random.Random) -> tuple[Tensor, Tensor]:
    """The cut-out standing on the camera's floor: colours (3, S, S) and mask (1, S, S), in [0, 1]."""
    with Image.open(file) as picture:
        cutout = picture.convert("RGBA")
    cutout = cutout.crop(cutout.getchannel("A").point(lambda v: 255 * (v > 20)).getbbox())
    foot = Perspective.of(camera, 0).row_of_floor(rng.uniform(0.0, 0.4), size)
    foot = min(max(foot, 0.6 * size), 0.95 * size)
    scale = min(rng.uniform(0.5, 0.8) * size / max(cutout.size), 0.9 * foot / cutout.height)
    width, height = (max(round(side * scale), 4) for side in cutout.size)
    if rng.random() < 0.5:
        cutout = cutout.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    left = (size - width) // 2 + round(rng.uniform(-0.06, 0.06) * size)
    canvas = Image.new("RGBA", (size, size))
    canvas.paste(cutout.resize((width, height), Image.Resampling.LANCZOS), (left, round(foot) - height))
    rgba = torch.from_numpy(np.array(canvas)).permute(2, 0, 1).float() / 255
    return rgba[:3], rgba[3:]


def _photograph(rgb: Tensor, mask: Tensor, scene: Scene, camera: Camera) -> Tensor:
    """(3, S, S) in [0, 1]: the cut-out in a scene, with the shadow that the compositor would give it."""
    size = rgb.shape[-1]
    grey = np.full((size, size, 3), 128, np.uint8)
    shadow = ground_shadow(grey, to_uint8(mask)[0]).light
    light = 1 - SHADOW[scene.setting] * (1 - torch.from_numpy(shadow))
    return torch.lerp(paint([scene], camera, size)[0] * light, rgb, mask)


def _recoloured(picture: Tensor, mask: Tensor, colour: tuple[int, int, int]) -> Tensor:
    image, alpha = to_uint8(picture).transpose(1, 2, 0).copy(), to_uint8(mask)[0]
    plain = np.full((64, 64, 3), np.array(colour) / 255, np.float32)
    box = (0, 0, image.shape[1], image.shape[0])
    return torch.from_numpy(compose_recolour(image, alpha, plain, box, colour)[0]).permute(2, 0, 1) / 255
