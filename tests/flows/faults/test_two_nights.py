"""Several processes on one output: one does the night, the others are refused or find it done; no row is edited twice
by them."""

from __future__ import annotations

import os
import signal
import time
from collections import Counter
from pathlib import Path

import pytest
from object_store import place
from proxy import proxy
from timeless import PATIENCE, begin, different, files, finish, said
from undisturbed import BATCH, Undisturbed

from editcore import storage
from editcore.shardwork import LANES
from flows.cli import Exit

pytestmark = [pytest.mark.faults, pytest.mark.timeout(1800)]
RACERS, ROWS, WORKERS = 3, 6, 2
SILENCE = 4.0
"""Seconds after which ``timeless.elsewhere`` calls a heartbeat old."""


def race(campaign: Path, log: Path, **environment: str) -> None:
    """Start several at once: whoever does not get the output is refused, unless there is nothing to do any more."""
    racers = [begin(campaign, STANDIN_LOG=str(log), **environment) for _ in range(RACERS)]
    for racer in racers:
        racer.join(PATIENCE)
    ends = Counter(racer.exitcode for racer in racers)
    assert ends[Exit.OK] and ends[Exit.OK] + ends[Exit.REFUSED] == RACERS, said(campaign).read_text()
    words = said(campaign).read_text()
    refused = words.count("refused: found another run on this output") + words.count("at the same moment")
    nothing = words.count("nothing to do")
    assert (refused, nothing) == (ends[Exit.REFUSED], ends[Exit.OK] - 1), words
    assert sorted(Counter(log.read_text().split()).values()) == [1] * ROWS


@pytest.mark.parametrize("kind", ["local", pytest.param("s3", marks=pytest.mark.s3)])
def test_nights_at_once_on_one_output(
    kind: str, tmp_path: Path, undisturbed: Undisturbed, request: pytest.FixtureRequest
) -> None:
    output = f"{place(kind, request)}/out"
    race(undisturbed.campaign(tmp_path, output=output), tmp_path / "log")
    assert different(files(output), undisturbed.files) == []


def test_nights_at_once_on_a_store_that_knows_no_conditions(
    s3: str, bucket: str, tmp_path: Path, undisturbed: Undisturbed
) -> None:
    """Over HTTP, with the claims' real pauses: nothing but ``editcore.claims`` stands between them."""
    output = f"{bucket}/out"
    with proxy(s3, careless=True) as careless:
        race(
            undisturbed.campaign(tmp_path, output=output),
            tmp_path / "log",
            AWS_ENDPOINT_URL=careless.endpoint,
        )
    assert different(files(output), undisturbed.files) == []


def test_killed_in_its_turn_on_a_store_that_knows_no_conditions(
    s3: str, bucket: str, tmp_path: Path, undisturbed: Undisturbed
) -> None:
    """The claim of the dead is waited for, and does not end the next night."""
    campaign = undisturbed.campaign(tmp_path, output=f"{bucket}/out")
    with proxy(s3, careless=True) as careless:
        process = begin(campaign, AWS_ENDPOINT_URL=careless.endpoint)
        part = f"{bucket}/out/runs/tonight/segment"
        until = time.monotonic() + PATIENCE
        while not (claims := claimed(part)) and time.monotonic() < until:
            time.sleep(0.05)
        process.kill()
        process.join()
        assert claims
        finish(campaign, AWS_ENDPOINT_URL=careless.endpoint)
    left = different(files(f"{bucket}/out"), undisturbed.files)
    assert [name for name in left if "claim-" not in name] == [], "the next writer of that object buries it"


def claimed(folder: str) -> list[str]:
    return [
        entry["inner"] for entry in storage.walk(folder) if f"{storage.TEMPORARY}claim-part" in entry["inner"]
    ]


@pytest.mark.parametrize("wakes", ["meanwhile", "afterwards"])
def test_a_process_that_was_frozen_and_taken_for_dead(
    wakes: str, tmp_path: Path, undisturbed: Undisturbed
) -> None:
    """Another host takes over; the first one, when it goes on, notices and stops without harm.

    It may leave a batch that it kept beside a committed part, which nobody reads."""
    campaign, log = undisturbed.campaign(tmp_path), tmp_path / "log"
    frozen = begin(campaign, STANDIN_HOST="first", STANDIN_LOG=str(log))
    until = time.monotonic() + PATIENCE
    while not (log.exists() and log.read_text()) and time.monotonic() < until:
        time.sleep(0.01)
    assert frozen.pid
    os.kill(frozen.pid, signal.SIGSTOP)
    time.sleep(SILENCE)
    second = begin(campaign, STANDIN_HOST="second", STANDIN_LOG=str(log))
    if wakes == "meanwhile":
        runs = tmp_path / "out" / "runs" / "tonight"
        while not list(runs.glob("score/*.parquet")) and second.exitcode is None:
            time.sleep(0.01)
        os.kill(frozen.pid, signal.SIGCONT)
    second.join(PATIENCE)
    if wakes == "afterwards":
        os.kill(frozen.pid, signal.SIGCONT)
    frozen.join(PATIENCE)
    assert second.exitcode == Exit.OK, said(campaign).read_text()
    assert frozen.exitcode in (Exit.FAILED, Exit.REFUSED), said(campaign).read_text()
    left = different(files(tmp_path / "out"), undisturbed.files)
    assert [name for name in left if ".kept/" not in name] == []
    edits = Counter(log.read_text().split())
    assert len(edits) == ROWS and edits.total() - ROWS <= BATCH * LANES * WORKERS
