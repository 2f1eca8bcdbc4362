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
from collections import Counter
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from importlib import resources
from typing import Any

import pandas as pd
from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from editcore.delivery.cards import full_card, line_of, small_card, text_of, warnings_of
from editcore.delivery.night import ROUTES, count_rows, step_seconds

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


def render_report(
    rows: pd.DataFrame, run_info: Mapping[str, Any], settings: Mapping[str, Any], run: str, root: str
) -> str:
    """The page for joined ``rows`` (see ``rows.load_rows`` and ``publish.deliver``), as one HTML text."""
    night = run.rstrip("/").rsplit("/", 1)[-1]
    order = rank_rows(rows)
    full = spread_choice(rows, order, int(settings["report_rows"]))
    delivered = rows[rows["delivered_path"].notna()].sort_values(["sku", "recipe_id", "row_id"])
    others = [i for i in delivered.index[:CONTACT_ROWS] if i not in set(full)]
    with ThreadPoolExecutor(int(settings["workers"])) as pool:
        cards = list(pool.map(lambda i: full_card(i, rows.loc[i].to_dict(), run, root), full))
        small = list(pool.map(lambda i: small_card(i, rows.loc[i].to_dict(), run, root), others))
    by_index = dict(zip([*full, *others], [*cards, *small], strict=True))
    thumbs = [by_index[i] for i in delivered.index[:CONTACT_ROWS]]
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
        thumbs=[thumb for thumb in thumbs if thumb["thumb"]],
        deliverable=len(delivered),
        table=[line_of(i, rows.loc[i].to_dict()) for i in order[:TABLE_ROWS]],
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
            {"sku": text_of(r.sku), "recipe": r.recipe_id, "message": text_of(r.message)}
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
        counted.update(warnings_of(text))
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


@lru_cache(maxsize=1)
def _assets() -> dict[str, str]:
    folder = resources.files("editcore.delivery") / "templates"
    script = (folder / "report.js").read_text("utf-8")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return {"style": (folder / "report.css").read_text("utf-8"), "script": script, "script_hash": digest}
