"""The night behind a preview: one shard over the most different products of each recipe.

Rows have the identity they will have in the real night, so their pictures are the same, bit for bit.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

import numpy as np
from PIL import Image

from editcore import images, shardwork, storage
from editcore.campaign import Campaign
from editcore.columns import STEPS
from editcore.editors.base import Exemplar
from editcore.exemplars import Pair, finding_of
from editcore.fingerprint import decisions, digest, fingerprint
from editcore.night import Night, create, plan_rows
from editcore.profiles import Profile
from editcore.recipes import Recipe
from editcore.sources import Item
from editcore.sources.contents import inputs, read_contents, write_contents
from editcore.sources.downloads import body_path, is_web
from tasks import models, steps
from tasks.pairs import settled, study

RESULTS = 6
"""Products shown for each recipe."""
SIDE = 256
"""Pixels at which products are compared."""
Row = dict[str, Any]


def choose(
    campaign: Campaign, profile: Profile, meets: Mapping[str, Sequence[Item]], output: str
) -> tuple[dict[str, list[Item]], list[Row]]:
    """The most different products by recipe, of those in ``meets``, and their contents (``sources.contents``)."""
    from editcore.preview.choose import candidates, colours_and_shape, farthest

    some = {recipe: candidates(items) for recipe, items in meets.items()}
    every = {item.item_id: item for items in some.values() for item in items}
    limits, rules = campaign.limits, campaign.source.download
    contents = read_contents(every.values(), {}, limits.max_bytes, output, rules)
    looks = {
        row["item_id"]: look
        for row in contents
        if row["role"] == "picture" and (look := _look(row, campaign, output)) is not None
    }
    clip = _clip(profile)
    chosen = {}
    for recipe, items in some.items():
        seen = [item for item in items if item.item_id in looks]
        shown = [looks[item.item_id] for item in seen]
        features = (clip.images if clip else colours_and_shape)(shown) if shown else np.zeros((0, 1))
        chosen[recipe] = [seen[n] for n in farthest(features, RESULTS)]
    kept = {item.item_id for items in chosen.values() for item in items}
    return chosen, [row for row in contents if row["item_id"] in kept]


def plan(
    campaign: Campaign,
    profile: Profile,
    output: str,
    chosen: Mapping[str, Sequence[Item]],
    contents: list[Row],
    pairs: Mapping[str, Sequence[Pair]],
) -> tuple[Night, list[Recipe]]:
    """The night in ``output``, planned or found as it was left, and its recipes with a target each.

    Earlier previews in ``output`` are removed.
    """
    asked = fingerprint(campaign, profile, inputs(contents), None, pairs)
    name = f"preview-{digest(asked)[:8]}"
    path = storage.join(output, "runs", name)
    planned = storage.exists(storage.join(path, "run.json"))
    for old in storage.listing(storage.join(output, "runs")):
        if old.startswith("preview-") and not (planned and old == name):
            storage.remove(storage.join(output, "runs", old))
    if planned:
        found = {recipe: [finding_of(path, pair.key) for pair in of] for recipe, of in pairs.items()}
        return Night.open(path), settled(campaign.recipes, found)
    recipes = settled(campaign.recipes, study(path, pairs, profile, campaign.limits, _alike(profile)))
    write_contents(path, contents)
    whole = campaign.model_copy(update={"shard_size": 10_000})
    rows = [row for recipe in recipes for row in plan_rows(chosen[recipe.id], [recipe], contents, pairs)]
    facts = {
        "created": datetime.now().astimezone().isoformat(timespec="microseconds"),
        "fingerprint": asked,
        "decisions": decisions(campaign),
        "source_pictures": len({row["item_id"] for row in rows}),
    }
    return create(output, name, whole, profile, rows, facts), recipes


def work(night: Night) -> None:
    """Every step, here and now; what is committed already is not done again."""
    shardwork.reset(night.path)
    for step in STEPS:
        for shard in night.shards:
            steps()[step](night.path, shard)


def _look(row: Row, campaign: Campaign, output: str) -> np.ndarray | None:
    """A small picture to compare; None for files that cannot be used, which the night will name."""
    from editcore.delivery.pictures import shrink

    limits = campaign.limits
    place = body_path(output, row["sha256"]) if is_web(row["uri"]) else row["uri"]
    try:
        data = storage.read_bytes(place) if row["sha256"] else b""
        picture = images.load(data, max_pixels=limits.max_pixels, max_bytes=limits.max_bytes)
    except (OSError, ValueError):
        return None
    return np.asarray(shrink(Image.fromarray(picture.rgb), SIDE))


def _clip(profile: Profile) -> Any:
    return getattr(models.of("scorer", profile), "clip", None)


def _alike(profile: Profile) -> Callable[[Exemplar], float] | None:
    """Likeness of a pair's pictures by the profile's CLIP; None where it has none."""
    clip = _clip(profile)
    if clip is None:
        return None
    from editcore.scoring import product_square

    def cosine(pair: Exemplar) -> float:
        squares = [
            product_square(pair.before, pair.before_alpha),
            product_square(pair.after, pair.after_alpha),
        ]
        one, other = clip.images(squares)
        return float(one @ other)

    return cosine
