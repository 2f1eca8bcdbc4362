"""A small catalogue with every kind of trouble, and a campaign over it that needs no model."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import yaml
from PIL import Image

PROFILE = {
    "name": "stand-in",
    "licence": "none",
    "editor": "standin:Editor",
    "transfer": "standin:Transfer",
    "segmenter": "standin:segment",
    "scorer": "standin:Scorer",
    "options": {"batch_size": 3},
}
RECIPES = [
    {"id": "navy", "words": "make it navy blue"},
    {"id": "beige", "words": "warm beige studio background", "target": "background"},
]


def write_pictures(folder: Path, good: int = 5) -> None:
    """``good`` pictures, one text file named .jpg, one empty file, one with an odd name."""
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(0)
    for number in range(good):
        pixels = rng.integers(0, 255, (48, 40, 3), np.uint8)
        Image.fromarray(pixels).save(folder / f"mug-{number}.png")
    (folder / "notes.jpg").write_text("this is no picture")
    (folder / "empty.png").write_bytes(b"")
    Image.fromarray(rng.integers(0, 255, (40, 48, 3), np.uint8)).save(folder / "weiß & 'rot' ..png")


def write_pair(
    folder: Path, rgb: tuple[int, int, int] = (200, 40, 40), name: str = "after"
) -> dict[str, str]:
    """before.png, a grey square on white, and ``name``.png, the same square in ``rgb``; as a recipe's exemplar."""
    folder.mkdir(parents=True, exist_ok=True)
    for file, colour in (("before", (120, 120, 120)), (name, rgb)):
        picture = np.full((96, 96, 3), 245, np.uint8)
        picture[24:-24, 24:-24] = colour
        Image.fromarray(picture).save(folder / f"{file}.png")
    return {"before": f"{folder.name}/before.png", "after": f"{folder.name}/{name}.png"}


def write_campaign(home: Path, **changes: Any) -> Path:
    """A campaign file in ``home`` with its pictures and profile; ``changes`` replace fields."""
    if not (home / "photos").exists():
        write_pictures(home / "photos")
    (home / "standin.yaml").write_text(yaml.safe_dump(PROFILE))
    fields = {
        "name": "test",
        "source": {"folder": "photos"},
        "recipes": RECIPES,
        "profile": "standin.yaml",
        "output": "out",
        "shard_size": 6,
        **changes,
    }
    file = home / "campaign.yaml"
    file.write_text(yaml.safe_dump(fields))
    return file
