"""python -m benchmarks.weak_supervision --work weak [--scale 0.01] [--workers 2] [--stage NAME] [--exact-masks]"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import torch

from benchmarks.weak_supervision.plan import Plan
from benchmarks.weak_supervision.stages import STAGES, make


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.weak_supervision")
    parser.add_argument(
        "--work", type=Path, required=True, help="folder of everything; a rerun goes on there"
    )
    parser.add_argument("--scale", type=float, default=1.0, help="share of pictures, seconds and steps")
    parser.add_argument("--steps", type=int, default=0, help="steps of every arm; default: 1500 x scale")
    parser.add_argument("--workers", type=int, default=2, help="processes, one thread each")
    parser.add_argument("--stage", choices=STAGES, help="this one only; default: all that are not done")
    parser.add_argument(
        "--exact-masks", action="store_true", help="give the pool exact masks, not found ones"
    )
    given = parser.parse_args()
    torch.set_num_threads(1)
    plan = Plan(given.work, given.scale, given.steps, given.workers, given.exact_masks)
    for stage in [given.stage] if given.stage else STAGES:
        began = time.monotonic()
        try:
            done = make(plan, stage)
        except ValueError as error:
            raise SystemExit(str(error)) from error
        print(f"{stage}: {f'{time.monotonic() - began:.0f} s' if done else 'done before'}", flush=True)


if __name__ == "__main__":
    main()
