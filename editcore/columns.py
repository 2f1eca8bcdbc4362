"""Every column of the night's tables: name, type, which step writes it, and what it means."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import pyarrow as pa

STEPS = ("ingest", "segment", "edit", "score", "route")
"""Steps that write parts, in order; ``plan`` comes before them, ``publish`` after."""

Row = dict[str, Any]


@dataclass(frozen=True)
class Column:
    """One column: ``step`` writes it (``key`` and ``outcome``: every step)."""

    name: str
    type: pa.DataType
    step: str
    about: str
    """Meaning, with unit and range; for scores also which direction is better."""


_TEXT, _INT, _REAL = pa.string(), pa.int64(), pa.float64()

COLUMNS: tuple[Column, ...] = (
    Column(
        "row_id", _TEXT, "key", "identity of the row: 16 hex digits of sha256 over item, picture and recipe"
    ),
    Column(
        "item_id",
        _TEXT,
        "key",
        "the SKU made safe as a file name, with a slot number or short hash if needed",
    ),
    Column("recipe_id", _TEXT, "key", "id of the recipe in the campaign file"),
    Column("shard", _INT, "key", "number of the shard the row belongs to, from 0"),
    Column(
        "outcome", _TEXT, "outcome", "ok, skipped, retryable, bad_input or model_error (editcore.outcomes)"
    ),
    Column(
        "code",
        _TEXT,
        "outcome",
        "short reason for counting, empty when ok; a skipped row keeps the first code",
    ),
    Column("message", _TEXT, "outcome", "the reason as a sentence, empty when ok"),
    Column("attempts", _INT, "outcome", "how often the step tried the row; 0 when it was skipped"),
    Column(
        "sku", _TEXT, "ingest", "the customer's SKU exactly as given (folder source: path without suffix)"
    ),
    Column("source_uri", _TEXT, "ingest", "absolute path or URL of the source picture"),
    Column(
        "source_sha256", _TEXT, "ingest", "sha256 of the source's bytes, hex; empty if it could not be read"
    ),
    Column("target", _TEXT, "ingest", "product, background or region"),
    Column("words", _TEXT, "ingest", "the instruction as written; empty for a pair alone"),
    Column(
        "pair",
        _TEXT,
        "ingest",
        "keys of the before/after pairs to follow, with blanks; empty for words alone",
    ),
    Column("region", _TEXT, "ingest", "name of the region for target region, else empty"),
    Column("strength", _REAL, "ingest", "how far to go, (0, 1]"),
    Column("given_mask_uri", _TEXT, "ingest", "customer's mask for this picture; null if none"),
    Column(
        "given_mask_sha256",
        _TEXT,
        "ingest",
        "sha256 of that mask's bytes, hex; empty if unread, null if none",
    ),
    Column("caption", _TEXT, "ingest", "customer's words about the picture; null if none"),
    Column("extra_json", _TEXT, "ingest", "the customer's other columns, a JSON object"),
    Column(
        "carried_from",
        _TEXT,
        "ingest",
        "night that made the row's result, when it was not this one; else null",
    ),
    Column(
        "attempt", _INT, "ingest", "which try at this picture and recipe; above 1 people sent it back before"
    ),
    Column("width", _INT, "ingest", "pixels, after EXIF orientation"),
    Column("height", _INT, "ingest", "pixels, after EXIF orientation"),
    Column("source_format", _TEXT, "ingest", "format found in the file, e.g. JPEG"),
    Column(
        "mask_path", _TEXT, "segment", "soft matte, grey PNG of the source's size, 255 = product or region"
    ),
    Column("mask_source", _TEXT, "segment", "given, or the model that made it"),
    Column("mask_area", _REAL, "segment", "share of the picture inside the mask, 0..1"),
    Column("mask_border_share", _REAL, "segment", "share of the picture's border touched by the mask, 0..1"),
    Column("mask_components", _INT, "segment", "number of large separate pieces; 1 is expected"),
    Column(
        "mask_soft_share", _REAL, "segment", "in-between pixels over mask area, 0..1; higher is more doubtful"
    ),
    Column(
        "mask_ragged",
        _REAL,
        "segment",
        "outline over smoothed outline; 1 = smooth; grass and fur above 1.1; 1 for a mask from people",
    ),
    Column(
        "mask_disagreement",
        _REAL,
        "segment",
        "share of the mask that most of the network's looks contest, 0..1; lower is better; 0 without a network",
    ),
    Column("mask_doubt", _TEXT, "segment", "why a person should check the mask; empty if fine"),
    Column("image_path", _TEXT, "edit", "edited picture, lossless PNG of the source's size"),
    Column(
        "region_path",
        _TEXT,
        "edit",
        "where pixels were allowed to change, grey PNG, 0 = bit-identical to source",
    ),
    Column("raw_path", _TEXT, "edit", "the model's own output for the crop, PNG; null unless keep_raw"),
    Column("seed", _INT, "edit", "seed of the row's noise, from row_id"),
    Column("steps", _INT, "edit", "sampling steps; null if the engine has none"),
    Column("engine", _TEXT, "edit", "name of the engine that made the picture"),
    Column("warnings_json", _TEXT, "edit", "sentences for the user, a JSON list"),
    Column("notes_json", _TEXT, "edit", "the engine's own figures, a JSON object"),
    Column("edit_seconds", _REAL, "edit", "seconds of the batch over its rows (timing)"),
    Column("kept_psnr", _REAL, "score", "PSNR outside the region, dB, 100 = identical; higher is better"),
    Column("kept_ssim", _REAL, "score", "SSIM of luma outside the region, -1..1; higher is better"),
    Column(
        "kept_max_diff", _INT, "score", "largest change of a channel outside the region, 0..255; 0 expected"
    ),
    Column(
        "kept_changed", _REAL, "score", "share of pixels outside the region that differ, 0..1; 0 expected"
    ),
    Column("region_change", _REAL, "score", "mean CIEDE2000 inside the region; 0 = nothing happened"),
    Column("lpips", _REAL, "score", "LPIPS between before and after, whole picture; size of the edit"),
    Column("lpips_kept", _REAL, "score", "LPIPS with the region put back: damage elsewhere; lower is better"),
    Column("lpips_model", _TEXT, "score", "which LPIPS weights made the figures; two do not compare"),
    Column("clip_text", _REAL, "score", "CLIP cosine of the result and the words, -1..1; higher is better"),
    Column(
        "clip_direction",
        _REAL,
        "score",
        "CLIP cosine of picture's and words' change, -1..1; higher is better",
    ),
    Column("clip_image", _REAL, "score", "CLIP cosine of before and after, -1..1; higher is more alike"),
    Column("clip_model", _TEXT, "score", "which CLIP model made the figures; two do not compare"),
    Column(
        "chroma_error",
        _REAL,
        "score",
        "CIELAB a*b* distance to the colour asked for; lower; null without one",
    ),
    Column("delta_e", _REAL, "score", "CIEDE2000 to the colour asked for; lower is better; null without one"),
    Column("background_l", _REAL, "score", "median CIELAB L of the result's background, 0..100"),
    Column("background_a", _REAL, "score", "median CIELAB a of the result's background"),
    Column("background_b", _REAL, "score", "median CIELAB b of the result's background"),
    Column("product_share", _REAL, "score", "share of the result that the product takes, 0..1"),
    Column(
        "shadow_angle",
        _REAL,
        "score",
        "direction of the shadow from the product, degrees, 0 = right, 90 = down; null without one",
    ),
    Column("score_seconds", _REAL, "score", "seconds spent on this row's scores (timing)"),
    Column(
        "range_delta_e",
        _REAL,
        "route",
        "CIEDE2000 of the background to the median of the recipe's rows; null below 5 rows",
    ),
    Column(
        "range_scale", _REAL, "route", "product_share over the median of the recipe's rows; 1 = as the others"
    ),
    Column(
        "range_shadow", _REAL, "route", "angle of the shadow to the recipe's mean direction, degrees, 0..180"
    ),
    Column("range_doubt", _TEXT, "route", "what stands out from the recipe's other rows; empty if nothing"),
    Column("route", _TEXT, "route", "publish, review or rework; empty for a row that failed"),
    Column("reason", _TEXT, "route", "why, in words"),
)

TIMINGS = frozenset({"edit_seconds", "score_seconds"})
"""Columns that differ between two equal nights."""


def columns_of(*steps: str) -> list[Column]:
    return [column for step in steps for column in COLUMNS if column.step == step]


@cache
def schema(step: str) -> pa.Schema:
    """Arrow schema of a step's part: keys, outcome, own columns (``plan``: keys and what ingest passes
    on)."""
    if step == "plan":
        chosen = [
            c for c in columns_of("key", "ingest") if c.name not in ("width", "height", "source_format")
        ]
    else:
        chosen = columns_of("key", "outcome", step)
    return pa.schema(
        [pa.field(c.name, c.type, metadata={"about": c.about, "written_by": c.step}) for c in chosen]
    )


def keys_of(row: Mapping[str, Any]) -> Row:
    """The key columns of a row."""
    return {column.name: row[column.name] for column in columns_of("key")}


def own_columns(step: str) -> list[str]:
    """Names of the columns that ``step`` writes itself."""
    return [column.name for column in columns_of(step)]
