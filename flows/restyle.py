"""The night as a Prefect flow: one task run per shard and step, for schedules, deployments and the UI.

Prefect is the view, the bucket is the truth: tasks take paths and return counts, nothing is cached or
persisted by Prefect, and a resume looks at committed parts only. (Prefect's environment is set in
``flows/__init__.py``.)"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

from prefect import flow, task
from prefect.cache_policies import NO_CACHE
from prefect.runtime import deployment, flow_run
from prefect.task_runners import ThreadPoolTaskRunner
from pydantic import Field

from editcore import storage
from editcore.campaign import load_campaign
from editcore.columns import STEPS
from editcore.night import find_night
from flows import night as nights
from flows.apply import apply_decisions
from flows.deployed import alone, ends_well, saying
from flows.shards import numbers
from flows.steps import Do, Done, Submit
from flows.view import View

RUNNER: Any = ThreadPoolTaskRunner(max_workers=256)
"""Threads for task runs; how many there are at a time is the crew's to say (``flows.steps``)."""

Pool = Annotated[str, Field(pattern="^(|process|ray(://.+)?)$")]


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


def _name() -> str:
    """Name of a flow run: its deployment, or else its campaign or output, and when."""
    given = flow_run.parameters
    place = given.get("campaign") or given.get("output") or ""
    return f"{deployment.name or Path(place).stem} {flow_run.scheduled_start_time:%Y-%m-%d %H:%M}"


@flow(name="restyle", flow_run_name=_name, task_runner=RUNNER, persist_result=False)
def restyle(
    campaign: str,
    night: str | None = None,
    profile: str | None = None,
    limit: Annotated[int, Field(ge=1)] | None = None,
    yes: bool = False,
    pool: Pool | None = None,
    pages: str | None = None,
) -> dict[str, Any]:
    """Run tonight's campaign; go on with an unfinished night; do nothing if it is finished.

    Args:
        campaign: The campaign file, as the worker sees it.
        night: Name of the night; default: date and fingerprint.
        profile: Another profile than the campaign's, by name or file.
        limit: Only the first N pictures, to try things out.
        yes: Run recipes with a before/after pair that nobody approved.
        pool: Where to work: process, ray, ray://auto or ray://HOST:PORT; default: the profile's.
        pages: Web address at which people see the output, for links.
    """
    checked = load_campaign(campaign)
    return _shown(
        checked.output,
        checked.name,
        pages,
        lambda say: nights.run_night(checked, night, profile, limit, submitter, say, yes, pool or None),
    )


@flow(name="rerun", flow_run_name=_name, task_runner=RUNNER, persist_result=False)
def rerun(
    output: str,
    night: str | None = None,
    shards: str | None = None,
    pool: Pool | None = None,
    pages: str | None = None,
) -> dict[str, Any]:
    """Do failed rows or whole shards of the latest night again; every other row stays as it is.

    Args:
        output: The campaign's output: a folder or s3:// prefix.
        night: Name of the night; default: the latest.
        shards: All rows of these shards, e.g. 3,7-9; default: the rows that failed, of all shards.
        pool: Where to work: process, ray, ray://auto or ray://HOST:PORT; default: the profile's.
        pages: Web address at which people see the output, for links.
    """
    output, wanted = storage.absolute(output), numbers(shards) if shards else None
    return _shown(
        output,
        str(find_night(output, night).info["campaign"]),
        pages,
        lambda say: nights.rerun(output, night, wanted, submitter, say, pool or None),
    )


@flow(name="apply", flow_run_name=_name, task_runner=RUNNER, persist_result=False)
def apply(output: str, pages: str | None = None) -> dict[str, Any]:
    """Deliver the night that the output shows as people decided on its pictures; does nothing if it is so already.

    Args:
        output: The campaign's output: a folder or s3:// prefix.
        pages: Web address at which people see the output, for links.
    """
    output = storage.absolute(output)
    campaign = str(find_night(output).info["campaign"])
    return _shown(output, campaign, pages, lambda say: apply_decisions(output, say))


def _shown(
    output: str, campaign: str, pages: str | None, work: Callable[[Callable[[str], None]], nights.Report]
) -> dict[str, Any]:
    """Do ``work`` on ``output`` where people can see it; the report's fields."""
    with alone(output), View(campaign, output, pages) as view:
        report = work(saying())
        view.conclude(report)
    ends_well(report)
    return asdict(report)
