"""Numbers of shards as people write them."""

from __future__ import annotations

import re

from editcore.campaign import CampaignError


def numbers(text: str) -> list[int]:
    """``"3,7-9"`` -> [3, 7, 8, 9]; ``CampaignError`` for anything else."""
    found: set[int] = set()
    for part in text.replace(" ", "").split(","):
        if not (match := re.fullmatch(r"(\d{1,7})(?:-(\d{1,7}))?", part)):
            raise CampaignError(f"found shards {text!r}, expected numbers such as 3,7-9")
        first, last = int(match[1]), int(match[2] or match[1])
        if last < first:
            raise CampaignError(f"found shards {part}, expected the smaller number first")
        found.update(range(first, last + 1))
    return sorted(found)
