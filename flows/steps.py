"""All steps of all shards of a night, handed to a crew in an order in which it rarely waits."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Protocol

from editcore import manifest, shardwork
from editcore.columns import STEPS
from editcore.night import Night
from flows.crew import Crew

Do = Callable[[str, str, int], dict[str, Any]]
"""(step, night path, shard) -> counts, waiting for them: ``Crew.do``."""


class Done(Protocol):
    """A future, of Prefect or of the standard library."""

    def result(self) -> Any:
        """Wait; raise what the step raised."""
        ...

    def add_done_callback(self, fn: Callable[[Any], None]) -> None:
        """Call ``fn`` with the future once it is done."""
        ...


Submit = Callable[[str, str, int, "Done | None"], Done]
"""(step, night path, shard, what must be done before) -> future of the step's counts."""
Submitter = Callable[[Do], Submit]
"""How steps are started, given who does them."""


class NightFailed(RuntimeError):  # noqa: N818 - reads as what it says
    """The night could not be finished, or its books do not balance; run it again to go on."""


def missing_steps(night: Night) -> list[tuple[str, int]]:
    """Steps of shards that are not committed; the listeners are told of those that are."""
    committed = {step: manifest.committed(night.path, step) for step in STEPS}
    for step in STEPS:
        shardwork.tell_committed(night, step, committed[step])
    return [(step, shard) for step in STEPS for shard in night.shards if shard not in committed[step]]


def run_steps(night: Night, todo: list[tuple[str, int]], crew: Crew, submitter: Submitter | None) -> None:
    """Do ``todo``: shard 1's mask while shard 0 is edited. Raises ``NightFailed``.

    As many steps are started as the crew takes at once, so that what runs is what Prefect shows as running."""
    todo = sorted(todo, key=lambda one: (one[1] + STEPS.index(one[0]) * crew.size, one[1]))
    free, broken = threading.Semaphore(crew.size), threading.Event()
    last: dict[int, Done] = {}
    waiting: list[Done] = []

    def do(step: str, path: str, shard: int) -> dict[str, Any]:
        try:
            return crew.do(step, path, shard)
        except BaseException:
            broken.set()
            raise

    with ThreadPoolExecutor(crew.size) as pool:
        start = submitter(do) if submitter else _in_threads(do, pool)
        try:
            for step, shard in todo:
                free.acquire()
                if broken.is_set():
                    break
                last[shard] = start(step, night.path, shard, last.get(shard))
                waiting.append(last[shard])
                last[shard].add_done_callback(lambda _: free.release())
        except BaseException:
            shardwork.halt(night.path, "interrupted")
            raise
        _wait(night, waiting)


def _wait(night: Night, waiting: Sequence[Done]) -> None:
    """Wait for all; after the first failure (or an interrupt) the others stop at their next batch."""
    first: BaseException | None = None
    for future in waiting:
        try:
            future.result()
        except BaseException as error:
            first = first or error
            shardwork.halt(night.path, "stopped because another shard failed")
    if isinstance(first, Exception):
        raise NightFailed(f"night {night.name} stopped: {first}") from first
    if first:
        raise first


def _in_threads(do: Do, pool: ThreadPoolExecutor) -> Submit:
    def submit(step: str, path: str, shard: int, before: Done | None) -> Done:
        def go() -> Any:
            if before:
                before.result()
            return do(step, path, shard)

        return pool.submit(go)

    return submit
