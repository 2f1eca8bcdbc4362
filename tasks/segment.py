"""Segment: a soft matte per picture and region. Rows that share a picture share the work and the file."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from editcore.columns import Row
from editcore.night import Night
from editcore.shardwork import work_shard
from tasks import models, pictures

BATCH = 8
IDENTITY = ("source_uri", "source_sha256", "given_mask_uri", "given_mask_sha256", "region")
"""What a matte depends on."""


def run(night_path: str, shard: int) -> dict[str, Any]:
    """Segment one shard; returns its counts."""
    night = Night.open(night_path)

    @lru_cache(maxsize=16)
    def columns(*identity: str | None) -> Row:
        return _segment(night, dict(zip(IDENTITY, identity, strict=True)))

    def one(row: Row) -> Row | Exception:
        try:
            return columns(*(row[name] for name in IDENTITY))
        except Exception as error:
            return error

    def work(batch: list[Row]) -> Sequence[Row | Exception]:
        return [one(row) for row in batch]

    return work_shard(night_path, "segment", shard, work, BATCH)


def _segment(night: Night, row: Row) -> Row:
    picture = pictures.source(row, night)
    given = pictures.read_mask(row, night, picture.height, picture.width) if row["given_mask_uri"] else None
    with models.borrow("segmenter", night) as segment:
        matte = segment(picture, given_mask=given, region=row["region"] or None)
    identity = "\n".join(row[name] or "" for name in IDENTITY)
    name = hashlib.sha256(identity.encode("utf-8", "surrogatepass")).hexdigest()[:16]
    return {
        "mask_path": pictures.put_png(night, f"{name}-mask", matte.alpha),
        "mask_source": matte.source,
        "mask_area": matte.figures.area,
        "mask_border_share": matte.figures.border_share,
        "mask_components": matte.figures.components,
        "mask_soft_share": matte.figures.soft_share,
        "mask_ragged": matte.figures.ragged,
        "mask_disagreement": matte.figures.disagreement,
        "mask_doubt": matte.doubt,
    }
