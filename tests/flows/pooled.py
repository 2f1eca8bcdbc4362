"""A night as a process of its own, without Prefect: ``python pooled.py CAMPAIGN [POOL]``; answers as the command does.

It notices sooner than usual that a cluster is gone."""

from __future__ import annotations

import os
import sys

from editcore import fingerprint
from editcore.campaign import load_campaign
from flows import cli, ray_pool
from flows.night import run_night


def main() -> None:
    fingerprint.code_version = lambda: os.environ["STANDIN_CODE"]  # type: ignore[assignment]
    ray_pool.GONE_AFTER = 5.0
    try:
        with cli.answering():
            run_night(load_campaign(sys.argv[1]), pool=sys.argv[2] if sys.argv[2:] else None)
    except cli.typer.Exit as leave:
        sys.exit(leave.exit_code)


if __name__ == "__main__":
    main()
