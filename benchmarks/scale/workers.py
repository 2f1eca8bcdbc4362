"""Where handing out work begins to cost: a pool of 1 to 64 workers on Ray's logical GPUs, with an editor that waits.

    python -m benchmarks.scale.workers [--workers 1 2 4 8 16 32 64] [--seconds 0.05 0.25 1.0] [--rows 32] [--prefect]

Every worker is a Ray actor, a process of its own, as in a night with so many GPUs. Measured is the step edit of a
night whose earlier steps are done, from the first shard handed out to the last part committed: so many rows of 32 x 32
pixels for each worker, in shards of 8. The editor sleeps ``seconds`` a row, which costs no CPU. Starting Ray and the
workers is not counted. Efficiency: rows x seconds / workers, over the time it took. ``driver`` is the CPU time of the
process that hands out, per shard. With ``--prefect`` every shard is a task run of a flow.

All workers share this machine's cores: what reading and writing a row costs is paid there, so a row that takes less
time than the cores need for all workers' rows measures the machine.
"""

from __future__ import annotations

import argparse
import os
import shutil
import tempfile
import time
from pathlib import Path

from benchmarks.scale.measure import about
from benchmarks.scale.rows import write_campaign
from editcore.campaign import load_campaign
from editcore.evaluation.markdown import markdown_table
from editcore.night import Night
from editcore.profiles import Pool
from flows.crew import Crew, InProcess
from flows.ray_pool import RayPool
from flows.steps import run_steps
from flows.tonight import begin

SHARD, BATCH = 8, 4


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2, 4, 8, 16, 32, 64])
    parser.add_argument("--seconds", type=float, nargs="+", default=[0.05, 0.25, 1.0])
    parser.add_argument("--rows", type=int, default=32, help="for each worker")
    parser.add_argument("--prefect", action="store_true")
    given = parser.parse_args()
    print(about("vitrine", "ray", "prefect"), flush=True)
    body = [cells for workers in given.workers for cells in _measure(workers, given)]
    head = ["workers", "s a row", "rows", "rows/s", "efficiency", "driver, CPU ms a shard", "load"]
    print(markdown_table(head, body))


def _measure(workers: int, given: argparse.Namespace) -> list[list[str]]:
    """A row of the table for each cost, with the same workers."""
    import ray

    work = Path(tempfile.mkdtemp(prefix="vitrine-workers-"))
    found = []
    ray.init(address="local", num_gpus=workers, num_cpus=2, include_dashboard=False, log_to_driver=False)
    try:
        for seconds in given.seconds:
            night = _prepared(work / f"{seconds:g}", workers * given.rows, seconds)
            with RayPool(Pool(kind="ray"), night, lambda _: None) as crew:
                while len(crew._staff) < workers:
                    time.sleep(0.1)
                wall, cpu = time.perf_counter(), time.process_time()
                _hand_out(night, crew, given.prefect)
                wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
            rows = workers * given.rows
            efficiency = rows * seconds / workers / wall
            cells = (f"{rows / wall:.1f}", f"{efficiency:.2f}", f"{cpu / len(night.shards) * 1e3:.1f}")
            found.append([str(workers), f"{seconds:g}", str(rows), *cells, f"{os.getloadavg()[0]:.1f}"])
            print(", ".join(found[-1]), flush=True)
    finally:
        ray.shutdown()
        shutil.rmtree(work)
    return found


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
