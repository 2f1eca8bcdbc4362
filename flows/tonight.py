"""What a campaign asks for tonight: pictures and pairs listed, hashed and planned, or the night begun before."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from editcore import storage
from editcore.approvals import objections
from editcore.campaign import Campaign
from editcore.carry import candidates, carry
from editcore.decisions import Journal
from editcore.exemplars import Pair, pairs_of
from editcore.fingerprint import decisions, differences, digest, fingerprint
from editcore.night import (
    Night,
    NightRefused,
    create,
    find,
    nights,
    plan_rows,
)
from editcore.profiles import Profile, ProfileError, ready_profile
from editcore.sources import Item, list_items
from editcore.sources.contents import inputs, known_of, pictures_gone, read_contents, write_contents
from editcore.sources.listing import listing_now, listing_of, table_of
from tasks.pairs import settled, study

Say = Callable[[str], None]
RECALLED = 5
"""Nights whose files are not read again if they did not change; each of them lists all its files."""


@dataclass(frozen=True)
class Tonight:
    """What a campaign asks for, and the night on disk that answers to it, if there is one."""

    profile: Profile
    items: list[Item]
    sources: list[dict[str, Any]]
    pairs: dict[str, tuple[Pair, ...]]
    """By recipe id, for recipes with an exemplar."""
    again: dict[str, str | None]
    """Rows that people sent back, with other words or None."""
    fingerprint: dict[str, Any]
    night: Night | None
    deleted: list[dict[str, Any]]
    """Pictures of the last finished night that the source lists no more: rows of its sources.parquet."""
    listing: str
    """``editcore.sources.listing``; empty for a part of the source, and where it tells nothing."""


def recognise(
    campaign: Campaign, name: str | None, profile_name: str | None, limit: int | None
) -> Night | None:
    """The night to go on with, if the source lists exactly what that night was planned from; no picture is read and no
    row made. None: ``look``."""
    if limit or not (planned := [night for night in nights(campaign.output) if night.info.get("listing")]):
        return None
    listing = listing_now(campaign.source)
    same = [night for night in planned if night.info["listing"] == listing and name in (None, night.name)]
    if not same:
        return None
    profile = ready_profile(profile_name or campaign.profile)
    pairs = pairs_of(campaign.recipes, campaign.limits.max_bytes)
    seen, again = same[-1].info["fingerprint"], Journal.read(campaign.output).book.again()
    wanted = fingerprint(campaign, profile, {}, limit, pairs, again) | {"inputs": seen["inputs"]}
    return find(campaign.output, wanted, name) if wanted == seen else None


def look(campaign: Campaign, name: str | None, profile_name: str | None, limit: int | None) -> Tonight:
    """List and hash pictures and pairs, and find the night to go on with. Writes nothing."""
    if name and not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}", name):
        raise NightRefused(f"found night name {name!r}, expected letters, digits, '.', '_' and '-' only")
    profile = ready_profile(profile_name or campaign.profile)
    pairs = pairs_of(campaign.recipes, campaign.limits.max_bytes)
    need_engines(profile, pairs)
    table = table_of(campaign.source)
    listed = list_items(campaign.source, campaign.recipes)
    items, before = listed[:limit], nights(campaign.output)
    known = {key: sha256 for night in before[-RECALLED:] for key, sha256 in known_of(night.path).items()}
    rules = campaign.source.download
    sources = read_contents(items, known, campaign.limits.max_bytes, campaign.output, rules)
    again = Journal.read(campaign.output).book.again()
    wanted = fingerprint(campaign, profile, inputs(sources), limit, pairs, again)
    gone = deleted([night for night in before if night.finished], {item.uri for item in listed})
    listing = "" if limit else listing_of(campaign.source, sources, table, campaign.limits.max_bytes)
    night = find(campaign.output, wanted, name)
    return Tonight(profile, items, sources, pairs, again, wanted, night, gone, listing)


def deleted(finished: Sequence[Night], listed: Collection[str]) -> list[dict[str, Any]]:
    """Pictures of the last finished night whose address is not listed any more."""
    return pictures_gone(finished[-1].path, listed) if finished else []


def need_engines(profile: Profile, pairs: Mapping[str, Any]) -> None:
    """``ProfileError`` if there are ``pairs`` (by recipe id) and the profile has no engine for them."""
    if pairs and not profile.transfer:
        raise ProfileError(
            f"profile {profile.name} has no engine for pairs, which {', '.join(pairs)} needs: choose another profile, "
            "or name one in the profile (transfer: package.module:attribute)"
        )


def begin(
    campaign: Campaign,
    name: str | None,
    profile_name: str | None,
    limit: int | None,
    say: Say,
    yes: bool = False,
) -> Night:
    """The night to go on with, planned and on disk. ``yes``: new ones need no approval."""
    if night := recognise(campaign, name, profile_name, limit):
        _same_decisions(night, campaign)
        return night
    tonight = look(campaign, name, profile_name, limit)
    if tonight.night:
        _same_decisions(tonight.night, campaign)
        return tonight.night
    if not yes:
        require_approval(campaign, tonight)
    known = nights(campaign.output)
    for old in known[-1:]:
        state = "finished" if old.finished else "left unfinished"
        changes = "; ".join(differences(old.info["fingerprint"], tonight.fingerprint)[:5])
        say(f"a new night: since {old.name} ({state}) changed {changes}")
    now = datetime.now().astimezone()
    if known:  # a clock that went back does not put tonight before last night
        now = max(now, known[-1].created + timedelta(microseconds=1))
    name = name or _new_name(f"{now:%Y-%m-%d}-{digest(tonight.fingerprint)[:8]}", known)
    path = storage.join(campaign.output, "runs", name)
    storage.remove(path)  # what a planning that was killed left; nothing in it was ever promised
    write_contents(path, [*tonight.sources, *(row | {"role": "deleted"} for row in tonight.deleted)])
    facts = {
        "created": now.isoformat(timespec="microseconds"),
        "fingerprint": tonight.fingerprint,
        "decisions": decisions(campaign),
        "source_pictures": len(tonight.items),
        "deleted": len(tonight.deleted),
        "listing": tonight.listing,
    }
    findings = study(path, tonight.pairs, tonight.profile, campaign.limits)
    for recipe, of in findings.items():
        for warning in dict.fromkeys(w for finding in of for w in finding.warnings):
            say(f"recipe {recipe}: {warning}")
    recipes = settled(campaign.recipes, findings)
    rows = plan_rows(tonight.items, recipes, tonight.sources, tonight.pairs, tonight.again)
    shards, left, origins = carry(path, rows, candidates(known, tonight.fingerprint), campaign.shard_size)
    if known:
        say(_what_is_new(rows, left, origins, tonight.deleted))
    carried = (shards, len(rows) - len(left))
    return create(campaign.output, name, campaign, tonight.profile, left, facts, carried)


def _new_name(name: str, known: Sequence[Night]) -> str:
    """``name``, or with a number behind it: a source that is again what it was this morning makes a new night."""
    taken = {night.name for night in known}
    names = (name if number == 1 else f"{name}-{number}" for number in itertools.count(1))
    return next(free for free in names if free not in taken)


def _what_is_new(
    rows: list[Any], left: list[Any], origins: dict[str, int], gone: list[dict[str, Any]]
) -> str:
    """One line on what a night does and does not do again."""
    carried = ", ".join(f"{count} from {night}" for night, count in sorted(origins.items()))
    line = f"{len(left)} of {len(rows)} rows are new or changed; carried over: {carried or 'none'}"
    if gone:
        names = ", ".join(str(row.get("sku") or row["item_id"]) for row in gone[:5])
        line += (
            f"; {len(gone)} pictures are deleted from the source: {names}{', ...' if len(gone) > 5 else ''}"
        )
    return line


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
