"""The review page: how long a person waits, and what a large night costs.

    python -m benchmarks.scale.review [--rows 1000 100000] [--decisions 10000] [--pictures 60] [--side 1280]
                                      [--work FOLDER]

First the desk without HTTP, over a delivered manifest of so many rows that wait for people (pictures are not there):
reading the night, a piece of the line, a decision (one durable file), memory; and a journal of so many decisions read
at the start. Then the page in headless Chromium, over real files of ``--side`` pixels, like a person who decides every
0.7 s and like one who presses the key as fast as it goes: time from the key to the next pair on the screen.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median, quantiles
from typing import Any

import cv2
import numpy as np
import pandas as pd
import pyarrow as pa

from benchmarks.scale.measure import about, cost_of, python
from benchmarks.scale.photos import photo
from editcore import images, storage, tables
from editcore.evaluation.markdown import markdown_table
from editcore.review.desk import Desk, Person, Seen
from editcore.review.line import Filter

NIGHT = "2026-01-31"
ANNA = Person("anna", "approver")
PAUSE = 0.7
"""Seconds between two decisions of somebody who looks at the pictures."""


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, nargs="*", default=[1000, 100_000])
    parser.add_argument("--decisions", type=int, default=10_000)
    parser.add_argument("--pictures", type=int, default=60)
    parser.add_argument("--side", type=int, default=1280)
    parser.add_argument("--work", type=Path, help="default: a temporary folder")
    parser.add_argument("--desk", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--journal", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.desk or given.journal:
        print(json.dumps(_desk(given.desk) if given.desk else _reading(given.journal)))
        return
    work = given.work or Path(tempfile.mkdtemp(prefix="vitrine-review-"))
    print(about("vitrine", "fastapi", "pyarrow", "pandas", "playwright"), flush=True)
    body = []
    for count in given.rows:
        _deliver(work / str(count), count)
        cost = cost_of(python("benchmarks.scale.review", "--desk", str(work / str(count))))
        told = json.loads(cost.said)
        body.append([f"{count:,}", *(f"{told[name]:.1f}" for name in told), f"{cost.peak / 1e6:.0f}"])
    print(markdown_table(["rows that wait", "open, ms", "line, ms", "decide, ms", "peak, MB"], body))
    _decide_often(work / str(given.rows[0]), given.decisions)
    reading = json.loads(
        cost_of(python("benchmarks.scale.review", "--journal", str(work / str(given.rows[0])))).said
    )
    print(f"\na journal of {reading['entries']:,} entries is read in {reading['seconds']:.1f} s\n")
    _deliver(work / "seen", given.pictures, given.side)
    waits = {
        name: _seen(work / "seen", pause) for name, pause in {"every 0.7 s": PAUSE, "at once": 0.0}.items()
    }
    lines = [
        [
            name,
            f"{median(found):.0f}",
            f"{quantiles(found, n=10)[-1]:.0f}",
            f"{max(found):.0f}",
            str(len(found)),
        ]
        for name, found in waits.items()
    ]
    print(markdown_table(["key pressed", "median, ms", "p90, ms", "longest, ms", "keys"], lines))


def _deliver(output: Path, count: int, side: int = 0) -> None:
    """A delivered night of ``count`` rows for people; with pictures of ``side`` pixels, or without any."""
    shutil.rmtree(output, ignore_errors=True)
    run = output / "runs" / NIGHT
    run.mkdir(parents=True)
    (run / "run.json").write_text(
        json.dumps({"night": NIGHT, "campaign": "range", "created": "2026-01-31T01:00+00:00"})
    )
    noise = np.random.default_rng(0)
    rows = pd.DataFrame({"row_id": [f"{number:016x}" for number in range(count)]})
    rows = rows.assign(
        **{
            "item_id": rows["row_id"],
            "sku": "SKU-" + rows["row_id"].str[-6:],
            "recipe_id": "navy",
            "attempt": 1,
        },
        **{
            "words": "make it navy blue",
            "pair": "",
            "outcome": "ok",
            "routed": "review",
            "width": side,
            "height": side,
        },
        reason="The colour is off the one named (chroma_error 27, at most 25).",
        **{
            name: noise.random(count)
            for name in ("chroma_error", "delta_e", "clip_direction", "clip_text", "lpips")
        },
        **{
            "kept_max_diff": 0,
            "region_change": 10.0,
            "warnings_json": "[]",
            "mask_doubt": "",
            "source_sha256": "",
        },
        **{"source_uri": str(run) + "/before-" + rows["row_id"] + ".jpg"},
        **{name: "images/" + rows["row_id"] + f"-{name}.png" for name in ("image_path", "region_path")},
    )
    storage.put(
        str(output / "manifest.parquet"), tables.encode(pa.Table.from_pandas(rows, preserve_index=False))
    )
    for number in range(count if side else 0):
        before_HW3, after_HW3, region_HW = _edited(noise, side)
        row = rows.iloc[number]
        storage.put(row["source_uri"], images.encode(before_HW3, "JPEG", 90))
        storage.put(str(run / row["image_path"]), cv2.imencode(".png", after_HW3[..., ::-1])[1].tobytes())
        storage.put(str(run / row["region_path"]), cv2.imencode(".png", region_HW)[1].tobytes())
    storage.put(str(output / "_SUCCESS"), json.dumps({"run": NIGHT, "decisions": 0}).encode())


def _edited(noise: np.random.Generator, side: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A photograph, the same with another middle, and that middle."""
    before_HW3 = photo(noise, side)
    region_HW = np.zeros((side, side), np.uint8)
    cv2.circle(region_HW, (side // 2, side // 2), side // 3, 255, -1)
    return before_HW3, np.where(region_HW[..., None] > 0, 255 - before_HW3, before_HW3), region_HW


def _desk(output: Path) -> dict[str, float]:
    """Milliseconds: the night read, a piece of the line, a decision."""
    started = time.perf_counter()
    desk = Desk(str(output))
    desk.look(ANNA, Filter(), 0, 100)
    opened = time.perf_counter() - started
    looks, decisions = [], []
    for _ in range(20):
        started = time.perf_counter()
        row = desk.look(ANNA, Filter(), 0, 100)["rows"][0]
        looks.append(time.perf_counter() - started)
        started = time.perf_counter()
        seen = [Seen(row["row_id"], row["picture"], row["last"])]
        desk.decide(ANNA, seen, verdict="approve", id=uuid.uuid4().hex)
        decisions.append(time.perf_counter() - started)
    return {"open": opened * 1e3, "line": median(looks) * 1e3, "decide": median(decisions) * 1e3}


def _decide_often(output: Path, count: int) -> None:
    """A journal of ``count`` more decisions, on the same rows over and over."""
    folder = output / "decisions" / "journal"
    first = json.loads((folder / "00000001.json").read_text())
    start = len(list(folder.iterdir()))
    for number in range(start + 1, start + count + 1):
        (folder / f"{number:08d}.json").write_text(json.dumps(first | {"id": f"{number:032x}"}))


def _reading(output: Path) -> dict[str, float]:
    started = time.perf_counter()
    entries = Desk(str(output)).journal.book.last
    return {"entries": entries, "seconds": time.perf_counter() - started}


def _seen(output: Path, pause: float) -> list[float]:
    """Milliseconds from pressing A to the next pair on the screen, for every picture but the last ten."""
    from playwright.sync_api import sync_playwright

    sys.path.insert(0, str(Path(__file__).parents[2] / "tests"))
    from chromium import CHROMIUM, FLAGS  # type: ignore[import-not-found]

    shutil.rmtree(output / "decisions", ignore_errors=True)
    with _serving(output) as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        page.goto(address)
        page.wait_for_selector("#stage[data-shown]:not([data-shown=''])")
        time.sleep(3)  # a person looks at the first one, too
        waits: list[float] = page.evaluate(PRESS, [len(_rows(output)) - 10, pause * 1e3])
        browser.close()
    return waits


PRESS = """async ([times, pause]) => {
  const stage = document.getElementById("stage"), waits = [];
  const shown = () => stage.dataset.shown;
  for (let n = 0; n < times; n += 1) {
    const before = shown(), began = performance.now();
    document.dispatchEvent(new KeyboardEvent("keydown", { key: "a", code: "KeyA", bubbles: true }));
    document.dispatchEvent(new KeyboardEvent("keyup", { key: "a", code: "KeyA", bubbles: true }));
    do { await new Promise(requestAnimationFrame); } while (!shown() || shown() === before);
    waits.push(performance.now() - began);
    await new Promise((done) => setTimeout(done, pause));
  }
  return waits;
}"""


def _rows(output: Path) -> Any:
    return tables.decode(storage.read_bytes(str(output / "manifest.parquet")), ["row_id"]).to_pylist()


@contextmanager
def _serving(output: Path) -> Iterator[str]:
    """The page in this process, as ``vitrine review`` serves it; its link."""
    import uvicorn

    from editcore.review.app import build
    from editcore.review.door import LinkDoor
    from flows.review import HandOver

    desk, door = Desk(str(output)), LinkDoor("anna", 0)
    app = build(desk, door, HandOver(desk, "Nothing is published here.", lambda: ""))
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="warning"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    yield f"http://127.0.0.1:{port}/?key={door.key}"
    server.should_exit = True
    thread.join(10)


if __name__ == "__main__":
    main()
