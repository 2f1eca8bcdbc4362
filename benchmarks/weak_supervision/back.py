"""Back-translation (``editcore.training.pairs.back``) for models that are told whole captions.

So every photo is recoloured, whatever its caption names: two colours, a pattern, a material.
"""

from __future__ import annotations

from pathlib import Path
from random import Random
from typing import Any

import pandas as pd

from benchmarks.weak_supervision.exact import as_row, write_rows
from benchmarks.weak_supervision.plan import POOL_SEED, Plan
from benchmarks.weak_supervision.pool import TABLE, settings
from benchmarks.weak_supervision.spread import spread
from editcore import images
from editcore.lexicon import askable_colours, parse
from editcore.segmentation import segment
from editcore.training.pairs.back import recoloured
from editcore.training.pairs.pool import frame


def back(plan: Plan) -> None:
    """Two rows a photo: its product in another colour, and its background hidden."""
    table = pd.read_csv(plan.work / "photos" / TABLE, dtype=str)
    files = [plan.work / "photos" / name for name in table["image"]]
    made = spread(plan.workers, rows_of, files, table["caption"])
    write_rows(plan.work / "back", [row for rows in made for row in rows])


def rows_of(file: Path, caption: str) -> list[dict[str, Any]]:
    """The rows of one photo: none if no product is found in it, one if the caption says nothing of the setting."""
    picture = images.load(file.read_bytes())
    alpha, rng = segment(picture).alpha, Random(f"{POOL_SEED} {file.stem}")
    if not (alpha > 127).any():
        return []
    square, product = frame(picture.rgb, alpha, settings())
    name = rng.choice(askable_colours())
    words = {"source_caption": f"a {name} product", "edit_prompt": caption, "old": name, "new": caption}
    rows = [
        as_row([file.stem, "colour"], "colour", (recoloured(square, product, name), square), product, **words)
    ]
    if parse(caption, "product").setting:
        whole = (picture.rgb, picture.rgb)
        rows.append(as_row([file.stem, "setting"], "setting", whole, 255 - alpha, **words))
    return rows
