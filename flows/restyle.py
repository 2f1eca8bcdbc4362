"""The night as a Prefect flow: one task run per shard and step, for schedules, deployments and the UI.

Prefect is the view, the bucket is the truth: tasks take paths and return counts, nothing is cached or
persisted by Prefect, and a resume looks at committed parts only. (Prefect's environment is set in
``flows/__init__.py``.)"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from prefect import flow, task
from prefect.cache_policies import NO_CACHE
from prefect.task_runners import ThreadPoolTaskRunner

from editcore.campaign import load_campaign
from editcore.manifest import STEPS
from flows.night import run_night
from flows.steps import Do, Done, Submit

RUNNER: Any = ThreadPoolTaskRunner(max_workers=256)
"""Threads for task runs; how many there are at a time is the crew's to say (``flows.steps``)."""


def submitter(do: Do) -> Submit:
    """Start steps as task runs of the flow that runs; ``do`` does them."""
    tasks = {step: _task_of(step, do) for step in STEPS}

    def submit(step: str, path: str, shard: int, before: Done | None) -> Done:
        return tasks[step].submit(path, shard, wait_for=[before] if before else None)

    return submit


def _task_of(step: str, do: Do) -> Any:
    @task(
        name=step,
        task_run_name=step + "-{shard:05d}",
        cache_policy=NO_CACHE,
        persist_result=False,
        retries=0,  # rows retry inside the shard; a shard that fails as a whole needs a person
    )
    def run(path: str, shard: int) -> dict[str, Any]:
        return do(step, path, shard)

    return run


@flow(name="restyle", task_runner=RUNNER, persist_result=False)
def restyle(
    campaign: str,
    night: str | None = None,
    profile: str | None = None,
    limit: int | None = None,
    yes: bool = False,
    pool: str | None = None,
) -> dict[str, Any]:
    """Run the night of the campaign file ``campaign``; the fields of ``flows.night.Report``. Parameters and what it
    raises: ``flows.night.run_night``."""
    return asdict(
        run_night(load_campaign(campaign), night, profile, limit, submitter=submitter, yes=yes, pool=pool)
    )
