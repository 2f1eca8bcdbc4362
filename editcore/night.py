"""A night: its folder, its plan, its fingerprint; found again by the next process.

<output>/runs/<night>/run.json              what the night is (written once the plan is complete)
                      sources.parquet       every picture: size, version, sha256
                      plan/part-00000.parquet    the planned rows, by shard
                      ingest|segment|edit|score|route/part-00000.parquet
                      images/               mattes, edited pictures, regions, raw outputs
                      summary.json          the books; being there is what "finished" means
"""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from editcore import manifest, storage
from editcore.campaign import Campaign
from editcore.exemplars import Pair
from editcore.fingerprint import differences, digest
from editcore.manifest import Row
from editcore.profiles import Profile
from editcore.recipes import Recipe
from editcore.sources import Item

HASHERS = 8
"""Threads that read sources for their sha256."""


class NightRefused(RuntimeError):  # noqa: N818 - reads as what it says
    """The night exists and is another one; the text lists what differs."""


@dataclass(frozen=True)
class Night:
    """A night on disk. ``info`` is its run.json."""

    path: str
    info: dict[str, Any]

    @classmethod
    def open(cls, path: str) -> Night:
        """The night in run folder ``path``; FileNotFoundError if it was never planned to the end."""
        return cls(path, json.loads(storage.read_bytes(storage.join(path, "run.json"))))

    @property
    def name(self) -> str:
        return str(self.info["night"])

    @property
    def shards(self) -> range:
        return range(int(self.info["shards"]))

    @cached_property
    def profile(self) -> Profile:
        return Profile.model_validate(self.info["profile"])

    @property
    def engines(self) -> list[str]:
        """Which engines its recipes need: ``editor`` for words, ``transfer`` for pairs."""
        recipes = self.info["fingerprint"]["settings"]["recipes"]
        return sorted({"transfer" if recipe.get("exemplar") else "editor" for recipe in recipes})

    @property
    def limits(self) -> dict[str, Any]:
        return dict(self.info["fingerprint"]["settings"]["limits"])

    @property
    def keep_raw(self) -> bool:
        return bool(self.info["fingerprint"]["settings"]["keep_raw"])

    @property
    def decisions(self) -> dict[str, Any]:
        return dict(self.info["decisions"])

    @property
    def finished(self) -> bool:
        return storage.exists(storage.join(self.path, "summary.json"))

    @property
    def summary(self) -> dict[str, Any]:
        """What the finished night wrote down; empty before."""
        try:
            return dict(json.loads(storage.read_bytes(storage.join(self.path, "summary.json"))))
        except FileNotFoundError:
            return {}

    def close(self, summary: Mapping[str, Any]) -> None:
        """Mark the night finished."""
        storage.put(storage.join(self.path, "summary.json"), _json(dict(summary)))

    def reopen(self, decisions: Mapping[str, Any]) -> Night:
        """The night as unfinished again, with other decisions and nothing routed.

        In this order a kill anywhere leaves an unfinished night whose remaining routes are all of one kind.
        """
        storage.remove(storage.join(self.path, "summary.json"))
        storage.remove(storage.join(self.path, "route"))
        info = {**self.info, "decisions": dict(decisions)}
        storage.put(storage.join(self.path, "run.json"), _json(info))
        return Night(self.path, info)

    def picture(self, name: str) -> str:
        """Full path of a picture of the night, from its manifest value (``images/...``)."""
        return storage.join(self.path, name)


def nights(output: str) -> list[Night]:
    """Every planned night of an output, oldest first."""
    runs = storage.join(output, "runs")
    found = [storage.join(runs, name) for name in storage.listing(runs)]
    opened = [Night.open(path) for path in found if storage.exists(storage.join(path, "run.json"))]
    return sorted(opened, key=lambda night: (night.info["created"], night.name))


def find(output: str, fingerprint: Mapping[str, Any], name: str | None = None) -> Night | None:
    """The night to go on with: the one called ``name``, else the latest with this fingerprint; None for a new
    one.

    ``NightRefused`` if the night called ``name`` has another fingerprint.
    """
    known = nights(output)
    if name is None:
        same = [night for night in known if night.info["fingerprint"] == fingerprint]
        return same[-1] if same else None
    named = next((night for night in known if night.name == name), None)
    if named and (lines := differences(named.info["fingerprint"], dict(fingerprint))):
        raise NightRefused(
            f"night {name} was started with something else and cannot be resumed:\n  "
            + "\n  ".join(lines)
            + "\nPut it back as it was, or start a new night (leave out --night, or give another name)"
        )
    return named


