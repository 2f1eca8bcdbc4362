"""A batch of rows tried until each has its verdict: a failure is its own row's, and memory that runs out is met in
steps.

Where a batch runs out of memory: half the batch (and batches of that size for the rest of the shard); a single row:
the model's parts leave the device one by one (engines that can, ``offload``); then the row counts as ``retryable`` and
is tried once more, since another process may have held the memory; then it is a ``model_error``. Every step is counted
in the night's figures."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from editcore.columns import Row
from editcore.figures import Figures
from editcore.outcomes import DISK_FULL, OUT_OF_MEMORY, Outcome, Verdict, judge

Work = Callable[[list[Row]], Sequence["Row | Exception"]]
"""What a step does with a batch of rows (all earlier steps' columns): its own columns for each, or an
exception."""

BACK_OFF = 0.2
"""Seconds before the second try of a retryable row; doubles each time, with jitter."""
MEMORY_TRIES = 2
"""How often a row alone, with everything offloaded, may run out of memory."""


@dataclass
class Memory:
    """What a shard has learnt about memory. ``offload`` moves the model out of the device's memory; False where it
    cannot, or already did."""

    figures: Figures = field(default_factory=Figures)
    offload: Callable[[], bool] = lambda: False
    rows: int | None = None
    """The largest batch to try; None as long as all fitted."""

    def relieve(self, rows: int) -> bool:
        """After ``rows`` rows ran out of memory: make that less likely; False where nothing is left to do."""
        if rows > 1:
            self.rows = min(self.rows or rows, rows // 2)
            self.figures.add("batches_halved")
            return True
        if self.offload():
            self.figures.add("models_offloaded")
            return True
        return False


def attempt(batch: list[Row], work: Work, attempts: int, memory: Memory) -> list[tuple[Verdict, Row]]:
    """Verdict and own columns of every row, in order. ``attempts``: how often a retryable row is tried.

    Raises the ``OSError`` of a full disk: that is no row's fault, and the next row would not fit either."""
    done: list[tuple[Verdict, Row]] = []
    tried = [0] * len(batch)
    while len(done) < len(batch):
        start = len(done)
        piece = batch[start : start + (memory.rows or len(batch))]
        results = _call(work, piece)
        _need_room(results)
        for place in range(start, start + len(piece)):
            tried[place] += 1
        if _ran_out(results) and memory.relieve(len(piece)):
            continue
        alone = len(piece) > 1 and _failed_together(
            results
        )  # each is tried again, so that each failure is its own
        for place, row, result in zip(range(start, len(batch)), piece, results, strict=False):
            done.append(_alone(row, work, attempts, memory, None if alone else result, tried[place]))
    return done


def _alone(
    row: Row, work: Work, attempts: int, memory: Memory, result: Row | Exception | None, tried: int
) -> tuple[Verdict, Row]:
    """Judge a row's result (None: its batch failed as a whole, try it now) and retry while that may help."""
    out_of_memory = 0
    while True:
        if result is None:
            tried += 1
            result = _call(work, [row])[0]
            _need_room([result])
        if not isinstance(result, Exception):
            return Verdict(attempts=tried), result
        verdict = judge(result, tried)
        if verdict.code == OUT_OF_MEMORY:
            out_of_memory += 1
            if out_of_memory == MEMORY_TRIES:
                return Verdict(Outcome.MODEL_ERROR, verdict.code, verdict.message, tried), {}
            memory.figures.add("rows_retried")
        elif verdict.outcome != Outcome.RETRYABLE or tried >= attempts or getattr(result, "spent", False):
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
        if judge(error).code == OUT_OF_MEMORY:
            _let_go(error)
        return [error] * len(batch)


def _need_room(results: Sequence[Row | Exception]) -> None:
    for error in results:
        if isinstance(error, OSError) and judge(error).code == DISK_FULL:
            raise OSError(
                error.errno, f"{error.strerror}; make room, then run the same command again"
            ) from error


def _let_go(error: BaseException | None) -> None:
    """Drop the frames of an exception: they hold the tensors that filled the memory."""
    while error:
        error.__traceback__ = None
        error = error.__context__


def _failed_together(results: Sequence[Row | Exception]) -> bool:
    return isinstance(results[0], Exception) and all(result is results[0] for result in results)


def _ran_out(results: Sequence[Row | Exception]) -> bool:
    first = results[0]
    return isinstance(first, Exception) and _failed_together(results) and judge(first).code == OUT_OF_MEMORY
