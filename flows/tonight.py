"""What a campaign asks for tonight: pictures and pairs listed, hashed and planned, or the night begun before."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from editcore import storage
from editcore.approvals import objections
from editcore.campaign import Campaign
from editcore.exemplars import Pair, pairs_of
from editcore.fingerprint import decisions, differences, digest, fingerprint
from editcore.night import (
    Night,
    NightRefused,
    create,
    find,
    hash_sources,
    nights,
    plan_rows,
    read_sources,
    write_sources,
)
from editcore.profiles import Profile, ProfileError, ready_profile
from editcore.sources import Item, list_items
from tasks.pairs import settled, study

Say = Callable[[str], None]


@dataclass(frozen=True)
class Tonight:
    """What a campaign asks for, and the night on disk that answers to it, if there is one."""

    profile: Profile
    items: list[Item]
    sources: list[dict[str, Any]]
    pairs: dict[str, tuple[Pair, ...]]
    """By recipe id, for recipes with an exemplar."""
    fingerprint: dict[str, Any]
    night: Night | None


def look(campaign: Campaign, name: str | None, profile_name: str | None, limit: int | None) -> Tonight:
    """List and hash pictures and pairs, and find the night to go on with. Writes nothing."""
    if name and not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}", name):
        raise NightRefused(f"found night name {name!r}, expected letters, digits, '.', '_' and '-' only")
    profile = ready_profile(profile_name or campaign.profile)
    pairs = pairs_of(campaign.recipes, campaign.limits.max_bytes)
    if pairs and not profile.transfer:
        raise ProfileError(
            f"profile {profile.name} has no engine for pairs, which {', '.join(pairs)} needs: choose another profile, "
            "or name one in the profile (transfer: package.module:attribute)"
        )
    items = list_items(campaign.source, campaign.recipes)[:limit]
    known = {
        (row["uri"], row["size"], row["version"]): row["sha256"]
        for night in nights(campaign.output)
        for row in read_sources(night.path)
        if row["sha256"]
    }
    sources = hash_sources(items, known, campaign.limits.max_bytes)
    wanted = fingerprint(campaign, profile, {row["item_id"]: row["sha256"] for row in sources}, limit, pairs)
    return Tonight(profile, items, sources, pairs, wanted, find(campaign.output, wanted, name))


def begin(
    campaign: Campaign,
    name: str | None,
    profile_name: str | None,
    limit: int | None,
    say: Say,
    yes: bool = False,
) -> Night:
    """The night to go on with, planned and on disk. ``yes``: new ones need no approval."""
    tonight = look(campaign, name, profile_name, limit)
    if tonight.night:
        _same_decisions(tonight.night, campaign)
        return tonight.night
    if not yes:
        require_approval(campaign, tonight)
    for old in nights(campaign.output)[-1:]:
        state = "finished" if old.finished else "left unfinished"
        changes = "; ".join(differences(old.info["fingerprint"], tonight.fingerprint)[:5])
        say(f"a new night: since {old.name} ({state}) changed {changes}")
    now = datetime.now().astimezone()
    name = name or f"{now:%Y-%m-%d}-{digest(tonight.fingerprint)[:8]}"
    path = storage.join(campaign.output, "runs", name)
    storage.remove(path)  # what a planning that was killed left; nothing in it was ever promised
    write_sources(path, tonight.sources)
    sha256 = {row["item_id"]: row["sha256"] for row in tonight.sources}
    facts = {
        "created": now.isoformat(timespec="microseconds"),
        "fingerprint": tonight.fingerprint,
        "decisions": decisions(campaign),
        "source_pictures": len(tonight.items),
    }
    findings = study(path, tonight.pairs, tonight.profile, campaign.limits)
    for recipe, of in findings.items():
        for warning in dict.fromkeys(w for finding in of for w in finding.warnings):
            say(f"recipe {recipe}: {warning}")
    recipes = settled(campaign.recipes, findings)
    rows = plan_rows(tonight.items, recipes, sha256, campaign.shard_size, tonight.pairs)
    return create(campaign.output, name, campaign, tonight.profile, rows, facts)


def _same_decisions(night: Night, campaign: Campaign) -> None:
    lines = differences(night.decisions, decisions(campaign))
    if lines and not night.finished:
        raise NightRefused(
            f"night {night.name} was begun with other decisions:\n  "
            + "\n  ".join(lines)
            + "\nFinish it as it was begun, then apply the new ones with `vitrine reroute`"
        )


def require_approval(campaign: Campaign, tonight: Tonight) -> None:
    """``NightRefused`` if a recipe with a pair was not approved as it is now."""
    if why := objections(campaign, tonight.pairs, tonight.profile):
        raise NightRefused(
            "\n  ".join(["these recipes follow a pair and are not approved:", *why])
            + "\nLook at `vitrine preview CAMPAIGN`, then say yes with `vitrine preview CAMPAIGN --approve` "
            "(or run with --yes)"
        )