def create(
    output: str, name: str, campaign: Campaign, profile: Profile, rows: list[Row], facts: Mapping[str, Any]
) -> Night:
    """Write a new night's plan; ``facts`` are the remaining entries of run.json. run.json comes last."""
    path = storage.join(output, "runs", name)
    shards = -(-len(rows) // campaign.shard_size)
    for shard in range(shards):
        manifest.commit(path, "plan", shard, [row for row in rows if row["shard"] == shard])
    info = {
        "night": name,
        "campaign": campaign.name,
        "output": output,
        "shards": shards,
        "planned": len(rows),
        "profile": profile.model_dump(mode="json"),
        **facts,
    }
    storage.put(storage.join(path, "run.json"), _json(info))
    return Night(path, info)


def plan_rows(
    items: Iterable[Item],
    recipes: Iterable[Recipe],
    sha256: Mapping[str, str],
    shard_size: int,
    pairs: Mapping[str, Sequence[Pair]] | None = None,
) -> list[Row]:
    """The rows of a night, by picture and then recipe, so that work on one picture stays together. ``pairs``: by
    recipe id, in the order of their files."""
    recipes = list(recipes)
    keys = {recipe: [pair.key for pair in of] for recipe, of in (pairs or {}).items()}
    wanted = [(item, recipe) for item in items for recipe in recipes if wants(recipe, item)]
    return [
        _row(item, recipe, keys.get(recipe.id, []), sha256.get(item.item_id, ""), n // shard_size)
        for n, (item, recipe) in enumerate(wanted)
    ]


def wants(recipe: Recipe, item: Item) -> bool:
    """Whether the recipe applies to the picture: selected, and with a pair, or words from one of the two."""
    return recipe.words_for(item.words) is not None and recipe.selects(item.columns)


def seed_of(row_id: str) -> int:
    """Seed of a row's noise, 0 <= seed < 2**31: the same row gets the same noise on every machine and
    night."""
    return int(row_id[:8], 16) & 0x7FFFFFFF


def hash_sources(
    items: Iterable[Item], known: Mapping[tuple[str, int, str], str], max_bytes: int
) -> list[Row]:
    """``item_id, uri, size, version, sha256`` of each picture; ``known`` spares reading files that did not
    change.

    A file that is missing, unreadable or above ``max_bytes`` gets an empty sha256: ingest will say why.
    """

    def one(item: Item) -> Row:
        row = {"item_id": item.item_id, "uri": item.uri, "size": 0, "version": "", "sha256": ""}
        try:
            about = storage.describe(item.uri)
            row |= {"size": about["size"], "version": about["version"]}
            seen = known.get((item.uri, about["size"], about["version"])) if about["version"] else None
            if about["size"] <= max_bytes:
                row["sha256"] = seen or sha256_of(item.uri)
        except (OSError, ValueError):
            pass
        return row

    with ThreadPoolExecutor(HASHERS) as pool:
        return list(pool.map(one, items))


def sha256_of(path: str) -> str:
    """sha256 of a file's bytes, hex."""
    summed = hashlib.sha256()
    for chunk in storage.chunks(path):
        summed.update(chunk)
    return summed.hexdigest()


def write_sources(path: str, rows: list[Row]) -> None:
    """Remember what the pictures were, for the next process."""
    sink = io.BytesIO()
    names = {
        "item_id": pa.string(),
        "uri": pa.string(),
        "size": pa.int64(),
        "version": pa.string(),
        "sha256": pa.string(),
    }
    pq.write_table(
        pa.Table.from_pylist(rows, schema=pa.schema(list(names.items()))), sink, compression="zstd"
    )
    storage.put(storage.join(path, "sources.parquet"), sink.getvalue())


def read_sources(path: str) -> list[Row]:
    """What ``write_sources`` wrote; empty if there is nothing."""
    try:
        return pq.read_table(
            io.BytesIO(storage.read_bytes(storage.join(path, "sources.parquet")))
        ).to_pylist()
    except FileNotFoundError:
        return []


def _row(item: Item, recipe: Recipe, pairs: list[str], sha256: str, shard: int) -> Row:
    words = recipe.words_for(item.words)
    content = [recipe.id, words, recipe.target, recipe.region or "", recipe.strength, *pairs]
    return {
        "row_id": digest([item.item_id, sha256, content])[:16],
        "item_id": item.item_id,
        "recipe_id": recipe.id,
        "shard": shard,
        "sku": item.sku,
        "source_uri": item.uri,
        "source_sha256": sha256,
        "target": recipe.target,
        "words": words,
        "pair": " ".join(pairs),
        "region": recipe.region or "",
        "strength": recipe.strength,
        "given_mask_uri": item.mask_uri,
        "caption": item.caption,
        "extra_json": json.dumps(item.extra, ensure_ascii=False),
    }


def _json(value: Mapping[str, Any]) -> bytes:
    return json.dumps(value, indent=2, ensure_ascii=False).encode() + b"\n"
