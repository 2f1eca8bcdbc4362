"""Making a data set, step by step; each step over a shard does nothing when its part is there.

    pool -> vocabulary -> edits -> matches -> pairs -> page, summary        retrieval
    pool -> pairs -> page, summary                                          back-translation

``make`` runs it in this process; ``flows.pairs`` runs the same steps as Prefect tasks.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

from editcore import storage
from editcore.training.pairs import back, dataset, matching, pool
from editcore.training.pairs.models import borrow
from editcore.training.pairs.page import render
from editcore.training.pairs.run import PairRun

STEPS = ("pool", "edits", "pairs")
"""Steps done shard by shard, in order."""
Map = Callable[[str, str, Iterable[int]], None]
"""(step, run path, shards): do the step for all of them."""


def work(step: str, path: str, shard: int) -> dict[str, int]:
    """Do ``step`` for one shard unless it is done; returns counts ({} if it was)."""
    run = PairRun.open(path)
    if run.has(step, shard):
        return {}
    with borrow(run.settings) as models:
        if step == "pool":
            return pool.make_part(run, shard, models.clip, models.captioner)
        if step == "edits":
            return matching.make_edits(run, shard, models.clip)
        if run.settings.method == "back-translation":
            return back.make_part(run, shard, models.clip.name)
        return dataset.make_part(run, shard, models.masker, models.clip.name)


def one_after_another(step: str, path: str, shards: Iterable[int]) -> None:
    """The plain ``Map``: in this process, in order."""
    for shard in shards:
        work(step, path, shard)


def make(run: PairRun, each: Map = one_after_another, say: Callable[[str], None] = print) -> dict[str, Any]:
    """Finish a run, however far it is; returns its summary."""
    if run.finished:
        say(f"{run.path} is finished: nothing to do")
        return dict(run.read_json("summary.json"))
    storage.sweep(run.path)
    each("pool", run.path, run.shards)
    say(f"pool: {_told(_outcomes(run))}")
    if run.settings.method == "retrieval":
        _find(run, each, say)
    each("pairs", run.path, run.pair_shards)
    summary = summarise(run)
    storage.put(run.file("page.html"), render(run, summary).encode())
    run.write_json("summary.json", summary)
    return summary


def _find(run: PairRun, each: Map, say: Callable[[str], None]) -> None:
    """A target for each edit prompt that has one."""
    if not storage.exists(run.file("vocabulary.json")):
        matching.write_vocabulary(run)
    each("edits", run.path, run.shards)
    if not storage.exists(run.file("retrieval.json")):
        matching.make_matches(run)
    found = run.read_json("retrieval.json")
    say(f"edits: {found['edits']} prompts, {found['pairs']} with a target")


def summarise(run: PairRun) -> dict[str, Any]:
    """The figures of a run whose parts are all there: pictures in, what each filter removed, pairs by kind."""
    rows = run.read("pool", ["outcome", "code", "captioner"], run.shards).to_pylist()
    pairs: list[dict[str, Any]] = []
    if run.pair_shards:
        columns = ["kind", "source_item", "target_item", "mask_doubt"]
        pairs = run.read("pairs", columns, run.pair_shards).to_pylist()
    good = [row for row in rows if row["outcome"] == "ok"]
    found = _found(run, len(good), len(pairs)) if run.settings.method == "retrieval" else {}
    return {
        "name": run.settings.name,
        "method": run.settings.method,
        "pictures": len(rows),
        "pictures_ok": len(good),
        "pictures_failed": _count(f"{r['outcome']}/{r['code']}" for r in rows if r["outcome"] != "ok"),
        "captioners": _count(row["captioner"] for row in good),
        **found,
        "pairs": len(pairs),
        "pairs_by_kind": _count(pair["kind"] for pair in pairs),
        "sources_used": len({pair["source_item"] for pair in pairs}),
        "targets_used": len({pair["target_item"] for pair in pairs}),
        "pairs_with_doubtful_mask": sum(bool(pair["mask_doubt"]) for pair in pairs),
    }


def _found(run: PairRun, good: int, pairs: int) -> dict[str, Any]:
    """What retrieval says of itself."""
    edits = run.read("edits", ["item_id", "kind"], run.shards).to_pylist()
    found = run.read_json("retrieval.json")
    return {
        "duplicates_in_pool": found["duplicates_in_pool"],
        "pictures_without_edit": good - len({edit["item_id"] for edit in edits}),
        "edits": _count(edit["kind"] for edit in edits),
        "candidates_removed": found["candidates_removed"],
        "similarity_band": [round(end, 4) for end in found["band"]],
        "edits_without_target": len(edits) - pairs,
    }


def _outcomes(run: PairRun) -> dict[str, int]:
    return _count(row["outcome"] for row in run.read("pool", ["outcome"], run.shards).to_pylist())


def _count(values: Iterable[str]) -> dict[str, int]:
    """Counts, by name so that equal runs write equal bytes."""
    return dict(sorted(Counter(values).items()))


def _told(counts: dict[str, int]) -> str:
    return ", ".join(f"{count} {name}" for name, count in counts.items())
