"""A night that dies: ``python killed.py CAMPAIGN NUMBER before|torn|after [cli]``.

The process kills itself (SIGKILL: no hook, no ``finally``, no flush) at the NUMBERth write of anything,
before it, with half of it written, or right after it; a NUMBER of -1 lets it live. Every state the disk can
be in lies between two writes."""

from __future__ import annotations

import itertools
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from editcore import fingerprint, storage

WRITES = ("put", "put_if_absent")
count = itertools.count()


def deadly(write: Callable[[str, bytes], Any]) -> Callable[[str, bytes], Any]:
    """A write that ends the process when its time has come."""

    def writes(path: str, data: bytes) -> Any:
        mine = not path.endswith(".lease.json") and next(count) == int(sys.argv[2])
        if mine and sys.argv[3] == "torn" and storage.is_local(path):
            Path(path).parent.mkdir(parents=True, exist_ok=True)
            (Path(path).parent / f"{storage.TEMPORARY}torn").write_bytes(data[: len(data) // 2])
        if mine and sys.argv[3] != "after":
            os.kill(os.getpid(), signal.SIGKILL)
        done = write(path, data)
        if mine:
            os.kill(os.getpid(), signal.SIGKILL)
        return done

    return writes


def main() -> None:
    for name in WRITES:
        setattr(storage, name, deadly(getattr(storage, name)))
    fingerprint.code_version = lambda: os.environ["STANDIN_CODE"]  # type: ignore[assignment]
    if sys.argv[4:] == ["cli"]:
        from flows.cli import app

        app(["run", sys.argv[1]])
    from editcore.campaign import load_campaign
    from flows.night import run_night

    run_night(load_campaign(sys.argv[1]))


if __name__ == "__main__":
    main()
