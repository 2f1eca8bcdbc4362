"""A night that dies: ``python killed.py CAMPAIGN NUMBER before|torn|after [cli|apply]``; ``apply``: while decisions
on its finished night are applied.

The process kills itself (SIGKILL: no hook, no ``finally``, no flush) at the NUMBERth write or removal of anything,
before it, with half of it written, or right after it; a NUMBER of -1 lets it live. Every state the disk can
be in lies between two of them."""

from __future__ import annotations

import itertools
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from editcore import fingerprint, storage

WRITES = ("put", "put_if_absent", "remove")
count = itertools.count()


def deadly(write: Callable[..., Any], number: int, moment: str) -> Callable[..., Any]:
    """A write that ends the process when its time has come."""

    def writes(path: str, *data: bytes) -> Any:
        mine = not path.endswith(".lease.json") and next(count) == number
        if mine and moment == "torn" and data and storage.is_local(path):
            Path(path).parent.mkdir(parents=True, exist_ok=True)
            (Path(path).parent / f"{storage.TEMPORARY}torn").write_bytes(data[0][: len(data[0]) // 2])
        if mine and moment != "after":
            os.kill(os.getpid(), signal.SIGKILL)
        done = write(path, *data)
        if mine:
            os.kill(os.getpid(), signal.SIGKILL)
        return done

    return writes


@contextmanager
def counted() -> Iterator[list[str]]:
    """The path of every write or removal in the body, heartbeats left out: they come when they come."""
    paths: list[str] = []

    def counting(write: Callable[..., Any]) -> Callable[..., Any]:
        def writes(path: str, *data: bytes) -> Any:
            if not path.endswith(".lease.json"):
                paths.append(path)
            return write(path, *data)

        return writes

    usual = {name: getattr(storage, name) for name in WRITES}
    try:
        for name in WRITES:
            setattr(storage, name, counting(usual[name]))
        yield paths
    finally:
        for name in WRITES:
            setattr(storage, name, usual[name])


def arm(number: int, moment: str) -> None:
    """Let this process die at write ``number``."""
    for name in WRITES:
        setattr(storage, name, deadly(getattr(storage, name), number, moment))


def main() -> None:
    arm(int(sys.argv[2]), sys.argv[3])
    fingerprint.code_version = lambda: os.environ["STANDIN_CODE"]  # type: ignore[assignment]
    if sys.argv[4:] == ["cli"]:
        from flows.cli import app

        app(["run", sys.argv[1]])
    from editcore.campaign import load_campaign
    from flows.apply import apply_decisions
    from flows.night import run_night

    campaign = load_campaign(sys.argv[1])
    if sys.argv[4:] == ["apply"]:
        apply_decisions(campaign.output)
    else:
        run_night(campaign)


if __name__ == "__main__":
    main()
