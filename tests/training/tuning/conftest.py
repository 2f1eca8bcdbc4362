"""Pairs on disk as ``PairStore`` reads them, and tiny models in diffusers folders."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import tiny_pipelines as tiny
from PIL import Image

SIDE, COUNT = 32, 24
COLOURS = {"red": (200, 40, 40), "green": (40, 160, 60), "blue": (40, 60, 200), "pink": (230, 140, 170)}


def png(array: np.ndarray) -> bytes:
    data = io.BytesIO()
    Image.fromarray(array.astype(np.uint8)).save(data, "PNG")
    return data.getvalue()


def pair_row(number: int, rng: np.random.Generator, side: int = SIDE) -> dict[str, Any]:
    """A square on a plain wall; the target is another square of another colour on another wall."""
    old, new = rng.choice(list(COLOURS), 2, replace=False)
    region = np.zeros((side, side), np.uint8)
    top, left = rng.integers(2, side // 2, 2)
    region[top : top + side // 2, left : left + side // 2] = 255
    walls = rng.integers(60, 250, (2, 3))
    source, target = (
        np.where(region[..., None] > 0, COLOURS[colour], wall)
        for colour, wall in ((old, walls[0]), (new, walls[1]))
    )
    spread = ((number + 1) * 2654435761) % 2**32
    return {
        "pair_id": f"{spread:08x}{number:08x}", "source": png(source), "target": png(target),
        "region": png(region), "source_mask": png(region), "target_mask": png(region),
        "edit_prompt": f"a {new} mug", "source_caption": f"a {old} mug", "target_caption": f"a {new} cup",
        "kind": "colour", "old": old, "new": new, "similarity": 0.7, "gain": 0.1,
    }  # fmt: skip


@pytest.fixture(scope="session")
def pairs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pairs")
    (folder / "pairs").mkdir()
    rng = np.random.default_rng(3)
    rows = [pair_row(number, rng) for number in range(COUNT)]
    for part in range(2):
        pq.write_table(pa.Table.from_pylist(rows[part::2]), folder / "pairs" / f"part-{part:05d}.parquet")
    return folder


BUILDERS: dict[str, Callable[..., Any]] = {
    "sd": tiny.stable_diffusion,
    "sd-v": lambda: tiny.stable_diffusion("v_prediction"),
    "sdxl": tiny.sdxl,
    "sd3": tiny.sd3,
}


@pytest.fixture(scope="session")
def models(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Folders of tiny pipelines of the public classes."""
    home = tmp_path_factory.mktemp("models")
    for name, build in BUILDERS.items():
        tiny.seeded(build).save_pretrained(home / name)
    return {name: home / name for name in BUILDERS}
