"""What the report shows of one row: its pictures, its scores in words, its route and reason."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pandas as pd
from PIL import Image

from editcore import storage
from editcore.delivery.pictures import data_uri, locate, locate_source, open_picture, shrink, tint_region

PICTURE_SIDE = 600
DETAIL_SIDE = 320
THUMB_SIDE = 200
"""Longest sides of the embedded pictures, pixels."""

SCORES: tuple[tuple[str, str, str, str], ...] = (
    (
        "chroma_error",
        "Colour error",
        "{:.1f}",
        "Chroma distance to the named colour (CIELAB); lower is better",
    ),
    ("delta_e", "ΔE", "{:.1f}", "CIEDE2000 to the named colour; lower is better"),
    (
        "clip_direction",
        "Direction",
        "{:.2f}",
        "CLIP: did the picture move the way the words say; higher is better",
    ),
    ("clip_text", "Words fit", "{:.2f}", "CLIP: picture against the words; higher is better"),
    ("clip_image", "Likeness", "{:.2f}", "CLIP: after against before"),
    (
        "region_change",
        "Change",
        "{:.1f}",
        "Mean CIEDE2000 where pixels may change; 1 is just visible, near zero means nothing happened",
    ),
    ("range_delta_e", "Range ΔE", "{:.1f}", "CIEDE2000 of the background to the rest of the recipe"),
    ("lpips", "LPIPS", "{:.2f}", "Perceptual distance of the whole picture"),
    ("lpips_kept", "LPIPS kept", "{:.3f}", "Perceptual distance of what had to stay; lower is better"),
    ("kept_psnr", "Kept PSNR", "{:.1f} dB", "Of the pixels that had to stay; higher is better"),
    ("kept_ssim", "Kept SSIM", "{:.3f}", "Of the pixels that had to stay; higher is better"),
    ("mask_soft_share", "Soft mask", "{:.2f}", "Share of half-transparent mask; high means a doubtful mask"),
)
"""(column, label, format, explanation) in the order shown."""


def full_card(index: int, row: dict[str, Any], run: str, root: str) -> dict[str, Any]:
    """A row with its pictures (before, after, mask, raw, as far as they are there) and its thumbnail."""
    before = _load(locate_source(row, root), run, root)
    after = _load(row.get("image_path"), run, root)
    mask = _load(row.get("region_path"), run, root) or _load(row.get("mask_path"), run, root)
    raw = _load(row.get("raw_path"), run, root)
    views = [("before", "Before", before, PICTURE_SIDE), ("after", "After", after, PICTURE_SIDE)]
    if before and mask:
        small = shrink(before, DETAIL_SIDE)
        views.append(("mask", "Mask", tint_region(small, mask), DETAIL_SIDE))
    views.append(("raw", "Model output", raw, DETAIL_SIDE))
    pictures = [
        {"kind": kind, "label": label, "src": data_uri(small), "width": small.width, "height": small.height}
        for kind, label, picture, side in views
        if picture and (small := shrink(picture, side))
    ]
    return line_of(index, row) | {
        "pictures": pictures,
        "thumb": data_uri(shrink(after, THUMB_SIDE)) if after else "",
        "scores": score_list(row),
        "warnings": warnings_of(row.get("warnings_json")),
        "mask_doubt": text_of(row.get("mask_doubt")),
        "mask_source": text_of(row.get("mask_source")),
        "size": f"{after.width} × {after.height}" if after else "",
        "target": text_of(row.get("target")),
        "seed": text_of(row.get("seed")),
        "engine": text_of(row.get("engine")),
    }


def line_of(index: int, row: dict[str, Any]) -> dict[str, Any]:
    """A row in words: who it is, where it went and why, with its first three scores."""
    ok = row["outcome"] == "ok"
    return {
        "id": f"row-{index}",
        "sku": called(row),
        "recipe": row["recipe_id"],
        "words": text_of(row.get("words")),
        "follows_pair": bool(text_of(row.get("pair"))),
        "route": row["route"] if ok else ("skipped" if row["outcome"] == "skipped" else "failed"),
        "reason": text_of(row.get("reason")) if ok else (text_of(row["message"]) or row["code"]),
        "file": text_of(row.get("delivered_path")),
        "scores": score_list(row)[:3],
    }


def called(row: Mapping[str, Any]) -> str:
    """What people call a row's product."""
    return text_of(row.get("sku")) or text_of(row.get("item_id")) or "(no SKU)"


def score_list(row: Mapping[str, Any]) -> list[dict[str, str]]:
    """The scores of a row in words and figures; what was not measured is left out."""
    shown = []
    difference = row.get("kept_max_diff")
    if not _absent(difference):
        text = "identical" if difference == 0 else f"differ by up to {difference:g}"
        shown.append(
            {"label": "Other pixels", "value": text, "help": "Pixels outside the region, against the source"}
        )
    for column, label, form, explanation in SCORES:
        value = row.get(column)
        if not _absent(value) and not (difference == 0 and column.startswith("kept_")):
            shown.append({"label": label, "value": form.format(value), "help": explanation})
    return shown


def small_card(index: int, row: dict[str, Any], run: str, root: str) -> dict[str, Any]:
    """A row with its thumbnail only."""
    after = _load(row["image_path"], run, root)
    return line_of(index, row) | {"thumb": data_uri(shrink(after, THUMB_SIDE)) if after else ""}


def _load(path: object, run: str, root: str) -> Image.Image | None:
    """A picture for the page; a page with a gap is better than no page, so nothing is raised."""
    place = locate(path, run, root)
    try:
        return open_picture(storage.read_bytes(place)) if place else None
    except (OSError, ValueError):
        return None


def warnings_of(text: object) -> list[str]:
    """The sentences of a ``warnings_json`` cell; text that is no JSON is shown as it is."""
    if not isinstance(text, str) or not text:
        return []
    try:
        values = json.loads(text)
    except ValueError:
        return [text]
    return [str(value) for value in values] if isinstance(values, list) else [str(values)]


def _absent(value: object) -> bool:
    return value is None or bool(pd.isna(value))


def text_of(value: object) -> str:
    """A cell as text; empty if absent, whole numbers without the ``.0`` that missing neighbours give them."""
    if _absent(value):
        return ""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
