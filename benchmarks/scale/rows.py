"""How a night's own cost grows with its rows, with models that cost nothing.

    python -m benchmarks.scale.rows [--rows 1000 10000 100000 1000000] [--repeats 3] [--work FOLDER] [--keep]

A table of so many SKUs over at most 1,000 small pictures, one recipe, shards of 256. Each stage is a process of its
own: ``plan`` (`vitrine plan`), ``shard`` (list, read for sha256, plan, write), ``half`` (half of the steps, then
SIGKILL), ``resume`` (the rest, books, manifests, report), ``list`` (`vitrine status latest`) and ``rerun``
(`vitrine run` of the finished night). What is real in them and what is not: ``benchmarks.scale.free``.

Fixed cost is that of the same commands on one full shard, which holds whatever is done once (imports, caches, first
uses), and that of the report, which shows a bounded number of rows. Cost per row: what is left, over the rows beyond
the first shard.
"""

from __future__ import annotations

import argparse
import csv
import json
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from PIL import Image

from benchmarks.scale.measure import Cost, about, cost_of, middle, python
from editcore.evaluation.markdown import markdown_table

PICTURES = 1000
ONE_SHARD = 256
STAGES = ("plan", "shard", "half", "resume", "list", "rerun")
WORK = ("shard", "half", "resume")
"""Stages that together make the night."""
PROFILE = {
    "name": "stand-in",
    "licence": "none",
    "editor": "benchmarks.scale.standin:Editor",
    "segmenter": "benchmarks.scale.standin:segment",
    "scorer": "benchmarks.scale.standin:Scorer",
}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, nargs="+", default=[1000, 10_000, 100_000, 1_000_000])
    parser.add_argument(
        "--repeats", type=int, default=3, help="of sizes up to 10,000 rows; the median counts"
    )
    parser.add_argument("--work", type=Path, help="folder for the nights; default: a temporary one")
    parser.add_argument("--keep", action="store_true", help="leave the nights there")
    parser.add_argument("--stage", choices=("shard", "half", "resume"), help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.stage:
        print(json.dumps(_do(given.stage, given.work / "campaign.yaml")))
        return
    work = given.work or Path(tempfile.mkdtemp(prefix="vitrine-rows-"))
    print(about("vitrine", "pyarrow", "pandas", "fsspec"), flush=True)
    measured = {rows: _night(work, rows, given) for rows in [ONE_SHARD, *given.rows]}
    print(markdown_table(["rows", *STAGES], [_told(rows, costs) for rows, costs in measured.items()]))
    print(
        f"\nwall s / CPU s / peak MB. Resuming until the first step began, and the report:\n{_parts(measured)}"
    )
    print(f"\nCost per row of {' + '.join(WORK)}, fixed cost taken off:\n{_per_row(measured)}")


def _night(work: Path, rows: int, given: argparse.Namespace) -> dict[str, Cost]:
    """Median cost of every stage."""
    runs = []
    for number in range(given.repeats if rows <= 10_000 else 1):
        home = work / f"rows-{rows}-{number}"
        campaign = write_campaign(home, rows)
        stage = lambda name: python("benchmarks.scale.rows", "--stage", name, "--work", str(home))  # noqa: B023, E731
        commands = {
            "plan": python("flows.cli", "plan", str(campaign)),
            **{name: stage(name) for name in WORK},
            "list": python("flows.cli", "status", str(home / "out"), "latest"),
            "rerun": python("flows.cli", "run", str(campaign)),
        }
        runs.append({})
        for name in STAGES:
            runs[-1][name] = cost_of(commands[name], killed=name == "half")
            print(f"{rows} rows, {name}: {_figures(runs[-1][name])}", flush=True)
        if "nothing to do" not in runs[-1]["rerun"].said:
            raise RuntimeError(f"the rerun did something: {runs[-1]['rerun'].said}")
        if not given.keep:
            shutil.rmtree(home)
    return {name: middle([run[name] for run in runs]) for name in STAGES}


def write_campaign(home: Path, rows: int, pictures: int = PICTURES, **fields: Any) -> Path:
    """A campaign over a table of ``rows`` SKUs; ``fields`` are the campaign's or replace its own."""
    (home / "photos").mkdir(parents=True)
    noise = np.random.default_rng(0)
    for number in range(min(rows, pictures)):
        pixels = noise.integers(0, 255, (32, 32, 3), np.uint8)
        Image.fromarray(pixels).save(home / "photos" / f"{number}.png")
    with open(home / "catalogue.csv", "w") as file:
        table = csv.writer(file)
        table.writerow(["sku", "image", "category", "season"])
        for number in range(rows):
            kind = ("mug", "bowl", "vase")[number % 3]
            table.writerow([f"SKU-{number:07d}", f"photos/{number % pictures}.png", kind, "spring"])
    (home / "profile.yaml").write_text(yaml.safe_dump(PROFILE | fields.pop("profile", {})))
    campaign = {
        "name": f"{rows} rows",
        "source": {"table": "catalogue.csv"},
        "recipes": [{"id": "navy", "words": "make it navy blue"}],
        "profile": "profile.yaml",
        "output": "out",
        **fields,
    }
    (home / "campaign.yaml").write_text(yaml.safe_dump(campaign))
    return home / "campaign.yaml"


def _do(stage: str, file: Path) -> dict[str, float]:
    """A stage in this process; CPU and wall seconds of its parts."""
    from benchmarks.scale.free import submitter
    from editcore.campaign import load_campaign
    from editcore.delivery import publish
    from flows.night import run_night
    from flows.tonight import begin

    campaign, spent = load_campaign(file), dict[str, float]()
    if stage == "shard":
        begin(campaign, None, None, None, print)
        return spent
    started = time.perf_counter()

    def first() -> None:
        spent.setdefault("first_wall", time.perf_counter() - started)
        spent.setdefault("first_cpu", time.process_time())

    publish.render_report = _clocked(publish.render_report, spent)
    shards = sum(1 for _ in (next((file.parent / "out" / "runs").iterdir()) / "plan").iterdir())
    run_night(
        campaign, submitter=submitter(first, 2 * shards if stage == "half" else None), say=lambda _: None
    )
    return spent


def _clocked(work: Callable[..., Any], spent: dict[str, float]) -> Callable[..., Any]:
    def timed(*given: Any) -> Any:
        wall, cpu = time.perf_counter(), time.process_time()
        done = work(*given)
        spent["page_wall"], spent["page_cpu"] = time.perf_counter() - wall, time.process_time() - cpu
        return done

    return timed


def _told(rows: int, costs: dict[str, Cost]) -> list[str]:
    return [f"{rows:,}", *map(_figures, costs.values())]


def _figures(cost: Cost) -> str:
    return f"{cost.wall:.1f} / {cost.cpu:.1f} / {cost.peak / 1e6:.0f}"


def _said(costs: dict[str, Cost]) -> dict[str, float]:
    return dict(json.loads(costs["resume"].said.splitlines()[-1]))


def _parts(measured: dict[int, dict[str, Cost]]) -> str:
    body = []
    for rows, costs in measured.items():
        spent = _said(costs)
        cells = (f"{spent[f'{part}_wall']:.2f} / {spent[f'{part}_cpu']:.2f}" for part in ("first", "page"))
        body.append([f"{rows:,}", *cells])
    return markdown_table(["rows", "first step, wall / CPU s", "report, wall / CPU s"], body)


def _per_row(measured: dict[int, dict[str, Cost]]) -> str:
    def working(costs: dict[str, Cost]) -> float:
        return sum(costs[name].cpu for name in WORK) - _said(costs)["page_cpu"]

    fixed = working(measured[ONE_SHARD])
    each = {
        rows: (working(costs) - fixed) / (rows - ONE_SHARD) * 1e6
        for rows, costs in measured.items()
        if rows > ONE_SHARD
    }
    least = min(each)
    body = [[f"{rows:,}", f"{cost:.0f}", f"{cost / each[least]:.2f}"] for rows, cost in each.items()]
    return markdown_table(["rows", "CPU µs a row", f"against {least:,} rows"], body)


if __name__ == "__main__":
    main()
