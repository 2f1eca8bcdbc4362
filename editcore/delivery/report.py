"""``report.html``: the night on one page that stands alone, for the merchandiser who opens it in the morning.

Everything is in the file: pictures as data URIs, style and script inline. A Content-Security-Policy allows
nothing else and names the one script by its hash; Jinja escapes all text, so a SKU cannot become markup.
The size is bounded: a chosen number of rows (worst first, spread over routes and recipes) has all four
pictures, a larger number has a thumbnail in the contact sheet, and the table stops at ``TABLE_ROWS``; the
manifest has them all.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections import Counter
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from importlib import resources
from typing import Any

import pandas as pd
from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from PIL import Image

from editcore import storage
from editcore.delivery.night import ROUTES, count_rows, step_seconds
from editcore.delivery.pictures import data_uri, locate, open_picture, shrink, tint_region

PICTURE_SIDE = 640
DETAIL_SIDE = 320
THUMB_SIDE = 200
CONTACT_ROWS = 240
TABLE_ROWS = 2000

ROUTE_ORDER = ("review", "rework", "publish")
"""Cards begin with what waits for a person."""
RISKS = {
    "chroma_error": 1,
    "delta_e": 1,
    "lpips_kept": 1,
    "clip_direction": -1,
    "clip_text": -1,
    "kept_max_diff": 1,
}
"""Score columns that say how doubtful a row is; 1 = higher is worse."""

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
        "{:.1%}",
        "Mean change where pixels may change; near zero means nothing happened",
    ),
    ("lpips", "LPIPS", "{:.2f}", "Perceptual distance of the whole picture"),
    ("lpips_kept", "LPIPS kept", "{:.3f}", "Perceptual distance of what had to stay; lower is better"),
    ("kept_psnr", "Kept PSNR", "{:.1f} dB", "Of the pixels that had to stay; higher is better"),
    ("kept_ssim", "Kept SSIM", "{:.3f}", "Of the pixels that had to stay; higher is better"),
    ("mask_soft_share", "Soft mask", "{:.2f}", "Share of half-transparent mask; high means a doubtful mask"),
)
"""(column, label, format, explanation) in the order shown."""


def render_report(
    rows: pd.DataFrame, run_info: Mapping[str, Any], settings: Mapping[str, Any], run: str, root: str
) -> str:
    """The page for joined ``rows`` (see ``rows.load_rows`` and ``publish.deliver``), as one HTML text."""
    night = run.rstrip("/").rsplit("/", 1)[-1]
    order = rank_rows(rows)
    full = spread_choice(rows, order, int(settings["report_rows"]))
    with ThreadPoolExecutor(int(settings["workers"])) as pool:
        cards = list(pool.map(lambda i: _card(i, rows.loc[i].to_dict(), run, root), full))
        contact = rows.index[rows["delivered_path"].notna()][:CONTACT_ROWS]
        thumbs = list(
            pool.map(lambda i: _thumb(i, rows.loc[i].to_dict(), run, root, i in set(full)), contact)
        )
    env = Environment(
        loader=PackageLoader("editcore.delivery"),
        autoescape=select_autoescape(enabled_extensions=("html", "j2"), default=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return env.get_template("report.html.j2").render(
        title=settings["title"] or f"Night {night}",
        night=night,
        counts=count_rows(rows),
        routes=ROUTES,
        recipes=recipe_summary(rows),
        cards=cards,
        thumbs=[thumb for thumb in thumbs if thumb["src"]],
        deliverable=int(rows["delivered_path"].notna().sum()),
        table=[_line(i, rows.loc[i].to_dict()) for i in order[:TABLE_ROWS]],
        failures=failure_summary(rows),
        warnings=warning_summary(rows),
        timings=timing_summary(rows, run),
        facts=_facts(rows, run_info, settings),
        **_assets(),
    )


def rank_rows(rows: pd.DataFrame) -> list[int]:
    """Row indices, most doubtful first: by route, then by mean rank over the risk columns that are there."""
    present = {name: sign for name, sign in RISKS.items() if name in rows and rows[name].notna().any()}
    ranks = pd.DataFrame(
        {name: (sign * rows[name].astype(float)).rank(pct=True) for name, sign in present.items()}
    )
    risk = ranks.mean(axis=1) if present else pd.Series(0.0, index=rows.index)
    place = rows["route"].map({route: k for k, route in enumerate(ROUTE_ORDER)}).fillna(len(ROUTE_ORDER))
    keys = pd.DataFrame({"place": place, "risk": -risk.fillna(0), "row_id": rows["row_id"]})
    return keys.sort_values(["place", "risk", "row_id"], kind="stable").index.tolist()


def spread_choice(rows: pd.DataFrame, order: list[int], limit: int) -> list[int]:
    """At most ``limit`` edited rows, taken in turn from every (route, recipe) pair, in the given order."""
    edited = [i for i in order if rows.at[i, "outcome"] == "ok"]
    turn = pd.DataFrame(
        {"group": [f"{rows.at[i, 'route']}/{rows.at[i, 'recipe_id']}" for i in edited]}, index=edited
    )
    turn["turn"] = turn.groupby("group").cumcount()
    chosen = set(turn.sort_values("turn", kind="stable").index[:limit])
    return [i for i in edited if i in chosen]


def recipe_summary(rows: pd.DataFrame) -> list[dict[str, Any]]:
    """Per recipe: its words and how many rows went where."""
    summary = []
    for recipe, group in rows.groupby("recipe_id", sort=True):
        words = group["words"].dropna()
        counts = count_rows(group)
        summary.append({"id": recipe, "words": words.iloc[0] if len(words) else "", **counts})
    return summary


def failure_summary(rows: pd.DataFrame) -> list[dict[str, Any]]:
    """Rows that did not become a picture, grouped by code."""
    lost = rows[rows["outcome"] != "ok"]
    groups = []
    for (code, step, outcome), group in lost.groupby(["code", "failed_step", "outcome"], sort=True):
        items = [
            {"sku": _text(r.sku), "recipe": r.recipe_id, "message": _text(r.message)}
            for r in group.itertuples()
        ]
        groups.append(
            {"code": code, "step": step, "outcome": outcome, "count": len(items), "items": items[:50]}
        )
    return sorted(groups, key=lambda group: (-group["count"], group["code"]))


def warning_summary(rows: pd.DataFrame) -> list[dict[str, Any]]:
    """Warnings of the engines (words nobody taught the model), most frequent first."""
    counted: Counter[str] = Counter()
    for text in rows.get("warnings_json", pd.Series(dtype=object)):
        counted.update(_warnings(text))
    return [
        {"text": text, "count": n} for text, n in sorted(counted.items(), key=lambda kv: (-kv[1], kv[0]))[:40]
    ]


def timing_summary(rows: pd.DataFrame, run: str) -> list[dict[str, Any]]:
    """Seconds of work per step: total, per row that has a picture, share of the whole."""
    seconds = {step: total for step, total in step_seconds(run).items() if total > 0}
    everything = sum(seconds.values()) or 1.0
    edited = max(1, int((rows["outcome"] == "ok").sum()))
    return [
        {
            "step": step,
            "total": total,
            "mean": total / edited,
            "rate": edited / total,
            "share": total / everything,
        }
        for step, total in seconds.items()
    ]


def _card(index: int, row: dict[str, Any], run: str, root: str) -> dict[str, Any]:
    before = _load(row.get("source_uri"), run, root)
    after = _load(row.get("image_path"), run, root)
    mask = _load(row.get("region_path"), run, root) or _load(row.get("mask_path"), run, root)
    raw = _load(row.get("raw_path"), run, root)
    views = [("before", "Before", before, PICTURE_SIDE), ("after", "After", after, PICTURE_SIDE)]
    if before and mask:
        small = shrink(before, DETAIL_SIDE)
        views.append(("mask", "May change", tint_region(small, mask), DETAIL_SIDE))
    views.append(("raw", "Model output", raw, DETAIL_SIDE))
    pictures = [
        {"kind": kind, "label": label, "src": data_uri(small), "width": small.width, "height": small.height}
        for kind, label, picture, side in views
        if picture and (small := shrink(picture, side))
    ]
    return _line(index, row) | {
        "pictures": pictures,
        "scores": score_list(row),
        "warnings": _warnings(row.get("warnings_json")),
        "mask_doubt": _text(row.get("mask_doubt")),
        "mask_source": _text(row.get("mask_source")),
        "size": f"{after.width} × {after.height}" if after else "",
        "target": _text(row.get("target")),
        "seed": _text(row.get("seed")),
        "engine": _text(row.get("engine")),
    }


def _line(index: int, row: dict[str, Any]) -> dict[str, Any]:
    ok = row["outcome"] == "ok"
    return {
        "id": f"row-{index}",
        "sku": _text(row.get("sku")) or _text(row.get("item_id")) or "(no SKU)",
        "recipe": row["recipe_id"],
        "words": _text(row.get("words")),
        "route": row["route"] if ok else ("skipped" if row["outcome"] == "skipped" else "failed"),
        "reason": _text(row.get("reason")) if ok else (_text(row["message"]) or row["code"]),
        "file": _text(row.get("delivered_path")),
        "scores": score_list(row)[:3],
    }


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


def _thumb(index: int, row: dict[str, Any], run: str, root: str, has_card: bool) -> dict[str, Any]:
    picture = _load(row["image_path"], run, root)
    small = shrink(picture, THUMB_SIDE) if picture else None
    line = _line(index, row)
    return line | {"src": data_uri(small, 74) if small else "", "has_card": has_card}


def _load(path: object, run: str, root: str) -> Image.Image | None:
    """A picture for the page; a page with a gap is better than no page, so nothing is raised."""
    place = locate(path, run, root)
    try:
        return open_picture(storage.read_bytes(place)) if place else None
    except (OSError, ValueError):
        return None


def _facts(
    rows: pd.DataFrame, run_info: Mapping[str, Any], settings: Mapping[str, Any]
) -> list[tuple[str, str]]:
    """What made these pictures, for the foot of the page."""
    facts = [
        ("Delivered as", f"{settings['format']}, " + ("lossless" if settings["format"] == "png" else "lossy"))
    ]
    for label, column in (("Engine", "engine"), ("CLIP", "clip_model"), ("LPIPS", "lpips_model")):
        values = sorted({str(v) for v in rows[column].dropna() if v}) if column in rows else []
        if values:
            facts.append((label, ", ".join(values)))
    simple = {key: value for key, value in run_info.items() if isinstance(value, (str, int, float))}
    return facts + [(key.replace("_", " ").capitalize(), str(value)) for key, value in simple.items()]


def _warnings(text: object) -> list[str]:
    if not isinstance(text, str) or not text:
        return []
    try:
        values = json.loads(text)
    except ValueError:
        return [text]
    return [str(value) for value in values] if isinstance(values, list) else [str(values)]


def _absent(value: object) -> bool:
    return value is None or bool(pd.isna(value))


def _text(value: object) -> str:
    return "" if _absent(value) else str(value)


@lru_cache(maxsize=1)
def _assets() -> dict[str, str]:
    folder = resources.files("editcore.delivery") / "templates"
    script = (folder / "report.js").read_text("utf-8")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return {"style": (folder / "report.css").read_text("utf-8"), "script": script, "script_hash": digest}
