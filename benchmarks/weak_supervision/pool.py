"""The customer's range: captioned photos, each product in one look and one scene, and the pseudo-pairs found in it."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from pathlib import Path
from random import Random

import pandas as pd

from benchmarks.weak_supervision import wording
from benchmarks.weak_supervision.plan import POOL_SEED, Plan
from benchmarks.weak_supervision.spread import spread
from editcore import images
from editcore.campaign import Columns, Source
from editcore.studio.photograph import photograph, sample_setup
from editcore.training.pairs.make import make, work
from editcore.training.pairs.pool import PICTURE_QUALITY
from editcore.training.pairs.run import begin
from editcore.training.pairs.settings import PairSettings, load_settings
from editcore.training.pictures import to_uint8

TABLE = "photos.csv"


def settings() -> PairSettings:
    """How the pairs are made: settings framed around the product too, as when the table was measured."""
    return load_settings("bundled").model_copy(update={"whole_settings": False})


def photos(plan: Plan) -> None:
    """Photograph the pool, one setup a product; the table comes last."""
    folder, side = plan.work / "photos", settings().side
    folder.mkdir(parents=True, exist_ok=True)
    seeds = range(POOL_SEED, POOL_SEED + plan.photos)
    rows = list(spread(plan.workers, partial(photo, folder=folder, kinds=plan.kinds, side=side), seeds))
    table = pd.DataFrame(rows, columns=["sku", "image", "caption", "mask"])
    (table if plan.exact_masks else table.drop(columns="mask")).to_csv(folder / TABLE, index=False)


def photo(seed: int, folder: Path, kinds: tuple[str, ...], side: int) -> tuple[str, str, str, str]:
    """Write one photo and its exact mask; returns its row of the table."""
    setup = sample_setup(seed, kinds[seed % len(kinds)])
    taken = photograph([setup], side)
    name = str(seed)
    rgb = to_uint8(taken.rgb_B3HW[0]).transpose(1, 2, 0)
    (folder / f"{name}.jpg").write_bytes(images.encode(rgb, "JPEG", PICTURE_QUALITY))
    (folder / f"{name}.mask.png").write_bytes(images.encode(to_uint8(taken.mask_B1HW[0])[0], "PNG"))
    return name, f"{name}.jpg", wording.as_sold(setup, Random(seed)), f"{name}.mask.png"


def pairs(plan: Plan) -> None:
    """``vitrine pairs`` over the pool, several shards at once."""
    columns = Columns(caption="caption", mask="mask" if plan.exact_masks else None)
    source = Source(table=str((plan.work / "photos" / TABLE).absolute()), columns=columns)
    run = begin(source, str(plan.work / "pairs"), settings())

    def each(step: str, path: str, shards: Iterable[int]) -> None:
        list(spread(plan.workers, partial(work, step, path), shards))

    summary = make(run, each)
    print(f"pairs: {summary['pairs']} of {summary['pictures_ok']} pictures, {summary['pairs_by_kind']}")
    if not summary["pairs"]:
        raise ValueError("found no pseudo-pair in the pool; give a larger scale")
