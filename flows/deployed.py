"""What is different when a deployment runs a night, and not a person: it waits for its turn at the output, talks into
Prefect's logs, and a night that did not go well is a failed run."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from prefect import get_client, get_run_logger
from prefect.concurrency.sync import concurrency
from prefect.exceptions import ObjectAlreadyExists
from prefect.runtime import deployment

from editcore.lease import STALE_AFTER
from flows.night import Report
from flows.steps import NightFailed
from flows.voice import voice

EVENT = "vitrine.review.decided"
"""People decided on pictures of an output; deployments of the flow ``apply`` are triggered by it."""


def limit_of(output: str) -> str:
    """Name of the Prefect concurrency limit that lets one run at a time work on ``output``."""
    words = re.sub(r"[^A-Za-z0-9.]+", "-", output.split("://")[-1]).strip("-")[-60:]
    return f"vitrine-{words}-{hashlib.sha256(output.encode()).hexdigest()[:6]}"


def resource_of(output: str) -> str:
    """Id under which Prefect's events speak of ``output``."""
    return f"vitrine.output.{limit_of(output)}"


def make_limit(output: str) -> str:
    """Create the concurrency limit of ``output`` in Prefect unless it is there; its name."""
    name = limit_of(output)
    with get_client(sync_client=True) as client, suppress(ObjectAlreadyExists):  # by another run, just now
        client.upsert_global_concurrency_limit_by_name(name, 1)
    return name


@contextmanager
def alone(output: str) -> Iterator[None]:
    """Of the runs of all deployments on ``output``, one at a time; the others wait. Runs that people start by command
    do not wait: the lease in the output refuses the second one."""
    if not deployment.id:
        yield
        return
    # A slot whose holder is gone frees itself after that time; a server that goes away does not end the night.
    name, hold = make_limit(output), STALE_AFTER
    with concurrency(name, strict=True, lease_duration=hold, raise_on_lease_renewal_failure=False):
        yield


def saying() -> Callable[[str], None]:
    """Where a night's sentences go."""
    return get_run_logger().info if deployment.id else voice().say


def ends_well(report: Report) -> None:
    """``NightFailed`` if a deployment's night ended but not well, so that people are told of it as of a failed one."""
    if deployment.id and not report.good:
        raise NightFailed(f"night {report.night} ended, but not well: {report.summary['codes']}")
