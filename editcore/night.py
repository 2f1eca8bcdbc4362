"""A night: its folder, its plan, its fingerprint; found again by the next process.

<output>/runs/<night>/run.json              what the night is (written once the plan is complete)
                      sources.parquet       every picture and mask: size, version, sha256 (sources.contents)
                      plan/part-00000.parquet    the planned rows, by shard
                      ingest|segment|edit|score|route/part-00000.parquet
                      images/               mattes, edited pictures, regions, raw outputs
                      summary.json          the books; being there is what "finished" means
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from editcore import manifest, storage
from editcore.campaign import Campaign
from editcore.columns import Row
from editcore.exemplars import Pair
from editcore.fingerprint import as_first_asked, differences, digest
from editcore.profiles import Profile
from editcore.recipes import Recipe
from editcore.sources import Item
from editcore.sources.contents import sums


class NightRefused(RuntimeError):  # noqa: N818 - reads as what it says
    """The night exists and is another one; the text lists what differs."""


@dataclass(frozen=True)
class Night:
    """A night on disk. ``info`` is its run.json."""

    path: str
    info: dict[str, Any]

    @classmethod
    def open(cls, path: str) -> Night:
        """The night in run folder ``path``; FileNotFoundError if it was never planned to the end, ``NightRefused`` if
        its run.json was damaged."""
        try:
            return cls(path, json.loads(storage.read_bytes(storage.join(path, "run.json"))))
        except ValueError as error:
            raise NightRefused(
                f"found {path}/run.json damaged ({error}); put it back from a copy, or move the night's folder away"
            ) from error

    @property
    def name(self) -> str:
        return str(self.info["night"])

    @property
    def created(self) -> datetime:
        """When it was planned; later than every night that was there already, whatever the clock said."""
        return datetime.fromisoformat(self.info["created"])

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
    def routed(self) -> bool:
        """Whether every row has its route, so that nothing but the delivery is left."""
        return manifest.committed(self.path, "route") >= set(self.shards)

    @property
    def summary(self) -> dict[str, Any]:
        """What the finished night wrote down; empty before. ``manifest.Damaged`` if that was damaged."""
        path = storage.join(self.path, "summary.json")
        try:
            return dict(json.loads(storage.read_bytes(path)))
        except FileNotFoundError:
            return {}
        except ValueError as error:
            raise manifest.Damaged.at(
                path, error, "remove it, and the same `vitrine run` reckons up the night again"
            ) from error

    def close(self, summary: Mapping[str, Any]) -> None:
        """Mark the night finished."""
        storage.put(storage.join(self.path, "summary.json"), _json(dict(summary)))

    def unclose(self) -> None:
        """Mark the night unfinished, with all its parts in place: whoever finishes it delivers it anew."""
        storage.remove(storage.join(self.path, "summary.json"))

    def reopen(self, decisions: Mapping[str, Any]) -> Night:
        """The night as unfinished again, with other decisions and nothing routed.

        In this order a kill anywhere leaves an unfinished night whose remaining routes are all of one kind.
        """
        self.unclose()
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
    return sorted(opened, key=lambda night: (night.created, night.name))


def find_night(output: str, name: str | None = None) -> Night:
    """The night called ``name``, else the latest; ``NightRefused`` where there is none."""
    known = nights(output)
    found = [night for night in known if name in (None, night.name)]
    if not found:
        raise NightRefused(
            f"found no night {name or ''} in {output}; expected one of {[n.name for n in known]}"
        )
    return found[-1]


def find(output: str, fingerprint: Mapping[str, Any], name: str | None = None) -> Night | None:
    """The night to go on with: the one called ``name``, else the latest with this fingerprint; None for a new
    one. A finished night counts only while no later one is finished: the output shows that one's pictures.
    An unfinished one is finished as it was planned, whatever people have sent back since.

    ``NightRefused`` if the night called ``name`` has another fingerprint.
    """
    known = nights(output)
    if name is None:
        shown = next((night.name for night in reversed(known) if night.finished), "")
        same = [night for night in known if _goes_on(night, fingerprint)]
        return same[-1] if same and (same[-1].name == shown or not same[-1].finished) else None
    named = next((night for night in known if night.name == name), None)
    if named and not _goes_on(named, fingerprint):
        lines = differences(named.info["fingerprint"], dict(fingerprint))
        raise NightRefused(
            f"night {name} was started with something else and cannot be resumed:\n  "
            + "\n  ".join(lines)
            + "\nPut it back as it was, or start a new night (leave out --night, or give another name)"
        )
    return named


def _goes_on(night: Night, fingerprint: Mapping[str, Any]) -> bool:
    planned: dict[str, Any] = night.info["fingerprint"]
    return planned == fingerprint or (
        not night.finished and as_first_asked(planned) == as_first_asked(fingerprint)
    )


def create(
    output: str,
    name: str,
    campaign: Campaign,
    profile: Profile,
    rows: Sequence[Row],
    facts: Mapping[str, Any],
    carried: tuple[int, int] = (0, 0),
) -> Night:
    """Write a new night's plan; ``facts`` are the remaining entries of run.json. run.json comes last.

    ``carried``: how many shards and rows are there already (``carry``); ``rows`` follow them."""
    path = storage.join(output, "runs", name)
    size = campaign.shard_size
    cuts = [rows[start : start + size] for start in range(0, len(rows), size)]
    for shard, cut in enumerate(cuts, carried[0]):
        manifest.commit(path, "plan", shard, [row | {"shard": shard} for row in cut])
    info = {
        "night": name,
        "campaign": campaign.name,
        "output": output,
        "shards": carried[0] + len(cuts),
        "planned": carried[1] + len(rows),
        "profile": profile.model_dump(mode="json"),
        **facts,
    }
    if not storage.put_if_absent(storage.join(path, "run.json"), _json(info)):
        raise NightRefused(f"night {name} was planned by another process at the same moment; run again")
    return Night(path, info)


def plan_rows(
    items: Iterable[Item],
    recipes: Iterable[Recipe],
    contents: Iterable[Row],
    pairs: Mapping[str, Sequence[Pair]] | None = None,
    again: Mapping[str, str | None] | None = None,
) -> list[Row]:
    """The rows of a night, by picture and then recipe, so that work on one picture stays together; without shards.
    ``contents``: rows of ``sources.contents``; ``pairs``: by recipe id, in the order of their files; ``again``: rows
    that people sent back, with other words or None (``decisions.Book.again``)."""
    recipes, contents = list(recipes), list(contents)
    keys = {recipe: [pair.key for pair in of] for recipe, of in (pairs or {}).items()}
    pictures, masks = sums(contents), sums(contents, "mask")
    return [
        _tried_again(
            _row(
                item, recipe, keys.get(recipe.id, []), pictures.get(item.item_id, ""), masks.get(item.item_id)
            ),
            again or {},
        )
        for item in items
        for recipe in recipes
        if wants(recipe, item)
    ]


def wants(recipe: Recipe, item: Item) -> bool:
    """Whether the recipe applies to the picture: selected, and with a pair, or words from one of the two."""
    return recipe.words_for(item.words) is not None and recipe.selects(item.columns)


def picture_of(night: str, place: str) -> str:
    """A picture in a row of the night called ``night``, from the output's folder on; one that an earlier night made
    says so itself. The name of a night's picture holds its row and never changes."""
    return place if place.startswith("runs/") else f"runs/{night}/{place}"


