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
import itertools
from collections import Counter
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from importlib import resources
from typing import Any

import pandas as pd
from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from editcore.delivery.cards import full_card, line_of, small_card, text_of, warnings_of
from editcore.delivery.night import ROUTES, count_rows, load_footers
from editcore.delivery.ranking import rank_rows, spread_choice
from editcore.figures import sentences, total

Footers = Mapping[str, list[dict[str, Any]]]
"""Footers of a night's parts, by step."""
CONTACT_ROWS = 240
TABLE_ROWS = 2000


def render_report(
    rows: pd.DataFrame, run_info: Mapping[str, Any], settings: Mapping[str, Any], run: str, root: str
) -> str:
    """The page for joined ``rows`` (see ``rows.load_rows`` and ``publish.deliver``), as one HTML text."""
    night = run.rstrip("/").rsplit("/", 1)[-1]
    order = rank_rows(rows)
    full = spread_choice(rows, order, int(settings["report_rows"]))
    put = rows["delivered_path"].notna()
    delivered = rows.loc[put, ["sku", "recipe_id", "row_id"]].sort_values(["sku", "recipe_id", "row_id"])
    shown = delivered.index[:CONTACT_ROWS].tolist()
    others = [i for i in shown if i not in set(full)]
    told = _records(rows, [*full, *others])
    with ThreadPoolExecutor(int(settings["workers"])) as pool:
        cards = list(pool.map(lambda i: full_card(i, told[i], run, root), full))
        small = list(pool.map(lambda i: small_card(i, told[i], run, root), others))
    by_index = dict(zip([*full, *others], [*cards, *small], strict=True))
    thumbs = [by_index[i] for i in shown]
    env = Environment(
        loader=PackageLoader("editcore.delivery"),
        autoescape=select_autoescape(enabled_extensions=("html", "j2"), default=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    footers = load_footers(run)
    return env.get_template("report.html.j2").render(
        title=settings["title"] or f"Night {night}",
        night=night,
        counts=count_rows(rows),
        routes=ROUTES,
        recipes=recipe_summary(rows),
        cards=cards,
        thumbs=[thumb for thumb in thumbs if thumb["thumb"]],
        deliverable=len(delivered),
        table=[line_of(i, row) for i, row in _records(rows, order[:TABLE_ROWS]).items()],
        failures=failure_summary(rows),
        warnings=warning_summary(rows),
        timings=timing_summary(rows, footers),
        facts=_facts(rows, run_info, settings, footers),
        **_assets(),
    )


def _records(rows: pd.DataFrame, indices: list[int]) -> dict[int, dict[str, Any]]:
    """Rows as dicts, by index, in the order given."""
    records = rows.loc[indices].to_dict("records")
    return {i: {str(k): v for k, v in row.items()} for i, row in zip(indices, records, strict=True)}


def recipe_summary(rows: pd.DataFrame) -> list[dict[str, Any]]:
    """Per recipe: its words (empty for a pair alone) and how many rows went where."""
    summary = []
    for recipe, group in rows[["recipe_id", "words", "outcome", "route"]].groupby("recipe_id", sort=True):
        words = group["words"].dropna()
        counts = count_rows(group)
        summary.append({"id": recipe, "words": words.iloc[0] if len(words) else "", **counts})
    return summary


def failure_summary(rows: pd.DataFrame) -> list[dict[str, Any]]:
    """Rows that did not become a picture, grouped by code."""
    told = ["code", "failed_step", "outcome", "sku", "recipe_id", "message"]
    lost = rows.loc[rows["outcome"] != "ok", told]
    groups = []
    for (code, step, outcome), group in lost.groupby(["code", "failed_step", "outcome"], sort=True):
        items = [
            {"sku": text_of(r.sku), "recipe": r.recipe_id, "message": text_of(r.message)}
            for r in group.head(50).itertuples()
        ]
        groups.append({"code": code, "step": step, "outcome": outcome, "count": len(group), "items": items})
    return sorted(groups, key=lambda group: (-group["count"], group["code"]))


def warning_summary(rows: pd.DataFrame) -> list[dict[str, Any]]:
    """Warnings of the engines (words nobody taught the model), most frequent first."""
    counted: Counter[str] = Counter()
    for text, times in rows.get("warnings_json", pd.Series(dtype=object)).value_counts().items():
        counted.update({warning: times * n for warning, n in Counter(warnings_of(text)).items()})
    return [
        {"text": text, "count": n} for text, n in sorted(counted.items(), key=lambda kv: (-kv[1], kv[0]))[:40]
    ]


def timing_summary(rows: pd.DataFrame, footers: Footers) -> list[dict[str, Any]]:
    """Seconds of work per step: total, per row that has a picture, share of the whole."""
    sums = {step: sum(float(facts.get("seconds", 0)) for facts in parts) for step, parts in footers.items()}
    seconds = {step: total for step, total in sums.items() if total > 0}
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
    rows: pd.DataFrame, run_info: Mapping[str, Any], settings: Mapping[str, Any], footers: Footers
) -> list[tuple[str, str]]:
    """What made these pictures, for the foot of the page."""
    facts = [
        ("Delivered as", f"{settings['format']}, " + ("lossless" if settings["format"] == "png" else "lossy"))
    ]
    for label, column in (("Engine", "engine"), ("CLIP", "clip_model"), ("LPIPS", "lpips_model")):
        values = sorted({str(v) for v in rows[column].dropna() if v}) if column in rows else []
        if values:
            facts.append((label, ", ".join(values)))
    if carried := int(rows["carried_from"].notna().sum()) if "carried_from" in rows else 0:
        facts.append(("Carried over", f"{carried} rows of earlier nights, unchanged since"))
    if met := sentences(total(itertools.chain(*footers.values()))):
        facts.append(("Along the way", "; ".join(met)))
    profile, fingerprint = run_info.get("profile"), run_info.get("fingerprint")
    known = {
        "Profile": profile.get("name") if isinstance(profile, Mapping) else profile,
        "Code": fingerprint.get("code") if isinstance(fingerprint, Mapping) else None,
        "Source pictures": run_info.get("source_pictures"),
        "Deleted from the source": run_info.get("deleted"),
        "Planned at": str(run_info.get("created") or "")[:16].replace("T", " "),
    }
    return facts + [(label, str(value)[:60]) for label, value in known.items() if value]


@lru_cache(maxsize=1)
def _assets() -> dict[str, str]:
    folder = resources.files("editcore.delivery") / "templates"
    script = (folder / "report.js").read_text("utf-8")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return {"style": (folder / "report.css").read_text("utf-8"), "script": script, "script_hash": digest}
