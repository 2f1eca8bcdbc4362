"""Edit: the engine on batches of rows; pictures, regions and raw outputs go to the night's folder."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from typing import Any

from editcore.editors.base import EditRequest, EditResult
from editcore.manifest import Row
from editcore.night import Night, seed_of
from editcore.shardwork import work_shard
from tasks import models, pictures


def run(night_path: str, shard: int) -> dict[str, Any]:
    """Edit one shard; returns its counts."""
    night = Night.open(night_path)

    def work(batch: list[Row]) -> Sequence[Row | Exception]:
        requests = [_request(row, night) for row in batch]
        good = [request for request in requests if isinstance(request, EditRequest)]
        started = time.monotonic()
        with models.borrow("editor", night) as editor:
            results = iter(editor.edit(good) if good else [])
            engine = editor.identity.get("name", night.profile.name)
        seconds = (time.monotonic() - started) / max(len(good), 1)
        return [
            request
            if isinstance(request, Exception)
            else _columns(request, next(results), night, engine, seconds)
            for request in requests
        ]

    return work_shard(night_path, "edit", shard, work, models.batch_size(night))


def _request(row: Row, night: Night) -> EditRequest | Exception:
    try:
        return EditRequest(
            row_id=row["row_id"],
            image=pictures.source(row, night).rgb,
            alpha=pictures.get_png(night, row["mask_path"]),
            words=row["words"],
            target=row["target"],
            seed=seed_of(row["row_id"]),
            strength=row["strength"],
        )
    except Exception as error:
        return error


def _columns(request: EditRequest, result: EditResult, night: Night, engine: str, seconds: float) -> Row:
    name, notes = request.row_id, dict(result.notes)
    steps = notes.pop("steps", None)
    raw = result.raw if night.keep_raw else None
    return {
        "image_path": pictures.put_png(night, f"{name}-after", result.image),
        "region_path": pictures.put_png(night, f"{name}-region", result.region),
        "raw_path": None if raw is None else pictures.put_png(night, f"{name}-raw", raw),
        "seed": request.seed,
        "steps": None if steps is None else int(steps),
        "engine": engine,
        "warnings_json": json.dumps(list(result.warnings), ensure_ascii=False),
        "notes_json": json.dumps(notes, ensure_ascii=False, sort_keys=True),
        "edit_seconds": seconds,
    }
