"""One step over one shard: batches, kept as they finish, with every failure caught at the row it belongs to.

The order of events that makes a kill harmless: a batch is done -> its rows are put beside the part (``kept``)
-> the next batch ... -> the part is committed in one move -> kept rows go. A process that finds kept batches
does the rest only. Batches are cut the same way every time, so a resumed shard sees the batches an
undisturbed one would have seen.

Kept rows that failed for our reasons (``retryable``, ``model_error``) are tried again by the next process:
what broke may have been mended. Committed parts are final."""

from __future__ import annotations

import itertools
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from editcore import manifest
from editcore.attempts import Memory, Work, attempt
from editcore.columns import STEPS, Row, keys_of, own_columns
from editcore.night import Night
from editcore.outcomes import Outcome, Verdict
from editcore.room import Room

TRY_AGAIN = frozenset({Outcome.RETRYABLE, Outcome.MODEL_ERROR})
LANES = 2
"""Batches of a shard in hand at once, for steps with a model: one is with the model, while the one before it is
written and the one after it is read."""
ROOM = Room(2_000_000_000)
"""Bytes of decoded pictures in hand at once in this process."""
BYTES_PER_PIXEL = 16
"""Source, matte, result, region, and what it takes to compose them."""

listeners: list[Callable[[str, Counter[str], int], None]] = []
"""Called with (step, outcomes of rows just finished or found finished, rows planned); for progress, and in
this process only."""
before_batches: dict[str, Callable[[], str]] = {}
"""By night, what is asked before each of its batches: why not to begin it, empty if nothing speaks against it."""
_halted: dict[str, str] = {}
_watches: dict[tuple[str, str], StormWatch] = {}
_lock = threading.Lock()


class NightStopped(RuntimeError):  # noqa: N818 - reads as what it says
    """The night was told to stop; finished batches are kept and the next run goes on from there."""


class StormWatch:
    """Stops a night whose last rows fail mostly with one ``model_error`` code: that is our bug, not their
    images."""

    def __init__(self, window: int, share: float) -> None:
        self.recent: deque[Verdict] = deque(maxlen=window)
        self.share = share

    def see(self, verdicts: Sequence[Verdict]) -> str:
        """Add rows; the sentence to stop with, or "" to go on. Judges only a full window."""
        self.recent.extend(verdicts)
        broken = [v for v in self.recent if v.outcome == Outcome.MODEL_ERROR]
        if len(self.recent) < (self.recent.maxlen or 0) or not broken:
            return ""
        code, count = Counter(v.code for v in broken).most_common(1)[0]
        if count <= self.share * len(self.recent):
            return ""
        last = next(v.message for v in reversed(broken) if v.code == code)
        return (
            f"found {count} of the last {len(self.recent)} rows failed with {code} (last: {last}), "
            f"expected at most {self.share:.0%}. This is a fault of the program or its machine, not of the "
            "pictures: mend it and run the same campaign again; rows of unfinished shards are tried again"
        )


def halt(run: str, reason: str) -> None:
    """Ask every shard of a night in this process to stop before its next batch."""
    _halted.setdefault(run, reason)


def halted(run: str) -> str:
    """Why the night was asked to stop; empty if it was not."""
    return _halted.get(run, "")


def reset(run: str) -> None:
    """Forget what this process knows about a night that is starting (stop requests, storm windows)."""
    with _lock:
        _halted.pop(run, None)
        before_batches.pop(run, None)
        for key in [key for key in _watches if key[0] == run]:
            del _watches[key]


def tell_committed(night: Night, step: str, shards: set[int]) -> None:
    """Tell the listeners what earlier processes committed."""
    for shard in shards if listeners else ():
        facts = manifest.footer(night.path, step, shard)
        _tell(night, step, Counter({k: v for k, v in facts.items() if k not in manifest.FACTS}))


