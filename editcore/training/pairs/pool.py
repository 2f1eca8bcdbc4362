"""The pool: each picture read safely, its product found and framed, described and embedded.

Whatever is wrong with one picture becomes its row's code; the others go on. What a row holds stands in ``POOL``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
import pyarrow as pa

from editcore import images, storage
from editcore.editors.crop import Box, bounds, object_box, picture_box, take
from editcore.outcomes import Outcome, Verdict, judge
from editcore.segmentation import segment
from editcore.training.pairs.captions import GIVEN, Captioner
from editcore.training.pairs.run import MAX_BYTES, PairRun, Row
from editcore.training.pairs.settings import PairSettings

MAX_PIXELS = 60_000_000
PICTURE_QUALITY = 95
"""JPEG, 4:4:4: a tenth of the bytes of PNG, and its error (above 40 dB) is far below an autoencoder's (30 dB)."""

POOL = pa.schema(
    [
        ("item_id", pa.string()),
        ("sku", pa.string()),
        ("uri", pa.string()),
        ("sha256", pa.string()),
        ("outcome", pa.string()),  # editcore.outcomes
        ("code", pa.string()),
        ("message", pa.string()),
        ("caption", pa.string()),
        ("captioner", pa.string()),  # "given", or the captioner's name
        ("mask_source", pa.string()),
        ("mask_doubt", pa.string()),  # why a person should check the mask; empty if fine
        ("embedding", pa.list_(pa.float32())),  # CLIP, unit length, of the framed picture
    ]
)


def make_part(run: PairRun, shard: int, clip: Any, captioner: Captioner) -> dict[str, int]:
    """Read, describe and embed the pictures of one shard; returns the counts of outcomes."""
    items = run.read("items", shards=[shard]).to_pylist()
    rows: list[Row] = []
    for start in range(0, len(items), run.settings.batch_size):
        rows += _batch(run, items[start : start + run.settings.batch_size], clip, captioner)
    run.write("pool", shard, rows, POOL)
    return {str(outcome): sum(r["outcome"] == outcome for r in rows) for outcome in Outcome}


def frame(picture: np.ndarray, alpha: np.ndarray, settings: PairSettings) -> tuple[np.ndarray, np.ndarray]:
    """The square around the product and its mask, (side, side, 3) and (side, side) uint8.

    The product's longer side fills ``settings.fill`` of it and stands in the middle, so that two photos of a pair
    show their products in the same place; what lies outside the picture is mirrored, outside the mask empty."""
    return cut(picture, alpha, object_box(alpha, settings.fill), settings.side)


def cut(
    picture: np.ndarray, alpha: np.ndarray, box: Box, side: int, beyond: int = cv2.BORDER_REFLECT_101
) -> tuple[np.ndarray, np.ndarray]:
    """A square of a picture and of its mask, (side, side, 3) and (side, side) uint8. beyond: what the picture shows
    outside its borders, as in cv2."""
    rgb = take(picture, box, side, beyond)
    return _bytes(rgb), _bytes(take(alpha, box, side, cv2.BORDER_CONSTANT))


def setting_box(alpha: np.ndarray) -> Box:
    """The largest square inside the picture that holds the product, as central as it may be.

    If the product is longer than the picture's shorter side: the smallest square around the picture. alpha: (H, W)
    uint8. ValueError if it is empty."""
    height, width = alpha.shape
    left, top, right, bottom = bounds(alpha)
    side = min(height, width)
    if max(right - left, bottom - top) > side:
        return picture_box(height, width)
    x0, y0 = (
        min(max((size - side) // 2, end - side), start)
        for size, start, end in ((width, left, right), (height, top, bottom))
    )
    return x0, y0, x0 + side, y0 + side


def picture_path(run: PairRun, item_id: str, kind: str = "") -> str:
    """Where the framed picture lies (JPEG), for pairs of a kind."""
    return run.file("images", f"{item_id}{_scene(run, kind)}.jpg")


def mask_path(run: PairRun, item_id: str, kind: str = "") -> str:
    """Where the product's mask lies (PNG), framed the same way."""
    return run.file("images", f"{item_id}{_scene(run, kind)}.mask.png")


def _scene(run: PairRun, kind: str) -> str:
    return ".scene" if kind == "setting" and run.settings.whole_settings else ""


def _batch(run: PairRun, items: Sequence[Row], clip: Any, captioner: Captioner) -> list[Row]:
    read = [_read(run, item) for item in items]
    good = [(row, picture) for row, picture in read if picture is not None]
    pictures = [picture for _, picture in good]
    if pictures:
        for (row, _), embedding in zip(good, clip.images(pictures), strict=True):
            row["embedding"] = embedding.astype(np.float32).tolist()
        mute = [(row, picture) for row, picture in good if not row["caption"]]
        told = captioner.describe([picture for _, picture in mute]) if mute else []
        for (row, _), caption in zip(mute, told, strict=True):
            row |= {"caption": caption, "captioner": captioner.name}
    return [row for row, _ in read]


def _read(run: PairRun, item: Row) -> tuple[Row, np.ndarray | None]:
    """The row of a picture and the framed picture, None if it cannot be used."""
    row = {name: item[name] for name in ("item_id", "sku", "uri", "sha256")}
    try:
        picture = images.load(_bytes_of(item["uri"], "not_found"), MAX_PIXELS, MAX_BYTES)
        given = None
        if item["mask_uri"]:
            mask = _bytes_of(item["mask_uri"], "mask_not_found")
            given = images.load_mask(mask, picture.height, picture.width)
        matte = segment(picture, given)
        rgb, mask_ = frame(picture.rgb, matte.alpha, run.settings)
        squares = {"": (rgb, mask_)}
        if run.settings.whole_settings:
            box, side = setting_box(matte.alpha), run.settings.side
            # Mirrored, a border would show the product once more, as background.
            squares["setting"] = cut(picture.rgb, matte.alpha, box, side, cv2.BORDER_REPLICATE)
    except Exception as error:  # whatever it is, it is this picture's and not the run's
        verdict = judge(error)
        return row | _outcome(verdict), None
    for kind, (square, mask_) in squares.items():
        storage.put(picture_path(run, item["item_id"], kind), images.encode(square, "JPEG", PICTURE_QUALITY))
        storage.put(mask_path(run, item["item_id"], kind), images.encode(mask_, "PNG"))
    caption = "" if run.settings.recaption else item["caption"] or ""
    found = {"mask_source": matte.source, "mask_doubt": matte.doubt, "caption": caption, "captioner": GIVEN}
    return row | _outcome(Verdict()) | found, rgb


def _bytes_of(uri: str, code: str) -> bytes:
    try:
        return storage.read_bytes(uri, MAX_BYTES + 1)
    except (FileNotFoundError, IsADirectoryError, ValueError):
        raise images.BadInput(code, f"There is no file {storage.name_of(uri)!r}.") from None


def _outcome(verdict: Verdict) -> Row:
    return {"outcome": str(verdict.outcome), "code": verdict.code, "message": verdict.message}


def _bytes(array: np.ndarray) -> np.ndarray:
    return np.clip(np.round(array), 0, 255).astype(np.uint8)
