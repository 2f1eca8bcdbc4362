"""What a run would do; reads, never writes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from editcore import carry
from editcore.campaign import Campaign, Recipe
from editcore.decisions import Journal
from editcore.exemplars import pairs_of
from editcore.fingerprint import fingerprint
from editcore.night import nights, plan_rows, wants
from editcore.profiles import Profile, ready_profile
from editcore.sources import Item, list_items
from editcore.sources.contents import known_of, read_contents
from flows.tonight import RECALLED


def forecast(campaign: Campaign, profile_name: str | None = None, limit: int | None = None) -> list[str]:
    """Lines for `vitrine plan`: pictures, rows, shards, rows per recipe, estimated time."""
    profile = ready_profile(profile_name or campaign.profile)
    items = list_items(campaign.source, campaign.recipes)[:limit]
    per_recipe = Counter({r.id: sum(wants(r, item) for item in items) for r in campaign.recipes})
    rows = per_recipe.total()
    shards = -(-rows // campaign.shard_size)
    lines = [
        f"campaign {campaign.name}: {len(items)} pictures, {rows} rows in {shards} shards of "
        f"{campaign.shard_size}",
        f"profile {profile.name} ({profile.licence}); output {campaign.output}",
    ]
    if profile.memory:
        lines.append(f"memory: {profile.memory}")
    for recipe in campaign.recipes:
        lines.append(f"  {recipe.id}: {per_recipe[recipe.id]} rows, {_asked(recipe)}")
    carried = _carried(campaign, profile, items, limit)
    if carried:
        lines.append(f"carried over from earlier nights: {carried} rows, {rows - carried} to do")
    speed, origin = _speed(campaign.output, profile.name, profile.edits_per_second, profile.measured_on)
    if speed:
        lines.append(
            f"estimated time: {duration((rows - carried) / speed)} ({speed:.2g} rows a second, {origin})"
        )
    else:
        lines.append("estimated time: unknown; no night with this profile yet (try `vitrine run --limit 10`)")
    return lines


def _carried(campaign: Campaign, profile: Profile, items: Sequence[Item], limit: int | None) -> int:
    """Rows whose result an earlier night made, of files that did not change since; no picture is read. What lies on
    the web counts as new, since only its server could tell."""
    known, pairs = nights(campaign.output), pairs_of(campaign.recipes, campaign.limits.max_bytes)
    again = Journal.read(campaign.output).book.again()
    earlier = carry.candidates(known, fingerprint(campaign, profile, {}, limit, pairs, again))
    if not earlier:
        return 0
    seen = {key: sha256 for night in known[-RECALLED:] for key, sha256 in known_of(night.path).items()}
    contents = read_contents(items, seen, campaign.limits.max_bytes, recall_only=True)
    return carry.count(plan_rows(items, campaign.recipes, contents, pairs, again), earlier)


def _asked(recipe: Recipe) -> str:
    if not recipe.exemplar:
        return f"{recipe.target}: {recipe.words or '(words of each row)'}"
    shown = "as the pair shows" if len(recipe.exemplar) == 1 else f"as {len(recipe.exemplar)} pairs show"
    return shown + (f", and: {recipe.words}" if recipe.words else "")


def _speed(output: str, profile: str, measured: float | None, where: str) -> tuple[float, str]:
    """Rows a second: of the latest night here with this profile, else as the profile says; 0 if unknown."""
    for night in reversed(nights(output)):
        books = night.summary
        if books.get("profile") == profile and books.get("edited") and books.get("whole"):
            done = books["planned"] - books["carried"]
            return done / max(books["seconds"], 1e-3), f"as in night {night.name}"
    return (measured, f"measured on {where}" if where else "as the profile says") if measured else (0.0, "")


def duration(seconds: float) -> str:
    """Seconds, minutes or hours, for people."""
    minutes, hours = seconds / 60, seconds / 3600
    return f"{seconds:.0f} s" if minutes < 2 else f"{minutes:.0f} min" if hours < 2 else f"{hours:.1f} h"
