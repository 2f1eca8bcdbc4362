"""Score: columns for every edited picture. No verdict here; routing judges."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from editcore import images
from editcore.columns import Row
from editcore.night import Night
from editcore.scoring import ScoreRequest
from editcore.shardwork import work_shard
from tasks import models, pairs, pictures

BATCH = 8


def run(night_path: str, shard: int) -> dict[str, Any]:
    """Score one shard; returns its counts."""
    night = Night.open(night_path)

    def work(batch: list[Row]) -> Sequence[Row | Exception]:
        requests = [_request(row, night) for row in batch]
        good = [request for request in requests if isinstance(request, ScoreRequest)]
        with models.borrow("scorer", night) as scorer:
            scores = iter(scorer.score(good) if good else [])
        return [request if isinstance(request, Exception) else next(scores) for request in requests]

    return work_shard(night_path, "score", shard, work, BATCH)


def _request(row: Row, night: Night) -> ScoreRequest | Exception:
    try:
        return ScoreRequest(
            before=pictures.source(row, night).rgb,
            after=pictures.get_png(night, row["image_path"]),
            region=pictures.get_png(night, row["region_path"]),
            alpha=pictures.get_png(night, row["mask_path"]),
            words=row["words"],
            target=row["target"],
            caption=row["caption"],
            after_alpha=_moved(row, night),
        )
    except Exception as error:
        return error


def _moved(row: Row, night: Night) -> np.ndarray | None:
    """Matte of the product in the result, where a pair may have moved it; None elsewhere, and where none is found."""
    if not pairs.moves(row, night):
        return None
    after = images.Picture(
        pictures.get_png(night, row["image_path"]), None, "PNG", (row["width"], row["height"])
    )
    with models.borrow("segmenter", night) as segment:
        try:
            return np.asarray(segment(after).alpha)
        except images.BadInput:
            return None
