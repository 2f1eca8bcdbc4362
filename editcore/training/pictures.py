"""The autoencoder's data: studio photographs at 256 px as one memory-mapped array.

``pictures.npy`` is (N, 3, 256, 256) uint8. Each specimen is rendered once and photographed in several looks and
scenes; the first specimens are the held-out ones, and no look or scene is repeated.
"""

from __future__ import annotations

import random
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import torch

from editcore.studio.looks import sample_look
from editcore.studio.photograph import photograph, sample_setup
from editcore.studio.scenes import sample_scene
from editcore.training.autoencoder import DECODER_PIXELS

LOOKS_PER_SPECIMEN = 6


def build_pictures(path: Path, specimens: int, seed: int = 0, workers: int = 2) -> None:
    """Photograph ``specimens`` objects in ``LOOKS_PER_SPECIMEN`` ways each, in parallel processes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part.npy")
    shape = (specimens * LOOKS_PER_SPECIMEN, 3, DECODER_PIXELS, DECODER_PIXELS)
    store = np.lib.format.open_memmap(part, "w+", np.uint8, shape)
    with ProcessPoolExecutor(
        workers, get_context("spawn"), initializer=torch.set_num_threads, initargs=(1,)
    ) as pool:
        seeds = range(seed, seed + specimens)
        for number, pictures in enumerate(pool.map(_photograph_specimen, seeds, chunksize=8)):
            store[number * LOOKS_PER_SPECIMEN : (number + 1) * LOOKS_PER_SPECIMEN] = pictures
            if number % 200 == 199:
                print(f"{number + 1} of {specimens} specimens", flush=True)
    store.flush()
    part.replace(path)


def _photograph_specimen(seed: int) -> np.ndarray:
    first, rng = sample_setup(seed), random.Random(seed)
    others = [
        replace(first, look=sample_look(first.kind, rng), scene=sample_scene(rng))
        for _ in range(LOOKS_PER_SPECIMEN - 1)
    ]
    return to_uint8(photograph([first, *others], DECODER_PIXELS).rgb_B3HW)


def to_uint8(rgb: torch.Tensor) -> np.ndarray:
    """[0, 1] float to 0..255 uint8, same shape."""
    return (rgb.clamp(0, 1) * 255).round().to(torch.uint8).numpy()
