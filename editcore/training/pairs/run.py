"""The folder of a data set in the making: what it is made of, and which parts are done.

<output>/run.json                 settings and fingerprint; written once the list of pictures is complete
         items/part-00000.parquet     the pictures, by shard
         pool/part-00000.parquet      read, described and embedded; bad ones with a code
         images/                      framed pictures and product masks of the pool
         vocabulary.json              words of the pool's captions
         edits/part-00000.parquet     edit prompts and their embeddings
         matches/part-00000.parquet   a target for each edit that got one; summary in retrieval.json
                                      (these three for retrieval only)
         pairs/part-00000.parquet     the data set
         page.html, summary.json      last; being there is what "finished" means

As in a night, a part being there is what "done" means: each arrives in one move, holds no time and no path of the
machine that wrote it, and a killed run goes on with the parts that are missing.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pyarrow as pa

from editcore import manifest, storage, tables
from editcore.campaign import CampaignError, Source
from editcore.fingerprint import differences, digest
from editcore.night import NightRefused
from editcore.sources.captions import captioned
from editcore.sources.contents import read_contents, sums
from editcore.training.pairs.settings import PairSettings

Row = dict[str, Any]
MAX_BYTES = 100_000_000
"""Larger files are not read."""


@dataclass(frozen=True)
class PairRun:
    """A data set's folder; ``info`` is its run.json."""

    path: str
    info: dict[str, Any]

    @classmethod
    def open(cls, path: str) -> PairRun:
        """The run in ``path``; FileNotFoundError if it was never planned to the end."""
        return cls(path, json.loads(storage.read_bytes(storage.join(path, "run.json"))))

    @cached_property
    def settings(self) -> PairSettings:
        return PairSettings.model_validate(self.info["settings"])

    @property
    def shards(self) -> range:
        """Shards of the pool and of the edits."""
        return range(int(self.info["shards"]))

    @property
    def pair_shards(self) -> range:
        """Shards of the pairs, once it is known what they are made of."""
        if self.settings.method == "back-translation":
            return self.shards
        return range(int(self.read_json("retrieval.json")["shards"]))

    @property
    def finished(self) -> bool:
        return storage.exists(self.file("summary.json"))

    def file(self, *names: str) -> str:
        """A path inside the folder."""
        return storage.join(self.path, *names)

    def has(self, step: str, shard: int) -> bool:
        """Whether a part is committed."""
        return storage.exists(manifest.part_path(self.path, step, shard))

    def write(self, step: str, shard: int, rows: Iterable[Mapping[str, Any]], schema: pa.Schema) -> None:
        """Commit a part in one move. The same rows give the same bytes."""
        table = pa.Table.from_pylist([{n: row.get(n) for n in schema.names} for row in rows], schema=schema)
        storage.put(manifest.part_path(self.path, step, shard), tables.encode(table))

    def read(
        self, step: str, columns: Sequence[str] | None = None, shards: Iterable[int] | None = None
    ) -> pa.Table:
        """Rows of a step's parts in order; FileNotFoundError if a part is missing."""
        numbers = sorted(manifest.committed(self.path, step)) if shards is None else list(shards)
        parts = [storage.read_bytes(manifest.part_path(self.path, step, n)) for n in numbers]
        return pa.concat_tables([tables.decode(p, columns) for p in parts])

    def write_json(self, name: str, value: Any) -> None:
        storage.put(self.file(name), json.dumps(value, indent=2, ensure_ascii=False).encode() + b"\n")

    def read_json(self, name: str) -> Any:
        return json.loads(storage.read_bytes(self.file(name)))


ITEMS = pa.schema(
    [(name, pa.string()) for name in ("item_id", "sku", "uri", "sha256", "mask_uri", "caption")]
)


def begin(source: Source, output: str, settings: PairSettings, limit: int | None = None) -> PairRun:
    """The run to go on with, planned and on disk.

    Raises ``NightRefused`` if the folder holds a run of other pictures or settings, ``CampaignError`` if the source
    cannot be listed or holds no picture."""
    items = captioned(source)[:limit]
    if not items:
        raise CampaignError("found no picture in the source; check the path and the columns")
    sha256 = sums(read_contents(items, {}, MAX_BYTES))
    rows = [{n: getattr(i, n, None) for n in ITEMS.names} | {"sha256": sha256[i.item_id]} for i in items]
    contents = digest([[row[n] for n in ("item_id", "sha256", "mask_uri", "caption")] for row in rows])
    wanted = {"settings": settings.identity(), "pictures": {"count": len(rows), "sha256": contents}}
    try:
        run = PairRun.open(output)
    except FileNotFoundError:
        return _create(output, settings, rows, wanted)
    if lines := differences(run.info["fingerprint"], wanted):
        raise NightRefused(
            f"{output} holds a data set of something else and cannot go on:\n  "
            + "\n  ".join(lines)
            + "\nPut it back as it was, or give another output"
        )
    return run


def _create(output: str, settings: PairSettings, rows: list[Row], fingerprint: Mapping[str, Any]) -> PairRun:
    size = settings.shard_size
    info = {
        "settings": settings.model_dump(mode="json"),
        "shards": -(-len(rows) // size),
        "fingerprint": dict(fingerprint),
    }
    run = PairRun(output, info)
    for shard in run.shards:
        run.write("items", shard, rows[shard * size : (shard + 1) * size], ITEMS)
    run.write_json("run.json", info)
    return run
