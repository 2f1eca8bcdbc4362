"""Cut-outs in the studio's scenes: what is written, and what stays the same in an edit."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from PIL import Image, ImageDraw

from editcore.training.cutouts import (
    BACKGROUNDS,
    LOOKS_PER_CUTOUT,
    RECOLOURS,
    build_cutout_pictures,
    build_cutout_store,
    cutout_files,
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A crown, a person's sign, a composed emoji, as the package names them; only the first is a thing."""
    folder = tmp_path_factory.mktemp("assets")
    for name in ("1f451", "1f6b9", "1f468-200d-1f33e"):
        picture = Image.new("RGBA", (64, 64))
        ImageDraw.Draw(picture).ellipse((8, 4, 56, 60), fill=(200, 40, 30, 255))
        picture.save(folder / f"{name}.webp", lossless=True)
    return folder


def test_only_things_are_taken(folder: Path) -> None:
    assert [file.stem for file in cutout_files(folder)] == ["1f451"]


def test_a_folder_with_other_names_gives_everything(tmp_path: Path) -> None:
    for name in ("lamp", "chair"):
        Image.new("RGBA", (8, 8), "red").save(tmp_path / f"{name}.png")
    assert [file.stem for file in cutout_files(tmp_path)] == ["chair", "lamp"]


def test_pictures_show_the_cutout_in_different_scenes(folder: Path, tmp_path: Path) -> None:
    count = build_cutout_pictures(tmp_path / "cutouts.npy", folder, workers=1, size=64)
    pictures = np.load(tmp_path / "cutouts.npy")
    assert count == LOOKS_PER_CUTOUT and pictures.shape == (count, 3, 64, 64)
    red = (pictures[:, 0] > 180) & (pictures[:, 1] < 60) & (pictures[:, 2] < 50)
    assert (red.all(axis=0)).mean() > 0.1, "the product is in the same place in all"
    corners = {tuple(picture[:, 0, 0]) for picture in pictures}
    assert len(corners) > LOOKS_PER_CUTOUT // 2


def test_a_store_changes_what_its_regions_say(folder: Path, tmp_path: Path) -> None:
    build_cutout_store(tmp_path / "store", folder, workers=1)
    pictures = np.load(tmp_path / "store" / "pictures.npy").astype(int)
    regions = np.load(tmp_path / "store" / "regions.npy")
    examples = pq.read_table(tmp_path / "store" / "examples.parquet").to_pylist()
    kinds = [example["kind"] for example in examples]
    assert kinds.count("background") == BACKGROUNDS and kinds.count("recolour") == RECOLOURS
    assert not any(example["held_out"] for example in examples) and all(e["words"] for e in examples)
    recolours = [e for e in examples if e["kind"] == "recolour"]
    region = np.kron(regions[recolours[0]["region"]], np.ones((8, 8)))
    pair = [pictures[recolours[0][side]] for side in ("source", "target")]
    assert np.abs(pair[0] - pair[1])[:, region == 0].max() < 40, "only grain differs outside the product"
    assert np.abs(pair[0] - pair[1])[:, region == 255].mean() > 15
    first, second = (pictures[e["target"]] for e in examples[:2])
    product = np.kron(regions[examples[0]["region"]], np.ones((8, 8))) == 0
    assert np.abs(first - second)[:, product].max() <= 8, "a background edit keeps the product"
