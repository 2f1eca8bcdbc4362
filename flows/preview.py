"""Preview and approval: what each recipe would make of a few products, on a page, before the night makes the range.

In ``<output>`` lie ``preview.html``, ``preview.json`` (what was shown, for the approval) and ``runs/preview-*``.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from editcore import manifest, storage
from editcore.approvals import approval_of, approve, facts_of
from editcore.campaign import Campaign, CampaignError
from editcore.editors.transfer.change import change_of
from editcore.exemplars import finding_of, kept, pairs_of
from editcore.fingerprint import differences
from editcore.night import Night, NightRefused, wants
from editcore.preview.card import card_of_pair, card_of_words
from editcore.preview.page import RecipePage, Shown, render
from editcore.profiles import ready_profile
from editcore.recipes import Recipe
from editcore.shardwork import NightStopped
from editcore.sources import list_items
from flows.preview_night import choose, plan, work
from flows.steps import NightFailed
from flows.tonight import need_engines

DEFAULT = "preview"
"""Where a preview goes if nobody says."""
Row = dict[str, Any]


def preview(
    file: Path, campaign: Campaign, output: str, profile_name: str | None = None, limit: int | None = None
) -> list[str]:
    """Make the page; returns lines that say where it is and what to do.

    Raises ``CampaignError``, ``ProfileError``, and ``NightFailed`` where a store or a model is not there."""
    folder = campaign.source.folder
    if folder and f"{output}/".startswith(f"{folder}/"):
        raise CampaignError(f"found output {output} inside {folder}; its pictures would be taken for yours")
    profile = ready_profile(profile_name or campaign.profile)
    pairs = pairs_of(campaign.recipes, campaign.limits.max_bytes)
    need_engines(profile, pairs)
    items = list_items(campaign.source, campaign.recipes)[:limit]
    meets = {r.id: [item for item in items if wants(r, item)] for r in campaign.recipes}
    chosen, contents = choose(campaign, profile, meets, output)
    night, recipes = plan(campaign, profile, output, chosen, contents, pairs)
    try:
        work(night)
    except (OSError, NightStopped) as error:
        raise NightFailed(f"the preview stopped: {error}") from error
    rows = manifest.merged(night.path).to_pylist()
    facts = {r.id: facts_of(r, pairs.get(r.id, ()), profile) for r in campaign.recipes}
    pages = []
    for recipe in recipes:
        own = [row for row in rows if row["recipe_id"] == recipe.id]
        record = approval_of(campaign.output, recipe.id)
        approval = record if record and record["facts"] == facts[recipe.id] else None
        shown = _shown(recipe, night, own)
        pages.append(
            RecipePage(
                recipe.id, recipe.words or "", str(recipe.target), shown, own, len(meets[recipe.id]), approval
            )
        )
    foot = {
        "Profile": night.profile.name,
        "Code": night.info["fingerprint"]["code"],
        "Made": night.info["created"][:16].replace("T", " "),
    }
    html = render(campaign.name, f"{_making(file, output)} --approve", pages, night.path, foot)
    storage.put(storage.join(output, "preview.html"), html.encode())
    _remember(campaign, output, rows, facts)
    failed = sum(row["outcome"] != "ok" for row in rows)
    lost = f", of which {failed} could not be made" if failed else ""
    return [
        f"{len(rows)} pictures of {len(recipes)} recipes{lost}: {output}/preview.html",
        f"right as they are? {_making(file, output)} --approve",
    ]


def approve_preview(
    file: Path, campaign: Campaign, output: str, profile_name: str | None = None
) -> list[str]:
    """Record the approval of what the page in ``output`` shows; ``NightRefused`` if it shows something else."""
    profile = ready_profile(profile_name or campaign.profile)
    pairs = pairs_of(campaign.recipes, campaign.limits.max_bytes)
    try:
        shown = json.loads(storage.read_bytes(storage.join(output, "preview.json")))["recipes"]
    except FileNotFoundError:
        raise NightRefused(
            f"found no preview in {output}; make one and look at it: {_making(file, output)}"
        ) from None
    wrong = []
    for recipe in campaign.recipes:
        facts = facts_of(recipe, pairs.get(recipe.id, ()), profile)
        seen = shown.get(recipe.id)
        if seen is None:
            wrong.append(f"recipe {recipe.id}: is not in it")
        elif lines := differences(seen["facts"], facts):
            wrong.append(f"recipe {recipe.id}: since then changed {'; '.join(lines[:3])}")
        elif not seen["made"]:
            wrong.append(f"recipe {recipe.id}: no picture could be made of it")
    if wrong:
        again = f"make it again and look at it: {_making(file, output)}"
        raise NightRefused(
            "\n  ".join([f"the preview in {output} is not what would run:", *wrong]) + f"\n{again}"
        )
    records = [approve(campaign.output, r.id, shown[r.id]["facts"]) for r in campaign.recipes]
    return [f"recipe {record['recipe']}: approved by {record['who']}" for record in records]


def _making(file: Path, output: str) -> str:
    where = "" if output == storage.absolute(DEFAULT) else f" --output {shlex.quote(output)}"
    return f"vitrine preview {shlex.quote(str(file))}{where}"


def _remember(
    campaign: Campaign, output: str, rows: Sequence[Row], facts: Mapping[str, Mapping[str, Any]]
) -> None:
    """What the page shows, for ``approve_preview``."""
    made = [row["recipe_id"] for row in rows if row["outcome"] == "ok"]
    shown = {recipe: {"facts": of, "made": made.count(recipe)} for recipe, of in facts.items()}
    text = json.dumps({"campaign": campaign.name, "recipes": shown}, indent=2, ensure_ascii=False) + "\n"
    storage.put(storage.join(output, "preview.json"), text.encode())


def _shown(recipe: Recipe, night: Night, rows: Sequence[Row]) -> list[Shown]:
    """The cards of a recipe: one for each pair, one for its words."""
    shown, changes = [], []
    for key in (rows[0]["pair"] or "").split() if rows else ():
        exemplar = kept(night.path, key)
        change = change_of(exemplar)
        card = card_of_pair(exemplar, change, finding_of(night.path, key).warnings)
        shown.append(Shown(card, exemplar, change.region))
        changes.append(change)
    words = recipe.words or (rows[0]["words"] if rows else "")
    if words:
        assert recipe.target
        shown.append(Shown(card_of_words(words, recipe.target, changes)))
    return shown
