"""The slot that a deployment's run has at Prefect, when the run is killed: free after the time it was leased for.

On a server as people run it: the private one of a command or of Prefect's test harness frees no slots."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
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
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "prefect", "server", "start", "--port", str(port), "--no-ui"]
    with open(tmp_path / "server.log", "w") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
    address, until = f"http://127.0.0.1:{port}/api", time.monotonic() + 600
    try:
        while True:
            with suppress(OSError):
                urllib.request.urlopen(f"{address}/health", timeout=30).close()
                break
            assert process.poll() is None and time.monotonic() < until, (tmp_path / "server.log").read_text()
            time.sleep(0.5)
        yield address
    finally:
        process.terminate()
        process.wait(60)


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
