"""The slot that a deployment's run has at Prefect, when the run is killed: free after the time it was leased for."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from editcore.lease import STALE_AFTER

pytestmark = [pytest.mark.faults, pytest.mark.timeout(2400)]
RUN = """
import sys, time
from types import SimpleNamespace
from flows import deployed
deployed.deployment = SimpleNamespace(id="of the tests")
with deployed.alone("out"):
    print("mine", flush=True)
    time.sleep(float(sys.argv[1]))
"""
LOOK_AGAIN = 240.0
"""Seconds in which a busy server may notice that a lease has ended, and a waiting run that the slot is free."""


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setenv("PREFECT_HOME", str(tmp_path))
    from prefect.settings import PREFECT_API_URL
    from prefect.testing.utilities import prefect_test_harness

    with prefect_test_harness(server_startup_timeout=600):
        yield str(PREFECT_API_URL.value())


def run(server: str, seconds: float) -> subprocess.Popen[str]:
    """A deployment's run that has the slot now and works for so long."""
    command = [sys.executable, "-c", RUN, str(seconds)]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, env={**os.environ, "PREFECT_API_URL": server}
    )
    assert process.stdout and process.stdout.readline() == "mine\n"
    return process


def test_the_slot_of_a_killed_run_is_free_after_its_lease(server: str) -> None:
    first = run(server, 600)
    first.kill()
    first.wait()
    started = time.monotonic()
    assert run(server, 0).wait(60) == 0
    assert 1 < time.monotonic() - started < STALE_AFTER + LOOK_AGAIN