def work_shard(
    run: str,
    step: str,
    shard: int,
    work: Work,
    batch_size: int,
    lanes: int = 1,
    group: Callable[[Row], str] | None = None,
    memory: Memory | None = None,
) -> dict[str, Any]:
    """Do ``step`` for ``shard`` unless it is committed; returns the part's counts (rows, seconds, outcomes, figures).

    ``lanes``: batches worked on at once; ``work`` then runs in so many threads. ``group``: rows with the same key are
    done one after the other, in batches of their own, because changing the key costs time (an engine's adapter); the
    part keeps the plan's order. ``memory``: what to do when memory runs out, and the figures to count in."""
    night = Night.open(run)
    if manifest.is_committed(run, step, shard):
        return manifest.footer(run, step, shard)
    started, memory = time.monotonic(), memory or Memory()
    rows, inherited = _gather(run, step, shard)
    found = {row["row_id"]: row for row in manifest.kept(run, step, shard)}
    _tell(night, step, Counter(row["outcome"] for row in inherited.values()))
    done: dict[str, Row] = dict(inherited)
    todo = [row for row in rows if row["row_id"] not in inherited]
    broken = threading.Event()

    def finish(numbered: tuple[int, list[Row]]) -> dict[str, Row]:
        if broken.is_set():  # the error is on its way to the caller
            return {}
        try:
            return _finish_batch(night, step, shard, *numbered, found, work, memory)
        except BaseException:
            broken.set()
            raise

    with ThreadPoolExecutor(lanes, f"{step}-{shard}") as pool:
        for records in pool.map(finish, enumerate(_batches(todo, batch_size, group))):
            done |= records
    ordered = [done[row["row_id"]] for row in rows]
    return manifest.commit(run, step, shard, ordered, time.monotonic() - started, memory.figures.told())


def _batches(rows: list[Row], size: int, group: Callable[[Row], str] | None) -> Iterator[list[Row]]:
    """Cut the same way every time; no batch holds two groups."""
    key = group or (lambda row: "")
    for _, alike in itertools.groupby(sorted(rows, key=key), key):
        together = list(alike)
        yield from (together[start : start + size] for start in range(0, len(together), size))


def _gather(run: str, step: str, shard: int) -> tuple[list[Row], dict[str, Row]]:
    """The shard's rows with all earlier steps' columns, and the finished records of those that failed
    before."""
    rows = {row["row_id"]: row for row in manifest.read_part(run, "plan", shard)}
    inherited: dict[str, Row] = {}
    for earlier in STEPS[: STEPS.index(step)]:
        for record in manifest.read_part(run, earlier, shard):
            row_id, outcome = record["row_id"], record["outcome"]
            rows[row_id] |= record
            if outcome != Outcome.OK and row_id not in inherited:
                verdict = Verdict(Outcome.SKIPPED, record["code"], record["message"], 0)
                inherited[row_id] = _record(step, record, verdict, {})
    return list(rows.values()), inherited


def _finish_batch(
    night: Night,
    step: str,
    shard: int,
    number: int,
    batch: list[Row],
    found: dict[str, Row],
    work: Work,
    memory: Memory,
) -> dict[str, Row]:
    """Records of a batch by row: those an earlier process kept, and the rest done now and kept."""
    if reason := before_batches.get(night.path, str)():
        halt(night.path, reason)
    if night.path in _halted:
        raise NightStopped(_halted[night.path])
    old = {r["row_id"]: found[r["row_id"]] for r in batch if r["row_id"] in found}
    old = {row_id: record for row_id, record in old.items() if record["outcome"] not in TRY_AGAIN}
    missing = [row for row in batch if row["row_id"] not in old]
    if missing:
        with ROOM.take(sum(_pixels(row) for row in missing) * BYTES_PER_PIXEL):
            new = attempt(missing, work, int(night.limits["attempts"]), memory)
        _watch(night, step, [verdict for verdict, _ in new])
        old |= {row["row_id"]: _record(step, row, *result) for row, result in zip(missing, new, strict=True)}
        manifest.keep(night.path, step, shard, number, [old[row["row_id"]] for row in batch])
    _tell(night, step, Counter(record["outcome"] for record in old.values()))
    return old


def _pixels(row: Row) -> int:
    """0 before ingest, which holds one picture at a time."""
    return int(row.get("width") or 0) * int(row.get("height") or 0)


def _record(step: str, row: Row, verdict: Verdict, own: Row) -> Row:
    """A row of the step's part; what ingest passes on from the plan stays even where ingest failed."""
    outcome = {
        "outcome": str(verdict.outcome),
        "code": verdict.code,
        "message": verdict.message,
        "attempts": verdict.attempts,
    }
    passed_on = {name: row[name] for name in own_columns(step) if name in row}
    return keys_of(row) | passed_on | outcome | own


def _watch(night: Night, step: str, verdicts: list[Verdict]) -> None:
    with _lock:
        limits = night.limits
        watch = _watches.setdefault(
            (night.path, step), StormWatch(int(limits["storm_window"]), float(limits["storm_share"]))
        )
        sentence = watch.see(verdicts)
    if sentence:
        halt(night.path, sentence)
        raise NightStopped(sentence)


def _tell(night: Night, step: str, outcomes: Counter[str]) -> None:
    for listener in list(listeners):
        listener(step, outcomes, int(night.info["planned"]))
