"""A store in trouble, before which a proxy stands (``proxy``): the same files as without, after a bounded delay."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from proxy import KINDS, Proxy, fine, proxy, some
from timeless import begin, different, files, finish
from undisturbed import Undisturbed

pytestmark = [pytest.mark.faults, pytest.mark.timeout(1800)]
SHARE, SEED = 0.05, int(os.environ.get("VITRINE_SEED", "0"))
SILENCE = 3.0
"""Seconds without an answer after which the client asks again; 60 where nobody sets it."""
PAUSES = 17.0
"""Seconds a client pauses at most for a request that fails again and again, its time-outs not counted: botocore four
times, up to 1 + 2 + 4 + 8, and s3fs after that 0.1 and growing."""

TRIES = 5
"""How often s3fs lets botocore do that."""


@pytest.fixture
def store(s3: str) -> Iterator[Proxy]:
    with proxy(s3) as one:
        yield one


def through(store: Proxy) -> dict[str, str]:
    """Environment of a process that speaks to ``store``."""
    client = {"config_kwargs": {"read_timeout": SILENCE, "connect_timeout": SILENCE}}
    return {"AWS_ENDPOINT_URL": store.endpoint, "FSSPEC_S3": json.dumps(client)}


@pytest.mark.parametrize("share", [SHARE, 4 * SHARE])
def test_requests_that_fail_in_every_way(
    share: float, store: Proxy, bucket: str, tmp_path: Path, undisturbed: Undisturbed
) -> None:
    whole = finish(undisturbed.campaign(tmp_path / "whole", output=f"{bucket}/whole"), **through(store))
    asked, store.script = store.seen[""], some(share, SEED)
    seconds = finish(undisturbed.campaign(tmp_path, output=f"{bucket}/out"), **through(store))
    failed = sum(store.seen[kind] for kind in KINDS)
    assert all(store.seen[kind] for kind in KINDS), f"VITRINE_SEED={SEED}"
    assert different(files(f"{bucket}/out"), undisturbed.files) == [], f"VITRINE_SEED={SEED}"
    assert store.seen.total() - asked < 2 * (asked + failed)
    assert seconds < 10 * whole + failed * (SILENCE + PAUSES)


def test_a_store_that_stays_away_ends_the_night_and_nothing_is_lost(
    store: Proxy, bucket: str, tmp_path: Path, undisturbed: Undisturbed
) -> None:
    campaign = undisturbed.campaign(tmp_path, output=f"{bucket}/out")
    store.script = lambda method: "slow down" if store.seen.total() > 150 else ""
    process = begin(campaign, **through(store))
    process.join(12 * TRIES * PAUSES)
    assert process.exitcode == 1, "a dozen requests after one another, each to its bitter end"
    store.script = fine
    finish(campaign, **through(store))
    assert different(files(f"{bucket}/out"), undisturbed.files) == []
    assert store.seen["slow down"]
