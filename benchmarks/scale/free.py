"""A night of which everything is real but the work on the pictures: parts, batches, books, delivery.

``submitter`` stands in for Prefect and for ``tasks``: ingest, segment, edit and score are ``shardwork.work_shard``
with the batch sizes of the real tasks and work that gives a row's columns at once. No picture is opened and, but for
one row in ``SHOWN``, none is written; those rows alone pass the thresholds, so they are the ones delivered.
"""

from __future__ import annotations

import itertools
import json
import os
import signal
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Any

import numpy as np

from editcore.columns import Row
from editcore.night import Night, seed_of
from editcore.shardwork import LANES, work_shard
from flows.steps import Do, Done, Submit, Submitter
from tasks import ingest, pictures, score, segment

SHOWN = 100
BATCHES = {"ingest": ingest.BATCH, "segment": segment.BATCH, "edit": 16, "score": score.BATCH}
PICTURE = np.random.default_rng(0).integers(0, 255, (32, 32, 3), np.uint8)


def submitter(first: Callable[[], None], kill_after: int | None = None) -> Submitter:
    """Does each step where it is submitted, in the thread that asks. ``first`` is called before a step is done;
    ``kill_after``: steps of shards after which the process ends itself by SIGKILL."""
    done = itertools.count()

    def make(do: Do) -> Submit:
        def submit(step: str, path: str, shard: int, before: Done | None) -> Done:
            first()
            if next(done) == kill_after:
                os.kill(os.getpid(), signal.SIGKILL)
            future: Future[Any] = Future()
            future.set_result(_work(step, path, shard) if step in BATCHES else do(step, path, shard))
            return future

        return submit

    return make


def _work(step: str, path: str, shard: int) -> dict[str, Any]:
    night = Night.open(path)

    def work(batch: list[Row]) -> Sequence[Row | Exception]:
        return [COLUMNS[step](row, night) for row in batch]

    return work_shard(path, step, shard, work, BATCHES[step], LANES if step == "edit" else 1)


def _ingested(row: Row, night: Night) -> Row:
    return {"width": 32, "height": 32, "source_format": "PNG"}


def _segmented(row: Row, night: Night) -> Row:
    figures = {"mask_area": 0.25, "mask_border_share": 0.0, "mask_components": 1, "mask_soft_share": 0.1}
    figures |= {"mask_ragged": 1.0, "mask_disagreement": 0.0, "mask_doubt": "", "mask_source": "stand-in"}
    return figures | {"mask_path": f"images/{row['source_sha256'][:16]}-mask.png"}


def _edited(row: Row, night: Night) -> Row:
    name = row["row_id"]
    if _shown(row):
        pictures.put_png(night, f"{name}-after", PICTURE)
    places = {"image_path": f"images/{name}-after.png", "region_path": f"images/{name}-region.png"}
    told = {"warnings_json": "[]", "notes_json": json.dumps({"crop": 32}), "engine": "stand-in"}
    return places | told | {"seed": seed_of(name), "steps": 8, "edit_seconds": 0.0}


def _scored(row: Row, night: Night) -> Row:
    figures = dict.fromkeys(("kept_psnr", "kept_ssim", "clip_text", "clip_direction", "clip_image"), 0.5)
    figures |= {"kept_psnr": 100.0, "lpips": 0.2, "lpips_kept": 0.0, "chroma_error": 5.0, "delta_e": 4.0}
    appearance = {"background_l": 90.0, "background_a": 0.0, "background_b": 2.0, "product_share": 0.25}
    seed = seed_of(row["row_id"])
    varied = {"chroma_error": seed % 97 / 4, "background_l": 90 + seed % 31 / 10, "shadow_angle": seed % 60}
    change = 10.0 if _shown(row) else 0.0
    return figures | appearance | varied | {"kept_max_diff": 0, "region_change": change}


def _shown(row: Row) -> bool:
    return seed_of(row["row_id"]) % SHOWN == 0


COLUMNS = {"ingest": _ingested, "segment": _segmented, "edit": _edited, "score": _scored}
