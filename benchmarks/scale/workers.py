"""Where handing out work begins to cost: 1 to 64 logical workers, with an editor that takes a known time.

    python -m benchmarks.scale.workers [--crew sleep|prefect|ray] [--workers 1 2 4 8 16 32 64]
                                       [--seconds 0.05 0.25 1.0] [--shards 4]

The step edit of so many shards of 8 rows for each worker, from the first shard handed out to the last one done.
``sleep``: every worker is a thread that sleeps ``seconds`` a row and touches nothing, so that what is left is
``flows.steps.run_steps``. ``prefect``: the same, each shard a task run of a flow on the server that PREFECT_API_URL
names, or a private one. ``ray``: every worker is a Ray actor with a logical GPU, a process of its own, which reads and
writes its rows (32 x 32 pixels) and sleeps in the editor; all of them share this machine's cores, so a row that takes
less than the cores need for all workers' rows measures the machine. Starting is not counted.

Efficiency: the rows' seconds over the workers, over the time it took. ``driver``: CPU time of the process that hands
out, a shard.
"""

from __future__ import annotations

import argparse
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.scale.measure import about
from benchmarks.scale.rows import write_campaign
from editcore.campaign import load_campaign
from editcore.evaluation.markdown import markdown_table
from editcore.figures import Figures
from editcore.night import Night
from editcore.profiles import Pool
from flows.crew import Crew, InProcess
from flows.ray_pool import RayPool
from flows.steps import run_steps
from flows.tonight import begin

SHARD, BATCH = 8, 4


class Sleepers:
    """A crew of threads that do nothing for a while."""

    def __init__(self, size: int, seconds: float) -> None:
        self.size, self.seconds, self.figures = size, seconds, Figures()

    def do(self, step: str, path: str, shard: int) -> dict[str, Any]:
        time.sleep(SHARD * self.seconds)
        return {}

    def stacks(self) -> str:
        return ""


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--crew", choices=("sleep", "prefect", "ray"), default="sleep")
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2, 4, 8, 16, 32, 64])
    parser.add_argument("--seconds", type=float, nargs="+", default=[0.05, 0.25, 1.0])
    parser.add_argument("--shards", type=int, default=4, help="for each worker")
    given = parser.parse_args()
    os.environ.setdefault("RAY_raylet_start_wait_time_s", "300")  # a busy machine needs more than 30
    print(about("vitrine", "ray", "prefect"), f"; crew {given.crew}", flush=True)
    body = []
    for workers in given.workers:
        with _machine(given.crew, workers):
            for seconds in given.seconds:
                body.append(_measure(given.crew, workers, seconds, workers * given.shards))
                print(", ".join(body[-1]), flush=True)
    head = ["workers", "s a row", "shards", "rows/s", "efficiency", "driver, CPU ms a shard", "load"]
    print(markdown_table(head, body))


@contextmanager
def _machine(crew: str, workers: int) -> Iterator[None]:
    if crew != "ray":
        yield
        return
    import ray

    ray.init(address="local", num_gpus=workers, num_cpus=2, include_dashboard=False, log_to_driver=False)
    try:
        yield
    finally:
        ray.shutdown()


def _measure(kind: str, workers: int, seconds: float, shards: int) -> list[str]:
    """A row of the table."""
    with _crew(kind, workers, seconds, shards) as (crew, night):
        wall, cpu = time.perf_counter(), time.process_time()
        _hand_out(night, crew, prefect=kind == "prefect")
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    rows = shards * SHARD
    efficiency = rows * seconds / workers / wall
    figures = (f"{rows / wall:.1f}", f"{efficiency:.2f}", f"{cpu / shards * 1e3:.1f}")
    return [str(workers), f"{seconds:g}", str(shards), *figures, f"{os.getloadavg()[0]:.1f}"]


@contextmanager
def _crew(kind: str, workers: int, seconds: float, shards: int) -> Iterator[tuple[Crew, Night]]:
    if kind != "ray":
        yield Sleepers(workers, seconds), Night("nowhere", {"night": "asleep", "shards": shards})
        return
    work = Path(tempfile.mkdtemp(prefix="vitrine-workers-"))
    night = _prepared(work / "night", shards * SHARD, seconds)
    with RayPool(Pool(kind="ray"), night, lambda _: None) as crew:
        while len(crew._staff) < workers:
            time.sleep(0.1)
        yield crew, night
    shutil.rmtree(work)


def _prepared(home: Path, rows: int, seconds: float) -> Night:
    """A night that waits for its editor."""
    profile = {"options": {"batch_size": BATCH, "seconds": seconds}}
    campaign = load_campaign(write_campaign(home, rows, pictures=16, shard_size=SHARD, profile=profile))
    night = begin(campaign, None, None, None, lambda _: None)
    todo = [(step, shard) for step in ("ingest", "segment") for shard in night.shards]
    run_steps(night, todo, InProcess(1), None)
    return night


def _hand_out(night: Night, crew: Crew, prefect: bool) -> None:
    todo = [("edit", shard) for shard in night.shards]
    if not prefect:
        run_steps(night, todo, crew, None)
        return
    from prefect import flow

    from flows.restyle import RUNNER, submitter

    flow(name="workers", task_runner=RUNNER)(lambda: run_steps(night, todo, crew, submitter))()


if __name__ == "__main__":
    main()
