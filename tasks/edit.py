"""Edit: words go to one engine, before/after pairs to the other; what they make goes to the night's folder."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from typing import Any

from editcore.attempts import Memory
from editcore.columns import Row
from editcore.editors.base import EditRequest, EditResult
from editcore.figures import Figures
from editcore.night import Night, seed_of
from editcore.shardwork import LANES, work_shard
from tasks import models, pairs, pictures


def run(night_path: str, shard: int) -> dict[str, Any]:
    """Edit one shard; returns its counts."""
    night = Night.open(night_path)
    memory = Memory(Figures(), lambda: models.offload(night))

    def work(batch: list[Row]) -> Sequence[Row | Exception]:
        with memory.figures.timed("read"):
            requests = [_request(row, night) for row in batch]
        good = [request for request in requests if isinstance(request, EditRequest)]
        columns = _edit(good, group(batch[0]), night, memory.figures) if good else {}
        return [r if isinstance(r, Exception) else columns[r.row_id] for r in requests]

    return work_shard(night_path, "edit", shard, work, models.batch_size(night), LANES, group, memory)


def group(row: Row) -> str:
    """Rows with the same key are edited together: what the engine sets itself up for. Empty for words alone, which
    the editor reads; pairs go to the transfer engine."""
    return row.get("pair") or ""


def _edit(requests: list[EditRequest], key: str, night: Night, figures: Figures) -> dict[str, Row]:
    """Columns by row; what the engine counted meanwhile (``engine.figures``) is added to ``figures``."""
    part = "transfer" if key else "editor"
    with models.borrow(part, night, key, figures) as engine, figures.timed("model"):
        started, before = time.monotonic(), dict(getattr(engine, "figures", {}))
        results = engine.edit(requests)
        seconds = (time.monotonic() - started) / len(requests)
        figures.add_all(getattr(engine, "figures", {}), before)
        name = engine.identity.get("name", night.profile.name)
    with figures.timed("write"):
        return {
            request.row_id: _columns(request, result, night, name, seconds)
            for request, result in zip(requests, results, strict=True)
        }


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
            exemplars=pairs.exemplars(row, night),
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
