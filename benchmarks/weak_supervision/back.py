"""Back-translation: the pool's own photos as targets, and sources made of them.

A pseudo-target is found or put together, and shows what went wrong with that. The other way round (for translation:
Sennrich et al. 2016, arXiv 1511.06709) the target is a real photo with its true caption, and what is made by machine
is the source: the product recoloured by the compositor. For a setting the source is the photo itself, its background
hidden.
"""

from __future__ import annotations

from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.weak_supervision.exact import as_row, write_rows
from benchmarks.weak_supervision.plan import POOL_SEED, Plan
from benchmarks.weak_supervision.pool import TABLE, settings
from benchmarks.weak_supervision.spread import spread
from editcore import images
from editcore.editors.recolour import compose_recolour
from editcore.lexicon import COLOURS, askable_colours, parse
from editcore.segmentation import segment
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
    colour, side = COLOURS[name].rgb, len(square)
    flat = np.broadcast_to(np.array(colour, np.float32) / 255, square.shape)
    recoloured = compose_recolour(square, product, flat, (0, 0, side, side), colour)[0]
    words = {"source_caption": f"a {name} product", "edit_prompt": caption, "old": name, "new": caption}
    rows = [as_row([file.stem, "colour"], "colour", (recoloured, square), product, **words)]
    if parse(caption, "product").setting:
        whole = (picture.rgb, picture.rgb)
        rows.append(as_row([file.stem, "setting"], "setting", whole, 255 - alpha, **words))
    return rows
