"""Results that are there already: a night edits what is new or changed, and carries the rest over.

A result belongs to a picture, its mask and caption, a recipe's content and the models and code that made it; names,
SKUs and addresses may change freely. The carried rows of a new night get shards of their own, whose parts are
committed while it is planned, copied from the earlier night's parts; so every step finds them done, and the books,
the report and the manifest hold all rows. ``carried_from`` names the night whose folder holds their pictures.

Not carried: rows that failed for our reasons or the world's (they are tried again), and rows whose pictures or parts
are gone or damaged.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any

from editcore import manifest, storage
from editcore.columns import Row, keys_of, own_columns
from editcore.fingerprint import digest
from editcore.night import Night, picture_of
from editcore.outcomes import Outcome

STEPS = ("ingest", "segment", "edit", "score")
"""Steps whose records are carried; rows are routed anew, because thresholds may be others."""
PICTURES = ("mask_path", "image_path", "region_path", "raw_path")
_IDENTITY = (
    "source_sha256",
    "given_mask_sha256",
    "caption",
    "words",
    "pair",
    "target",
    "region",
    "strength",
    "attempt",
)
_FINAL = {Outcome.OK, Outcome.SKIPPED, Outcome.BAD_INPUT}


def candidates(nights: Sequence[Night], fingerprint: Mapping[str, Any]) -> list[Night]:
    """Nights whose results a new one with ``fingerprint`` may carry, latest first: made by the same models and code
    under the same limits; the last finished one (it holds all earlier ones' too) and unfinished ones after it."""
    chosen: list[Night] = []
    for night in reversed(nights):
        if _makers(night.info["fingerprint"]) == _makers(fingerprint):
            chosen.append(night)
        if night.finished:
            break
    return chosen


def carry(
    run: str, rows: Iterable[Row], earlier: Sequence[Night], shard_size: int
) -> tuple[int, list[Row], dict[str, int]]:
    """Commit the shards of all rows whose results lie in ``earlier``, numbered from 0, to the run folder ``run``.

    Returns how many shards that made, the rows that remain to be done, and how many rows came from which night."""
    left = {row["row_id"]: row for row in rows}
    shards, sources, full = 0, dict[str, int](), list[tuple[Row, dict[str, Row]]]()
    for row, records in _harvests(earlier, left):
        full.append((row, records))
        sources[row["carried_from"]] = sources.get(row["carried_from"], 0) + 1
        if len(full) == shard_size:
            shards, full = _commit(run, shards, full), []
    if full:
        shards = _commit(run, shards, full)
    return shards, list(left.values()), sources


def count(rows: Iterable[Row], earlier: Sequence[Night]) -> int:
    """How many of ``rows`` would be carried; writes nothing."""
    return sum(1 for _ in _harvests(earlier, {row["row_id"]: row for row in rows}))


def _makers(fingerprint: Mapping[str, Any]) -> list[Any]:
    """What made a night's results, besides the rows' own identity."""
    settings = fingerprint["settings"]
    limits = [settings["limits"][name] for name in ("max_pixels", "max_bytes")]
    return [fingerprint["models"], fingerprint["code"], settings["keep_raw"], limits]


def _identity(row: Mapping[str, Any]) -> str:
    """Digest of what a result depends on; empty for a row whose picture or mask could not be read."""
    known = row.get("source_sha256") and (row.get("given_mask_sha256") or not row.get("given_mask_uri"))
    return digest([row.get(name) for name in _IDENTITY]) if known else ""


def _harvests(earlier: Sequence[Night], left: dict[str, Row]) -> Iterator[tuple[Row, dict[str, Row]]]:
    """``_harvest`` of one night after the other; what was found is taken out of ``left``."""
    for night in earlier:
        for row, records in _harvest(night, left):
            del left[row["row_id"]]
            yield row, records


def _harvest(night: Night, wanted: Mapping[str, Row]) -> Iterator[tuple[Row, dict[str, Row]]]:
    """Tonight's rows with the records of every carried step, as far as ``night`` has them, by its shards."""
    done = sorted(manifest.committed(night.path, STEPS[-1]))
    chosen = _matches(night, done, wanted)
    there = cache(lambda folder: frozenset(storage.listing(storage.join(str(night.info["output"]), folder))))
    for shard in done:
        parts = {step: {r["row_id"]: r for r in _part(night, step, shard)} for step in STEPS}
        for old_id in parts["ingest"] if all(parts.values()) else ():
            for row in chosen.get(old_id, ()):
                old = {step: parts[step][old_id] for step in STEPS}
                maker = old["ingest"].get("carried_from") or night.name
                row = row | {"carried_from": maker, "shard": 0}
                records = {step: _record(step, row, old[step]) for step in STEPS}
                places = [r[name] for r in records.values() for name in PICTURES if r.get(name)]
                final = all(record["outcome"] in _FINAL for record in old.values())
                if final and all(storage.name_of(p) in there(p.rsplit("/", 1)[0]) for p in places):
                    yield row, records


def _part(night: Night, step: str, shard: int) -> list[Row]:
    """Records of a committed part; none where it was damaged afterwards, so that its rows are done again."""
    try:
        return manifest.read_part(night.path, step, shard)
    except manifest.Damaged:
        return []


def _matches(night: Night, shards: Sequence[int], wanted: Mapping[str, Row]) -> dict[str, list[Row]]:
    """Tonight's rows by the earlier row that has their result: the same row if it is there, else one like it."""
    identities = {row_id: _identity(row) for row_id, row in wanted.items()}
    first: dict[str, str] = {}
    exact: set[str] = set()
    for shard in shards:
        for record in _part(night, "ingest", shard):
            identity = _identity(record)
            first.setdefault(identity, record["row_id"])
            if identity and identities.get(record["row_id"]) == identity:
                exact.add(record["row_id"])
    chosen: dict[str, list[Row]] = {}
    for row_id, row in wanted.items():
        identity = identities[row_id]
        old_id = row_id if row_id in exact else first.get(identity) if identity else None
        if old_id:
            chosen.setdefault(old_id, []).append(row)
    return chosen


def _record(step: str, row: Row, old: Row) -> Row:
    """An earlier record as tonight's: tonight's names, the earlier outcome, figures and pictures."""
    own = {name: old.get(name) for name in own_columns(step)}
    tonight = {name: row[name] for name in own if name in row}
    outcome = {name: old[name] for name in ("outcome", "code", "message", "attempts")}
    places = {name: picture_of(row["carried_from"], str(own[name])) for name in PICTURES if own.get(name)}
    return keys_of(row) | outcome | own | tonight | places


def _commit(run: str, shard: int, full: Sequence[tuple[Row, dict[str, Row]]]) -> int:
    rows = [row | {"shard": shard} for row, _ in full]
    manifest.commit(run, "plan", shard, rows)
    for step in STEPS:
        manifest.commit(run, step, shard, [records[step] | {"shard": shard} for _, records in full])
    return shard + 1
