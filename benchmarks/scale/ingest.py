"""Vitrine's ingest against img2dataset, picture for picture from the same loopback server, in turns.

    python -m benchmarks.scale.ingest [--pictures 1000] [--side 768] [--threads 16] [--repeats 5] [--work FOLDER]
                                      [--one-core]

Both fetch every address in one process with so many requests at once, keep the bytes as served under a name of their
own, sum them by sha256, and write a row for each in Parquet. In ``fetch`` neither opens a picture (img2dataset:
``--disable_all_reencoding``; Vitrine: the plan of a night alone). In ``decode`` both also decode every picture to find
out whether it is one, and write down its size (img2dataset: ``--resize_mode no --skip_reencode``; Vitrine: the plan
and the step ingest). Vitrine makes each file durable (fsync) and refuses private addresses, here as ever.

CPU time is the whole command's, children included, less that of the same command on ``FEW`` pictures (median of 3):
imports and starts. With ``--one-core`` each command has the first core to itself, the server has the others, and it is
the pictures a second by the clock that are compared (the same few subtracted): what a core of a machine gets done. The
server is a process of its own and is not counted. img2dataset is installed by pip into a
virtual environment in the work folder, at the version ``IMG2DATASET``.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import tempfile
import venv
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import cv2
import numpy as np
import yaml

from benchmarks.scale.measure import Cost, about, cost_of, middle, python, spread
from benchmarks.scale.photos import photo
from benchmarks.scale.rows import PROFILE
from editcore.evaluation.markdown import markdown_table

IMG2DATASET = "1.47.0"
FEW = 16
DISTINCT = 20
FIRST, OTHERS = ["taskset", "-c", "0"], ["taskset", "-c", f"1-{max(1, (os.cpu_count() or 2) - 1)}"]
"""Cores of whoever is measured and of the server."""
KINDS = {
    "fetch": (["--disable_all_reencoding", "True"], ["--plan-only"]),
    "decode": (["--resize_mode", "no", "--skip_reencode", "True"], []),
}
"""What is done with a picture, and how to ask img2dataset and Vitrine for it."""


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--pictures", type=int, default=3000)
    parser.add_argument("--side", type=int, default=768, help="of the square pictures, pixels")
    parser.add_argument("--threads", type=int, default=16, help="requests at once, of both")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--one-core", action="store_true", help="of the clock, on a core of their own")
    parser.add_argument("--work", type=Path, help="default: a temporary folder")
    given = parser.parse_args()
    work = given.work or Path(tempfile.mkdtemp(prefix="vitrine-ingest-"))
    theirs = _img2dataset(work / f"img2dataset-{IMG2DATASET}")
    size = _draw(work / "pictures", given.side)
    print(about("vitrine", "aiohttp", "pillow"), f"; img2dataset {IMG2DATASET}", flush=True)
    print(
        f"{given.pictures} JPEGs of {given.side} x {given.side}, {size / 1e3:.0f} kB each; {given.threads} at once"
    )
    with _serving(work / "pictures", given.pictures, OTHERS if given.one_core else []) as port:
        addresses = [f"http://127.0.0.1:{port}/{n}.jpg" for n in range(given.pictures)]
        bench = _Bench(work, theirs, given.threads, given.one_core)
        body = [bench.compare(kind, addresses, given.repeats) for kind in KINDS]
    second = "second on one core" if given.one_core else "CPU second"
    head = ["", f"pictures a {second}, img2dataset", "Vitrine", "ratio", "wall s, img2dataset", "Vitrine"]
    print(markdown_table(head, body))


class _Bench:
    """Both commands, and what they cost."""

    def __init__(self, work: Path, theirs: Path, threads: int, one_core: bool) -> None:
        self.home, self.img2dataset, self.threads = work / "run", str(theirs), threads
        self.pin, self.spent = (FIRST, "wall") if one_core else ([], "cpu")

    def compare(self, kind: str, addresses: list[str], repeats: int) -> list[str]:
        """A row of the table: medians and ranges over paired repetitions, in alternating order."""
        rates: dict[str, list[float]] = {"img2dataset": [], "Vitrine": []}
        walls: dict[str, list[float]] = {"img2dataset": [], "Vitrine": []}
        few = {who: middle([self._cost(who, kind, addresses[:FEW]) for _ in range(3)]) for who in rates}
        for number in range(repeats):
            for who in list(rates) if number % 2 == 0 else reversed(rates):
                cost = self._cost(who, kind, addresses)
                spent = getattr(cost, self.spent) - getattr(few[who], self.spent)
                rates[who].append((len(addresses) - FEW) / spent)
                walls[who].append(cost.wall)
            told = ", ".join(f"{who} {found[-1]:.0f}" for who, found in rates.items())
            print(f"{kind} {number + 1} of {repeats}: {told} pictures a second", flush=True)
        ratios = [ours / theirs for theirs, ours in zip(*rates.values(), strict=True)]
        cells = [spread(found, "{:.0f}") for found in rates.values()] + [spread(ratios)]
        return [kind, *cells, *(spread(found, "{:.1f}") for found in walls.values())]

    def _cost(self, who: str, kind: str, addresses: list[str]) -> Cost:
        shutil.rmtree(self.home, ignore_errors=True)
        self.home.mkdir(parents=True)
        (self.home / "urls.txt").write_text("".join(f"{address}\n" for address in addresses))
        theirs, ours = KINDS[kind]
        if who == "Vitrine":
            command = python("benchmarks.scale.ingest_alone", str(self._campaign()), *ours)
            cost = cost_of([*self.pin, *command])
            done = f"'ok': {len(addresses)}" in cost.said
        else:
            command = [self.img2dataset, *self._options(), *theirs]
            cost = cost_of([*self.pin, *command], NO_ALBUMENTATIONS_UPDATE="1")
            (stats,) = (self.home / "out").glob("*_stats.json")
            done = json.loads(stats.read_text())["successes"] == len(addresses)
        if not done:
            raise RuntimeError(f"{who} lost pictures:\n{cost.said}")
        return cost

    def _options(self) -> list[str]:
        options = {
            "url_list": self.home / "urls.txt",
            "output_folder": self.home / "out",
            "output_format": "files",
            "processes_count": 1,
            "thread_count": self.threads,
            "extract_exif": False,
            "number_sample_per_shard": 10_000,
        }
        return [str(part) for name, value in options.items() for part in (f"--{name}", value)]

    def _campaign(self) -> Path:
        rules = {"per_host": self.threads, "at_once": self.threads, "allow": ["127.0.0.0/8"]}
        fields = {
            "name": "ingest",
            "source": {"urls": "urls.txt", "download": rules},
            "recipes": [{"id": "navy", "words": "make it navy blue"}],
            "profile": "profile.yaml",
            "output": "out",
        }
        (self.home / "profile.yaml").write_text(yaml.safe_dump(PROFILE))
        (self.home / "campaign.yaml").write_text(yaml.safe_dump(fields))
        return self.home / "campaign.yaml"


def _img2dataset(folder: Path) -> Path:
    """Its command, installed there if it is not yet."""
    command = folder / "bin" / "img2dataset"
    if not command.exists():
        venv.create(folder, with_pip=True)
        subprocess.run([folder / "bin" / "pip", "install", "-q", f"img2dataset=={IMG2DATASET}"], check=True)
    return command


def _draw(folder: Path, side: int) -> float:
    """``DISTINCT`` JPEGs of quality 90 with detail at several scales; their mean size in bytes."""
    folder.mkdir(parents=True, exist_ok=True)
    noise, sizes = np.random.default_rng(0), []
    for number in range(DISTINCT):
        cv2.imwrite(
            str(folder / f"{number:03d}.jpg"),
            photo(noise, side),
            [cv2.IMWRITE_JPEG_QUALITY, 90],
        )
        sizes.append((folder / f"{number:03d}.jpg").stat().st_size)
    return float(np.mean(sizes))


@contextmanager
def _serving(folder: Path, count: int, pin: list[str]) -> Iterator[int]:
    command = [*pin, *python("benchmarks.scale.pictures_server", str(folder), str(count))]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout
        try:
            yield int(server.stdout.readline())
        finally:
            server.terminate()


if __name__ == "__main__":
    main()
