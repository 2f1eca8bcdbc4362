"""Making pairs as a Prefect flow: one task run per shard and step, for schedules and the UI.

As with the night, Prefect is the view and the folder is the truth: tasks take paths and return counts, and a resume
looks at the parts that lie there."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from prefect import flow, task
from prefect.cache_policies import NO_CACHE
from prefect.task_runners import ThreadPoolTaskRunner

from editcore.training.pairs import make as making
from editcore.training.pairs.run import PairRun

WORKERS = 2
"""Shards at once: one reads and writes while the models work for the other."""

TASKS = {
    step: task(
        name=step,
        task_run_name=step + "-{shard:05d}",
        cache_policy=NO_CACHE,
        persist_result=False,
        retries=0,  # what is wrong with a picture stays in its row; a shard that fails as a whole needs a person
    )(making.work)
    for step in making.STEPS
}


_runner: Any = ThreadPoolTaskRunner(max_workers=WORKERS)


@flow(name="pairs", task_runner=_runner, persist_result=False)
def pairs(path: str) -> dict[str, Any]:
    """Finish the planned run in ``path`` (see ``editcore.training.pairs.run.begin``); returns its summary."""
    return making.make(PairRun.open(path), _each)


def _each(step: str, path: str, shards: Iterable[int]) -> None:
    run = PairRun.open(path)
    missing = [shard for shard in shards if not run.has(step, shard)]
    for done in [TASKS[step].submit(step, path, shard) for shard in missing]:
        done.result()
