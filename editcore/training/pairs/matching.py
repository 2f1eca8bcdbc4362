"""The two steps between the pool and the pairs: edit prompts for each shard, then targets for all of them.

Retrieval looks at all edits at once, since the cap on a target's reuse counts over the whole data set.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from editcore.lexicon import colour_named
from editcore.training.pairs.prompts import propose, vocabulary
from editcore.training.pairs.retrieval import FILTERS, Found, Match, retrieve
from editcore.training.pairs.run import PairRun, Row
from editcore.training.pairs.slots import Reading, read

EDITS = pa.schema(
    [
        *[(name, pa.string()) for name in ("item_id", "kind", "old", "new", "word", "noun", "edit_prompt")],
        ("embedding", pa.list_(pa.float32())),
    ]
)
_TEXTS = (
    "edit_prompt", "source_caption", "target_caption", "kind", "old", "new", "noun", "source_item", "target_item",
    "source_uri", "target_uri", "source_sha256", "target_sha256", "source_captioner", "target_captioner", "mask_doubt",
)  # fmt: skip
MATCHES = pa.schema(
    [
        *[(name, pa.string()) for name in _TEXTS],
        *[(n, pa.float32()) for n in ("similarity", "gain", "prompt_to_source", "prompt_to_target", "score")],
        *[(f"{n}_embedding", pa.list_(pa.float32())) for n in ("source", "target", "prompt")],
    ]
)


def write_vocabulary(run: PairRun) -> None:
    """Count the words of the pool, once all of it is there."""
    rows = run.read("pool", ["caption", "outcome"], run.shards).to_pylist()
    run.write_json("vocabulary.json", vocabulary(row["caption"] for row in rows if row["outcome"] == "ok"))


def make_edits(run: PairRun, shard: int, clip: Any) -> dict[str, int]:
    """Edit prompts of one shard's pictures, embedded; returns {"ok": edits}."""
    words = run.read_json("vocabulary.json")
    rows: list[Row] = []
    for row in run.read("pool", ["item_id", "caption", "outcome"], [shard]).to_pylist():
        if row["outcome"] == "ok":
            edits = propose(row["caption"], row["item_id"], words, run.settings.edits_per_picture)
            rows += [
                {
                    "word": e.word,
                    "item_id": row["item_id"], "kind": e.kind, "old": e.old, "new": e.new, "noun": e.noun,
                    "edit_prompt": e.prompt,
                }
                for e in edits
            ]  # fmt: skip
    for start in range(0, len(rows), run.settings.batch_size):
        batch = rows[start : start + run.settings.batch_size]
        for row, vector in zip(batch, clip.texts([r["edit_prompt"] for r in batch]), strict=True):
            row["embedding"] = vector.astype(np.float32).tolist()
    run.write("edits", shard, rows, EDITS)
    return {"ok": len(rows)}


def make_matches(run: PairRun) -> int:
    """Find all targets, write the matches by shard and what the filters removed; returns the number of shards.

    ``retrieval.json`` comes last: being there is what "done" means."""
    table = run.read("pool", shards=run.shards)
    pool = Embedded(table.filter(pc.equal(table["outcome"], "ok")))
    edits = Embedded(run.read("edits", shards=run.shards))
    number = {row["item_id"]: i for i, row in enumerate(pool.rows)}
    sources = np.array([number[edit["item_id"]] for edit in edits.rows], np.int64)
    found = _retrieved(run, pool, edits, sources)
    size = run.settings.shard_size
    parts = [found.matches[start : start + size] for start in range(0, len(found.matches), size)]
    for shard, part in enumerate(parts):
        rows = [_row(match, int(sources[match.edit]), pool, edits) for match in part]
        run.write("matches", shard, rows, MATCHES)
    summary = {
        "shards": len(parts),
        "edits": len(edits.rows),
        "pairs": len(found.matches),
        "duplicates_in_pool": found.duplicates,
        "band": list(found.band),
        "candidates_removed": found.removed,
    }
    run.write_json("retrieval.json", summary)
    return len(parts)


class Embedded:
    """A table with a column ``embedding``: its rows without it, and the embeddings as one array, which takes a
    tenth of the memory that lists of numbers would."""

    def __init__(self, table: pa.Table) -> None:
        self.rows: list[Row] = table.drop_columns(["embedding"]).to_pylist()
        chunks = [chunk.flatten().to_numpy() for chunk in table["embedding"].chunks if len(chunk)]
        flat = np.concatenate(chunks) if chunks else np.zeros(0, np.float32)
        self.vectors_ND: np.ndarray = (
            flat.reshape(len(self.rows), -1) if self.rows else np.zeros((0, 1), np.float32)
        )
        """(N, D) float32, unit length."""


def _retrieved(run: PairRun, pool: Embedded, edits: Embedded, sources: np.ndarray) -> Found:
    if not edits.rows:
        return Found([], dict.fromkeys(FILTERS, 0), (0.0, 0.0), 0)
    asked = run.settings.agreement
    readings = [read(row["caption"]) for row in pool.rows] if asked != "none" else []

    def agrees(edit: int, target: int) -> bool:
        source = readings[sources[edit]] if asked == "product" else None
        return says(readings[target], edits.rows[edit]["kind"], edits.rows[edit]["word"], source)

    digests = [row["sha256"] for row in pool.rows]
    by_words = agrees if asked != "none" else None
    return retrieve(pool.vectors_ND, digests, sources, edits.vectors_ND, run.settings, by_words)


def says(target: Reading, kind: str, word: str, source: Reading | None = None) -> bool:
    """Whether a caption holds a word (canonical) as this kind, and with ``source`` given, the same product.

    Colours agree by family, since "mustard" is a yellow; a swapped noun needs no other agreement."""
    said = {slot.word for slot in target.slots if slot.kind == kind}
    family = {_family(name) for name in said} - {None} if kind in ("colour", "setting") else set()
    holds = word in said or _family(word) in family
    return holds and (source is None or kind == "noun" or target.product == source.product)


def _family(name: str) -> str | None:
    """The basic colour of a colour's name, None for other words; "oak wood" is a surface and no brown."""
    colour = colour_named(name)
    return colour.base if colour else None


def _row(match: Match, source: int, pool: Embedded, edits: Embedded) -> Row:
    edit, ends = edits.rows[match.edit], {"source": source, "target": match.target}
    row: Row = {name: edit[name] for name in ("edit_prompt", "kind", "old", "new", "noun")}
    for end, place in ends.items():
        about = pool.rows[place]
        row |= {f"{end}_{name}": about[name] for name in ("caption", "uri", "sha256", "captioner")}
        row |= {f"{end}_item": about["item_id"], f"{end}_embedding": pool.vectors_ND[place].tolist()}
    doubts = dict.fromkeys(pool.rows[place]["mask_doubt"] for place in ends.values())
    return row | {
        "prompt_embedding": edits.vectors_ND[match.edit].tolist(),
        "mask_doubt": " ".join(filter(None, doubts)),
        "similarity": match.similarity,
        "gain": match.to_target - match.to_source,
        "prompt_to_source": match.to_source,
        "prompt_to_target": match.to_target,
        "score": match.score,
    }
