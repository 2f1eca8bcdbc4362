"""Who looked at the preview of a recipe and said yes, and to what exactly.

``<output>/approvals/<recipe>.json`` holds name, time and facts: the recipe, its pairs by content, the models. If any
of them changes, the approval is void and says what changed.
"""

from __future__ import annotations

import getpass
import json
import socket
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from editcore import storage
from editcore.campaign import Campaign
from editcore.exemplars import Pair
from editcore.fingerprint import differences, recipe_facts
from editcore.profiles import Profile
from editcore.recipes import Recipe


def facts_of(recipe: Recipe, pairs: Sequence[Pair], profile: Profile) -> dict[str, Any]:
    """What an approval is of: recipe and pairs by content, and the models that follow them."""
    return {"recipe": recipe_facts(recipe, pairs), "models": profile.identity()}


def approve(output: str, recipe: str, facts: Mapping[str, Any]) -> dict[str, Any]:
    """Record that the user of this process approves; returns the record."""
    record = {"recipe": recipe, "who": _who(), "when": _now(), "facts": dict(facts)}
    text = json.dumps(record, indent=2, ensure_ascii=False) + "\n"
    storage.put(_place(output, recipe), text.encode())
    return record


def approval_of(output: str, recipe: str) -> dict[str, Any] | None:
    """What ``approve`` recorded, whatever has changed since; None if nobody approved."""
    try:
        return dict(json.loads(storage.read_bytes(_place(output, recipe))))
    except FileNotFoundError:
        return None


def objections(campaign: Campaign, pairs: Mapping[str, Sequence[Pair]], profile: Profile) -> list[str]:
    """Why recipes with pairs may not run yet, a sentence each; empty if all are approved as they are."""
    sentences = []
    for recipe in campaign.recipes:
        if not recipe.exemplar or recipe.approved:
            continue
        record = approval_of(campaign.output, recipe.id)
        if record is None:
            sentences.append(f"recipe {recipe.id}: nobody has approved its preview")
        elif lines := differences(record["facts"], facts_of(recipe, pairs[recipe.id], profile)):
            sentences.append(
                f"recipe {recipe.id}: {record['who']} approved it on {record['when'][:10]}, but since then changed "
                + "; ".join(lines[:3])
            )
    return sentences


def _place(output: str, recipe: str) -> str:
    return storage.join(output, "approvals", f"{recipe}.json")


def _who() -> str:
    try:
        user = getpass.getuser()
    except (OSError, KeyError):  # a container whose user has no name
        user = "somebody"
    return f"{user}@{socket.gethostname()}"


def _now() -> str:
    return datetime.now().astimezone().isoformat(timespec="seconds")
