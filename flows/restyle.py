"""The night as a Prefect flow: one task run per shard and step, for schedules, deployments and the UI.

Prefect is the view, the bucket is the truth: tasks take paths and return counts, nothing is cached or
persisted by Prefect, and a resume looks at committed parts only. (Prefect's environment is set in
``flows/__init__.py``.)"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from prefect import flow, task
from prefect.cache_policies import NO_CACHE
from prefect.task_runners import ThreadPoolTaskRunner

from editcore.campaign import load_campaign
from flows.night import Done, run_night
from tasks import steps


def _task_of(step: str, function: Callable[[str, int], dict[str, Any]]) -> Any:
    return task(
        name=step,
        task_run_name=step + "-{shard:05d}",
        cache_policy=NO_CACHE,
        persist_result=False,
        retries=0,  # rows retry inside the shard; a shard that fails as a whole needs a person
    )(function)


TASKS = {step: _task_of(step, function) for step, function in steps().items()}


def submit(step: str, path: str, shard: int, before: Done | None) -> Done:
    """Submit one shard's step to the flow's task runner, after ``before``."""
    return TASKS[step].submit(path, shard, wait_for=[before] if before else None)


def workers(count: int) -> Any:
    """A task runner for ``count`` shards at once (Prefect's own default is unlimited)."""
    return ThreadPoolTaskRunner(max_workers=count)


@flow(name="restyle", task_runner=workers(2), persist_result=False)
def restyle(
    campaign: str,
    night: str | None = None,
    profile: str | None = None,
    limit: int | None = None,
    yes: bool = False,
) -> dict[str, Any]:
    """Run the night of the campaign file ``campaign``; the fields of ``flows.night.Report``.

    Give another number of workers with ``restyle.with_options(task_runner=workers(n))``. Raises what
    ``flows.night.run_night`` raises.
    """
    return asdict(run_night(load_campaign(campaign), night, profile, limit, submit=submit, yes=yes))
