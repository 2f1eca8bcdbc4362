"""Nights in which no time passes, each in a process of its own: equal nights are then equal files, byte for byte.

Only the clocks that end up in files stand still; waiting, leases and time-outs go on as ever. The processes are forked
from one that has everything imported (Python's forkserver), so that a night of 16 rows costs a second and not five.
"""

from __future__ import annotations

import io
import json
import multiprocessing
import os
import sys
import time
from collections.abc import Mapping
from contextlib import nullcontext
from datetime import datetime
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import fsspec
import killed
import s3fs
import standin
from PIL import Image

import flows.night
import flows.tonight
import tasks.edit
import tasks.publish
import tasks.score
from editcore import figures, fingerprint, lease, shardwork, storage
from editcore.campaign import load_campaign
from editcore.delivery import publish
from flows import cli

PRELOADED = (s3fs, standin, publish, tasks.publish)
NIGHT = "tonight"
PATIENCE = 240
"""Seconds that a night of the tests may take on a very busy machine."""


class Then(datetime):
    """The one moment there is."""

    @classmethod
    def now(cls, tz: Any = None) -> datetime:
        return datetime(2026, 11, 22, 3, tzinfo=tz)


def stop_the_clock() -> None:
    still = SimpleNamespace(monotonic=lambda: 0.0, sleep=time.sleep)
    for module in (tasks.edit, tasks.score, shardwork, flows.night):
        module.time = still  # type: ignore[attr-defined]
    figures.Figures.timed = lambda self, stage: nullcontext()  # type: ignore[assignment, method-assign]
    for module in (flows.night, flows.tonight):
        module.datetime = Then  # type: ignore[attr-defined]
    code = os.environ["STANDIN_CODE"]
    fingerprint.code_version = lambda: code  # type: ignore[assignment]


def _work(campaign: Path, fatal: tuple[int, str], environment: Mapping[str, str], ready: Connection) -> None:
    os.environ.update(environment)
    fsspec.config.set_conf_env(fsspec.config.conf)
    with open(said(campaign), "a") as log:
        os.dup2(log.fileno(), 1)
        os.dup2(log.fileno(), 2)
    stop_the_clock()
    elsewhere()
    killed.arm(*fatal)
    ready.send("at work")
    try:
        with cli.answering():
            flows.night.run_night(load_campaign(campaign), name=NIGHT)
    except cli.typer.Exit as leave:
        sys.exit(leave.exit_code)


def elsewhere() -> None:
    """Be on the host that ``STANDIN_HOST`` names, where leases beat quicker."""
    if host := os.environ.get("STANDIN_HOST"):
        lease.socket = SimpleNamespace(gethostname=lambda: host)  # type: ignore[assignment]
        lease.HEARTBEAT, lease.STALE_AFTER = 0.5, 3.0


def said(campaign: Path) -> Path:
    """Where the processes of a campaign say what they have to say."""
    return campaign.with_name("said.log")


def begin(campaign: Path, fatal: tuple[int, str] = (-1, ""), **environment: str) -> BaseProcess:
    """A process that has just begun with ``campaign``'s night; it ends as the command does.

    ``fatal``: which write kills it, and at what moment, as in ``killed``."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["pytest", "timeless"])
    here, there = context.Pipe(duplex=False)
    process = context.Process(target=_work, args=(campaign, fatal, dict(os.environ) | environment, there))
    process.start()
    assert here.poll(PATIENCE) and here.recv() == "at work"
    return process


def finish(campaign: Path, **environment: str) -> float:
    """Run ``campaign``'s night to its end; seconds it took."""
    started = time.monotonic()
    process = begin(campaign, **environment)
    process.join(PATIENCE)
    assert process.exitcode == 0, said(campaign).read_text()
    return time.monotonic() - started


def files(output: str | Path) -> dict[str, bytes]:
    """Every file of an output by its path there, hidden and temporary ones too; every picture decoded.

    Made alike: the output's own address, and whether a night was worked on by one process (``whole``)."""
    address = str(output)
    found = {entry["inner"]: storage.read_bytes(entry["path"]) for entry in storage.walk(address)}
    for inner, data in found.items():
        if inner.endswith(".json"):
            found[inner] = data = data.replace(address.encode(), b"OUTPUT")
        if inner.endswith("summary.json"):
            found[inner] = json.dumps({**json.loads(data), "whole": True}).encode()
        if inner.endswith(".png"):
            Image.open(io.BytesIO(data)).load()
    return found


def different(found: Mapping[str, bytes], wanted: Mapping[str, bytes]) -> list[str]:
    """What two outputs disagree on, by file; empty for equal ones."""
    lost = [f"lost: {name}" for name in sorted(wanted.keys() - found.keys())]
    extra = [f"too much: {name}" for name in sorted(found.keys() - wanted.keys())]
    return lost + extra + [f"other bytes: {n}" for n in sorted(found) if wanted.get(n, found[n]) != found[n]]
