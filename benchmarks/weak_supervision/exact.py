"""Full supervision: exact targets for the same kinds of edits, as many, in the format of the pseudo-pairs."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.weak_supervision import wording
from benchmarks.weak_supervision.plan import EXACT_SEED, Plan
from benchmarks.weak_supervision.pool import settings
from benchmarks.weak_supervision.spread import spread
from editcore import images
from editcore.fingerprint import digest
from editcore.studio.edits import Edit, photograph_edit, sample_edit
from editcore.studio.photograph import sample_setup
from editcore.training.pairs.dataset import SCHEMA
from editcore.training.pairs.masks import region
from editcore.training.pairs.pool import PICTURE_QUALITY, frame
from editcore.training.pictures import to_uint8

EDITS = {"colour": "recolour", "material": "material", "pattern": "pattern", "setting": "background"}
"""Kinds of swaps and the exact edits that they stand for. Another noun has none: it is another product."""
TRIES, APART = 12, 10_000
"""Specimens that are tried for an edit, and how far their seeds lie apart: all stay below the evaluation's."""


def exact(plan: Plan) -> None:
    """Photograph as many exact pairs as there are pseudo-pairs, kinds in the same proportion."""
    summary = json.loads((plan.work / "pairs" / "summary.json").read_text("utf-8"))
    found = {kind: n for kind, n in summary["pairs_by_kind"].items() if kind in EDITS} or {"colour": 1}
    count, rng = summary["pairs"], Random(EXACT_SEED)
    kinds = rng.choices(list(found), list(found.values()), k=count)
    seeds = range(EXACT_SEED, EXACT_SEED + count)
    rows = list(spread(plan.workers, partial(pair_row, products=plan.kinds), seeds, kinds))
    write_rows(plan.work / "exact", rows)


def write_rows(folder: Path, rows: Sequence[dict[str, Any]]) -> None:
    """A data set of pairs, put in place in one move."""
    part, size = folder / "pairs.part", settings().shard_size
    part.mkdir(parents=True, exist_ok=True)
    for shard, start in enumerate(range(0, len(rows), size)):
        table = pa.Table.from_pylist(list(rows[start : start + size]), schema=SCHEMA)
        pq.write_table(table, part / f"part-{shard:05d}.parquet", compression="zstd")
    part.rename(part.with_name("pairs"))


def pair_row(seed: int, kind: str, products: tuple[str, ...]) -> dict[str, Any]:
    """One exact pair as a row of ``dataset.SCHEMA``; figures of retrieval are not a number."""
    made = settings()
    edit = _edit(seed, kind, products)
    photos = photograph_edit(edit, made.side)
    alpha = to_uint8(photos.source.mask_B1HW[0])[0]
    ends = []
    for taken in (photos.source, photos.target):
        rgb = np.ascontiguousarray(to_uint8(taken.rgb_B3HW[0]).transpose(1, 2, 0))
        # At work a background's model sees the whole picture, any other's the square around the product.
        square, product = (rgb, alpha) if kind == "setting" else frame(rgb, alpha, made)
        ends.append(square)
    changes = 255 - product if kind == "setting" else product
    before, after = (wording.as_sold(setup, Random(seed)) for setup in (edit.source, edit.target))
    if kind == "setting":  # the product alone would not say what changed
        before, after = wording.in_full(edit.source), wording.in_full(edit.target)
    return as_row(
        [seed, kind],
        kind,
        (ends[0], ends[1]),
        changes,
        source_caption=before,
        edit_prompt=after,
        old=before,
        new=after,
    )


def as_row(
    about: Any, kind: str, ends: tuple[np.ndarray, np.ndarray], changes: np.ndarray, **words: str
) -> dict[str, Any]:
    """A row of ``dataset.SCHEMA`` of a source and its right target; figures of retrieval are not a number."""
    made = settings()
    source, target = (images.encode(picture, "JPEG", PICTURE_QUALITY) for picture in ends)
    mask = images.encode(changes, "PNG")
    where = region(changes, changes, made.mask_threshold, made.latent_cell)
    return {
        "pair_id": digest(about)[:16], "source": source, "target": target, "region": images.encode(where, "PNG"),
        "source_mask": mask, "target_mask": mask, "target_caption": words["edit_prompt"], "kind": kind,
        "similarity": float("nan"), "gain": float("nan"), "masker": "exact", **words,
    }  # fmt: skip


def _edit(seed: int, kind: str, products: tuple[str, ...]) -> Edit:
    """An edit of a kind; products that cannot have it are passed over."""
    rng = Random(seed)
    for number in range(TRIES):
        setup = sample_setup(seed + APART * number, products[(seed + number) % len(products)])
        if edit := sample_edit(EDITS[kind], setup, rng):
            return edit
    raise ValueError(f"found no product for {kind} among {', '.join(products)}")
