"""A small shop to make pairs from: mugs and bowls in four colours, photographed by the studio, cut out exactly."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from editcore.campaign import Source
from editcore.studio.catalogue import tone
from editcore.studio.finish import Look
from editcore.studio.photograph import photograph, sample_setup
from editcore.studio.scenes import Scene
from editcore.training.pairs.settings import PairSettings, load_settings

COLOURS = ("red", "navy", "mustard", "white")
SIDE = 64


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Eight photos with captions beside them, a copy, one photo without words, a broken file, a note."""
    folder = tmp_path_factory.mktemp("shop")
    for kind in ("mug", "bowl"):
        base = replace(sample_setup(3, kind), scene=Scene("studio", tone("light grey"), seed=1))
        looks = [Look("ceramic", tone(colour), seed=1) for colour in COLOURS]
        photos = photograph([replace(base, look=look) for look in looks], 96)
        rgba = np.concatenate([photos.rgb_B3HW, photos.mask_B1HW], axis=1).transpose(0, 2, 3, 1)
        for colour, picture in zip(COLOURS, rgba, strict=True):
            Image.fromarray((picture.clip(0, 1) * 255).round().astype(np.uint8)).save(
                folder / f"{kind}-{colour}.png"
            )
            (folder / f"{kind}-{colour}.txt").write_text(
                f"a {colour} ceramic {kind} in front of a light grey wall"
            )
    (folder / "mug-white.txt").unlink()
    (folder / "z-copy.png").write_bytes((folder / "bowl-red.png").read_bytes())
    (folder / "z-copy.txt").write_text("a red <b>ceramic</b> bowl & more")
    (folder / "z-broken.jpg").write_bytes(b"\xff\xd8\xff not a picture")
    (folder / "z-broken.txt").write_text("a blue mug")
    (folder / "notes.txt").write_text("a text file that belongs to no picture")
    return folder


@pytest.fixture(scope="session")
def small() -> PairSettings:
    """The bundled settings at 64 px, in shards of four."""
    changes = {"side": SIDE, "latent_cell": 8, "shard_size": 4, "batch_size": 3, "edits_per_picture": 3}
    band = {
        "similarity": {"low": 0.05, "high": 1.0, "unit": "quantile"},
        "duplicate": 0.99999,
        "agreement": "word",
    }
    return PairSettings.model_validate(load_settings("bundled").model_dump() | changes | band)


@pytest.fixture(scope="session")
def source(shop: Path) -> Source:
    return Source(folder=str(shop))
