"""What a command costs, and where it was measured."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from statistics import median


@dataclass(frozen=True)
class Cost:
    """Of one process and everything it started and waited for."""

    wall: float
    cpu: float
    """Seconds; ``cpu`` is user and system time."""
    peak: int
    """Largest resident memory of one process, bytes."""
    said: str
    """Its standard output."""


def cost_of(command: Sequence[str], killed: bool = False, **environment: str) -> Cost:
    """Run ``command`` to its end; RuntimeError where it fails. ``killed``: it must end by SIGKILL instead."""
    with tempfile.TemporaryFile("w+") as complaints:
        started = time.perf_counter()
        process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=complaints, text=True, env=os.environ | environment
        )
        assert process.stdout
        said = process.stdout.read()
        _, status, used = os.wait4(process.pid, 0)
        wall, process.returncode = time.perf_counter() - started, os.waitstatus_to_exitcode(status)
        complaints.seek(0)
        if process.returncode != (-9 if killed else 0):
            told = f"{said}\n{complaints.read()}"
            raise RuntimeError(f"{' '.join(command)} ended with {process.returncode}:\n{told}")
    return Cost(wall, used.ru_utime + used.ru_stime, used.ru_maxrss * 1024, said)


def middle(costs: Sequence[Cost]) -> Cost:
    """Median of each figure; what the last one said."""
    wall, cpu = median(c.wall for c in costs), median(c.cpu for c in costs)
    return Cost(wall, cpu, int(median(c.peak for c in costs)), costs[-1].said)


def python(module: str, *arguments: str) -> list[str]:
    """Command line of a module in this interpreter."""
    return [sys.executable, "-m", module, *arguments]


def about(*packages: str) -> str:
    """Date, hardware, versions and how busy the machine is: the line above every table.

    From a process of its own, since it imports torch: what a process weighs when it starts another is counted in the
    other's peak."""
    return cost_of(python("benchmarks.scale.measure", *packages)).said.strip()


def _about(*packages: str) -> str:
    from editcore.evaluation.markdown import hardware

    versions = ", ".join(f"{name} {version(name)}" for name in packages)
    return (
        f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, {hardware()}, Python {platform.python_version()}, {versions}; "
        f"load {os.getloadavg()[0]:.1f} before it began, niceness {os.nice(0)}"
    )


def spread(values: Sequence[float], form: str = "{:.2f}") -> str:
    """Median, and the range in brackets."""
    return f"{form.format(median(values))} ({form.format(min(values))} to {form.format(max(values))})"


if __name__ == "__main__":
    print(_about(*sys.argv[1:]))
