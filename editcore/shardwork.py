"""One step over one shard: batches, kept as they finish, with every failure caught at the row it belongs to.

The order of events that makes a kill harmless: a batch is done -> its rows are put beside the part (``kept``)
-> the next batch ... -> the part is committed in one move -> kept rows go. A process that finds kept batches
does the rest only. Batches are cut the same way every time, so a resumed shard sees the batches an
undisturbed one would have seen.

Kept rows that failed for our reasons (``retryable``, ``model_error``) are tried again by the next process:
what broke may have been mended. Committed parts are final."""

from __future__ import annotations

import random
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from editcore import manifest
from editcore.manifest import STEPS, Row
from editcore.night import Night
from editcore.outcomes import Outcome, Verdict, judge

Work = Callable[[list[Row]], Sequence["Row | Exception"]]
"""What a step does with a batch of rows (all earlier steps' columns): its own columns for each, or an
exception."""

TRY_AGAIN = frozenset({Outcome.RETRYABLE, Outcome.MODEL_ERROR})
BACK_OFF = 0.2
"""Seconds before the second try of a retryable row; doubles each time, with jitter."""

listeners: list[Callable[[str, Counter[str], int], None]] = []
"""Called with (step, outcomes of rows just finished or found finished, rows planned); for progress, and in
this process only."""
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


def reset(run: str) -> None:
    """Forget what this process knows about a night that is starting (stop requests, storm windows)."""
    with _lock:
        _halted.pop(run, None)
        for key in [key for key in _watches if key[0] == run]:
            del _watches[key]


def tell_committed(night: Night, step: str, shards: set[int]) -> None:
    """Tell the listeners what earlier processes committed."""
    for shard in shards if listeners else ():
        facts = manifest.footer(night.path, step, shard)
        _tell(night, step, Counter({k: v for k, v in facts.items() if k not in manifest.FACTS}))


def work_shard(
    run: str, step: str, shard: int, work: Work, batch_size: int, figures: Mapping[str, float] | None = None
) -> dict[str, Any]:
    """Do ``step`` for ``shard`` unless it is committed; returns the part's counts (rows, seconds, outcomes).

    ``figures``: what ``work`` counts as it goes on, for the part's footer."""
    night = Night.open(run)
    if shard in manifest.committed(run, step):
        return manifest.footer(run, step, shard)
    started = time.monotonic()
    rows, inherited = _gather(run, step, shard)
    found = {row["row_id"]: row for row in manifest.kept(run, step, shard)}
    _tell(night, step, Counter(row["outcome"] for row in inherited.values()))
    done: dict[str, Row] = dict(inherited)
    todo = [row for row in rows if row["row_id"] not in inherited]
    for number, start in enumerate(range(0, len(todo), batch_size)):
        batch = todo[start : start + batch_size]
        done |= _finish_batch(night, step, shard, number, batch, found, work)
    ordered = [done[row["row_id"]] for row in rows]
    return manifest.commit(run, step, shard, ordered, time.monotonic() - started, figures)


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
    night: Night, step: str, shard: int, number: int, batch: list[Row], found: dict[str, Row], work: Work
) -> dict[str, Row]:
    """Records of a batch by row: those an earlier process kept, and the rest done now and kept."""
    if night.path in _halted:
        raise NightStopped(_halted[night.path])
    old = {r["row_id"]: found[r["row_id"]] for r in batch if r["row_id"] in found}
    old = {row_id: record for row_id, record in old.items() if record["outcome"] not in TRY_AGAIN}
    missing = [row for row in batch if row["row_id"] not in old]
    if missing:
        new = _attempt(missing, work, int(night.limits["attempts"]))
        _watch(night, step, [verdict for verdict, _ in new])
        old |= {row["row_id"]: _record(step, row, *result) for row, result in zip(missing, new, strict=True)}
        manifest.keep(night.path, step, shard, number, [old[row["row_id"]] for row in batch])
    _tell(night, step, Counter(record["outcome"] for record in old.values()))
    return old


def _attempt(batch: list[Row], work: Work, attempts: int) -> list[tuple[Verdict, Row]]:
    """Try the batch together; rows whose try failed go on alone, so that each failure is its own."""
    results = _call(work, batch)
    if len(batch) == 1:
        return [_alone(batch[0], work, attempts, results[0])]
    failed_together = len({id(r) for r in results}) == 1 and isinstance(results[0], Exception)
    return [
        _alone(row, work, attempts, None if failed_together else result, tried=1)
        for row, result in zip(batch, results, strict=True)
    ]


def _alone(
    row: Row, work: Work, attempts: int, result: Row | Exception | None, tried: int = 1
) -> tuple[Verdict, Row]:
    """Judge a row's result (None: its batch failed as a whole, try it now) and retry while that may help."""
    while True:
        if result is None:
            tried += 1
            result = _call(work, [row])[0]
        if not isinstance(result, Exception):
            return Verdict(attempts=tried), result
        verdict = judge(result, tried)
        if verdict.outcome != Outcome.RETRYABLE or tried >= attempts:
            return verdict, {}
        time.sleep(BACK_OFF * 2 ** (tried - 1) * random.uniform(0.5, 1.5))
        result = None


def _call(work: Work, batch: list[Row]) -> Sequence[Row | Exception]:
    """``work`` on a batch; an exception of the whole batch is given to every row of it."""
    try:
        results = work(batch)
        if len(results) != len(batch):
            raise RuntimeError(f"found {len(results)} results for {len(batch)} rows, expected one for each")
        return results
    except Exception as error:
        return [error] * len(batch)


def _record(step: str, row: Row, verdict: Verdict, own: Row) -> Row:
    """A row of the step's part; what ingest passes on from the plan stays even where ingest failed."""
    outcome = {
        "outcome": str(verdict.outcome),
        "code": verdict.code,
        "message": verdict.message,
        "attempts": verdict.attempts,
    }
    passed_on = {name: row[name] for name in manifest.own_columns(step) if name in row}
    return manifest.keys_of(row) | passed_on | outcome | own


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
