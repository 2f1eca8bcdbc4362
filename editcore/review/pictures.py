"""A row's pictures as the page shows them: small ones as WebP, full ones without loss."""

from __future__ import annotations

import io
import os
import threading
from collections import OrderedDict
from typing import Any, Literal

from editcore import storage
from editcore.delivery.pictures import locate, locate_source, open_picture, shrink
from editcore.review.shown import Shown

Kind = Literal["before", "after", "region", "mask", "raw"]
COLUMN = {"after": "image_path", "region": "region_path", "mask": "mask_path", "raw": "raw_path"}
SIDES = (0, 320, 1600)
"""Longest sides that may be asked for, pixels; 0: as large as it is."""
QUALITY = 90
CACHE = 256 << 20
"""Bytes of finished pictures that are kept."""
MAKERS = min(4, os.cpu_count() or 1)
"""Pictures decoded at once: each may be large, and more than the cores can do only fills the memory."""


class Pictures:
    """Makes pictures and keeps the last ones: the page asks for five ahead, and two people look at one line."""

    def __init__(self, room: int = CACHE) -> None:
        self._room, self._lock = room, threading.Lock()
        self._making = threading.BoundedSemaphore(MAKERS)
        self._kept: OrderedDict[tuple[str, str, int], tuple[bytes, str]] = OrderedDict()

    def of(self, shown: Shown, row: dict[str, Any], kind: Kind, side: int) -> tuple[bytes, str]:
        """File and media type. ``FileNotFoundError`` when it is gone, ``ValueError`` when it cannot be read."""
        key = (str(row["picture"]), kind, side)
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
        data = storage.read_bytes(_place(shown, row, kind))
        with self._making:
            made = _make(data, kind, side)
        with self._lock:
            self._kept[key] = made
            while sum(len(data) for data, _ in self._kept.values()) > self._room:
                self._kept.popitem(last=False)
        return made


def _place(shown: Shown, row: dict[str, Any], kind: Kind) -> str:
    if kind == "before":
        place = locate_source(row, shown.output)
    else:
        place = locate(row.get(COLUMN[kind]), shown.run, shown.output)
    if place is None:
        raise FileNotFoundError(f"The picture {kind!r} of this row is gone.")
    return place


def _make(data: bytes, kind: Kind, side: int) -> tuple[bytes, str]:
    if side == 0 and kind != "before":
        return data, "image/png"  # as the night wrote it
    picture = open_picture(data)
    sink = io.BytesIO()
    if side == 0:
        picture.save(sink, "PNG", compress_level=1)
        return sink.getvalue(), "image/png"
    small = shrink(picture, side)
    if kind in ("region", "mask"):
        small = small.convert("L")
    small.save(sink, "WEBP", quality=QUALITY, method=1, icc_profile=None)
    return sink.getvalue(), "image/webp"
