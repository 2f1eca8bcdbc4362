"""What makes two nights the same night: inputs by content, settings, model weights, code version.

A resume is only a resume if all of these are equal; ``differences`` says in sentences what is not. Thresholds
and the format of delivered pictures are *decisions*: they change nothing that was computed, so an old night
can be given new ones without a model (``vitrine reroute``), and they are kept beside the fingerprint, not in
it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

from editcore.campaign import Campaign
from editcore.exemplars import Pair
from editcore.profiles import Profile
from editcore.recipes import Recipe

DECISIONS = ("thresholds", "format")
"""Campaign fields that decide about finished pictures."""
IRRELEVANT = ("name", "output", "profile", *DECISIONS)
"""Campaign fields outside the fingerprint (the profile enters by its contents)."""
SENT_BACK = "sent_back"
"""Part of a fingerprint: which rows people want made again, and how."""
NOT_COMPUTING = ("decisions", "delivery", "preview", "review", "routing", "studio", "training")
"""Rooms of editcore whose code does not touch a row's pixels or scores."""


def fingerprint(
    campaign: Campaign,
    profile: Profile,
    inputs: Mapping[str, str],
    limit: int | None,
    pairs: Mapping[str, Sequence[Pair]] | None = None,
    again: Mapping[str, str | None] | None = None,
) -> dict[str, Any]:
    """The fingerprint as a nested dict; ``inputs`` maps item_id to the sha256 of its picture, ``pairs`` recipe ids to
    the pairs of ``exemplars.pairs_of``; ``again``: rows that people sent back (``decisions.Book.again``)."""
    settings = campaign.model_dump(mode="json", exclude=set(IRRELEVANT))
    settings["source"].pop("download")  # how politely pictures were fetched changes none of them
    del settings["limits"]["stall_minutes"]  # when to give up, not what to compute
    recipes = [recipe_facts(recipe, (pairs or {}).get(recipe.id, ())) for recipe in campaign.recipes]
    return {
        "settings": {**settings, "recipes": recipes, "limit": limit},
        "inputs": {"pictures": len(inputs), "sha256": digest(dict(sorted(inputs.items())))},
        "models": profile.identity(),
        "code": code_version(),
        **({SENT_BACK: {"rows": len(again), "sha256": digest(dict(again))}} if again else {}),
    }


def as_first_asked(facts: Mapping[str, Any]) -> dict[str, Any]:
    """A fingerprint without what people sent back."""
    return {name: value for name, value in facts.items() if name != SENT_BACK}


def recipe_facts(recipe: Recipe, pairs: Sequence[Pair]) -> dict[str, Any]:
    """What a recipe asks for, JSON values; its pairs by content, wherever they lie."""
    facts = recipe.model_dump(mode="json", exclude={"approved", "exemplar"})
    return {**facts, "exemplar": [{"before": p.before_sha256, "after": p.after_sha256} for p in pairs]}


def decisions(campaign: Campaign) -> dict[str, Any]:
    """Thresholds and delivery format of a campaign."""
    return campaign.model_dump(mode="json", include=set(DECISIONS))


def digest(facts: Any) -> str:
    """sha256 over JSON facts, hex."""
    return hashlib.sha256(json.dumps(facts, sort_keys=True, ensure_ascii=True).encode()).hexdigest()


def differences(then: Any, now: Any, path: str = "") -> list[str]:
    """What two fingerprints disagree on, ``field: was ..., now ...``, one string each."""
    if isinstance(then, dict) and isinstance(now, dict):
        keys = sorted({*then, *now})
        return [
            line
            for key in keys
            for line in differences(then.get(key), now.get(key), f"{path}.{key}".lstrip("."))
        ]
    if isinstance(then, list) and isinstance(now, list):
        return differences(_by_id(then), _by_id(now), path)
    return [] if then == now else [f"{path}: was {_short(then)}, now {_short(now)}"]


@lru_cache(maxsize=1)
def code_version() -> str:
    """The package's version and eight hex digits over the code that computes rows."""
    root = Path(__file__).parent
    summed = hashlib.sha256()
    for file in sorted(root.rglob("*.py")):
        inner = file.relative_to(root)
        if inner.parts[0] not in NOT_COMPUTING:
            summed.update(f"{inner.as_posix()}\n".encode() + file.read_bytes())
    return f"{version('vitrine')}+{summed.hexdigest()[:8]}"


def _by_id(entries: list[Any]) -> dict[str, Any]:
    """A list as a dict, by ``id`` where entries have one, so that an inserted recipe is one difference."""
    return {str(e["id"] if isinstance(e, dict) and "id" in e else n): e for n, e in enumerate(entries)}


def _short(value: Any) -> str:
    text = "nothing" if value is None else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 80 else f"{text[:77]}..."