def seed_of(row_id: str) -> int:
    """Seed of a row's noise, 0 <= seed < 2**31: the same row gets the same noise on every machine and
    night."""
    return int(row_id[:8], 16) & 0x7FFFFFFF


def _row(item: Item, recipe: Recipe, pairs: list[str], sha256: str, mask_sha256: str | None) -> Row:
    words = recipe.words_for(item.words)
    row: Row = {
        "item_id": item.item_id,
        "recipe_id": recipe.id,
        "sku": item.sku,
        "source_uri": item.uri,
        "source_sha256": sha256,
        "target": recipe.target,
        "words": words,
        "pair": " ".join(pairs),
        "region": recipe.region or "",
        "strength": recipe.strength,
        "given_mask_uri": item.mask_uri,
        "given_mask_sha256": mask_sha256,
        "caption": item.caption,
        "extra_json": json.dumps(item.extra, ensure_ascii=False),
        "attempt": 1,
    }
    row["row_id"] = _id_of(row)
    return row


def _tried_again(row: Row, again: Mapping[str, str | None]) -> Row:
    """The row as it was first planned, or as people sent it back, once or several times."""
    while row["row_id"] in again:
        row = row | {"words": again[row["row_id"]] or row["words"], "attempt": row["attempt"] + 1}
        row["row_id"] = _id_of(row)
    return row


def _id_of(row: Mapping[str, Any]) -> str:
    """Identity of a row: its picture, and what is asked of it."""
    asked = [row[name] for name in ("recipe_id", "words", "target", "region", "strength")]
    content = [*asked, *row["pair"].split(), *[row["attempt"]] * (row["attempt"] > 1)]
    return digest([row["item_id"], row["source_sha256"], content])[:16]


def _json(value: Mapping[str, Any]) -> bytes:
    return json.dumps(value, indent=2, ensure_ascii=False).encode() + b"\n"
