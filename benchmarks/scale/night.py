"""A whole night against the bare loop over the same models, rows and pictures, in one process and in turns.

    python -m benchmarks.scale.night [--pictures 12] [--side 768] [--repeats 3] [--profile bundled]

Studio photographs of ``side`` pixels, a recolour and a background of each. The bare loop is what a script would do:
decode each picture once, find its product once, edit it in the engine's batches, write the result as PNG, score it; no
plan, no row on disk, no resume, no report. The night is all of ``flows.night.run_night``, planning and delivery
included, without Prefect. Models are loaded before either. Ratios: bare over night, of CPU time (what the night adds)
and of wall time (the night works on two shards at once and overlaps reading and writing). The report shows at most 60
rows with all their pictures, so a small night pays more for it, a row, than a large one; its share is told.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import torch
import yaml
from PIL import Image

from benchmarks.scale.measure import about, spread
from editcore import images
from editcore.campaign import load_campaign
from editcore.editors.base import EditRequest
from editcore.evaluation.markdown import markdown_table
from editcore.profiles import Profile, ready_profile
from editcore.scoring import ScoreRequest
from editcore.studio.photograph import photograph, sample_setup
from flows.night import run_night
from tasks import models, publish

UNSEEN = 900_000
RECIPES = [
    {"id": "navy", "words": "make it navy blue"},
    {"id": "sage", "words": "sage green studio background", "target": "background"},
]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--pictures", type=int, default=12)
    parser.add_argument("--side", type=int, default=768)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--profile", default="bundled")
    given = parser.parse_args()
    torch.set_num_threads(1)
    work = Path(tempfile.mkdtemp(prefix="vitrine-night-"))
    print(about("vitrine", "torch", "pillow"), flush=True)
    profile = ready_profile(given.profile)
    _photograph(work / "photos", given.pictures, given.side)
    _bare(profile, sorted((work / "photos").iterdir())[:1], work)  # loads the models
    pairs = [_pair(work, number, profile) for number in range(given.repeats)]
    rows = given.pictures * len(RECIPES)
    print(
        f"\n{rows} rows of {given.side} x {given.side} pixels, profile {profile.name}, {given.repeats} pairs\n"
    )
    print(_table(pairs, rows))


def _pair(work: Path, number: int, profile: Profile) -> dict[str, dict[str, float]]:
    """Seconds of both, the first one in turns."""
    photos = sorted((work / "photos").iterdir())
    both = {
        "bare": lambda: _bare(profile, photos, work),
        "night": lambda: _night(work, number, profile.name),
    }
    spent: dict[str, dict[str, float]] = {}
    for who in ("bare", "night") if number % 2 == 0 else ("night", "bare"):
        wall, cpu = time.perf_counter(), time.process_time()
        parts = both[who]()
        spent[who] = {"wall": time.perf_counter() - wall, "cpu": time.process_time() - cpu, **parts}
    ratio = spent["bare"]["cpu"] / spent["night"]["cpu"]
    print(f"pair {number + 1}: CPU {ratio:.3f}, {spent}", flush=True)
    return spent


def _bare(profile: Profile, photos: list[Path], work: Path) -> dict[str, float]:
    """The loop of a script; wall seconds of reading, of the three models and of writing."""
    spent: Counter[str] = Counter()
    editor = models.of("editor", profile)
    requests: list[EditRequest] = []
    for photo in photos:
        with _clock(spent, "read"):
            picture = images.load(photo)
        with _clock(spent, "segment"):
            alpha = models.of("segmenter", profile)(picture).alpha
        for recipe in RECIPES:
            target = recipe.get("target", "product")
            requests.append(
                EditRequest(f"{photo.stem}-{recipe['id']}", picture.rgb, alpha, recipe["words"], target, 1)
            )
    for start in range(0, len(requests), editor.batch_size):
        batch = requests[start : start + editor.batch_size]
        with _clock(spent, "edit"):
            results = editor.edit(batch)
        with _clock(spent, "write"):
            for request, result in zip(batch, results, strict=True):
                Image.fromarray(result.image).save(work / f"{request.row_id}.png", compress_level=1)
        with _clock(spent, "score"):
            models.of("scorer", profile).score([_score(*pair) for pair in zip(batch, results, strict=True)])
    return dict(spent)


def _score(request: EditRequest, result: Any) -> ScoreRequest:
    return ScoreRequest(
        request.image, result.image, result.region, request.words, request.target, alpha=request.alpha
    )


def _night(work: Path, number: int, profile: str) -> dict[str, float]:
    """The night; its own figures: seconds of each step, and of the edit step's reading, model and writing."""
    fields = {
        "name": "night",
        "source": {"folder": str(work / "photos")},
        "recipes": RECIPES,
        "profile": profile,
        "output": str(work / f"night-{number}"),
    }
    (work / "campaign.yaml").write_text(yaml.safe_dump(fields))
    delivery = [0.0]
    with _delivery_clocked(delivery):
        summary = run_night(load_campaign(work / "campaign.yaml"), say=lambda _: None).summary
    if summary["ok"] != summary["planned"]:
        raise RuntimeError(f"rows failed: {summary['codes']}")
    edit = {name: summary["figures"].get(f"{name}_seconds", 0.0) for name in ("read", "model", "write")}
    parts = {**summary["step_seconds"], **{f"edit: {name}": value for name, value in edit.items()}}
    return {**parts, "delivery_cpu": delivery[0]}


def _photograph(folder: Path, count: int, side: int) -> None:
    folder.mkdir()
    for number in range(count):
        rgb_3HW = photograph([sample_setup(UNSEEN + number)], side).rgb_B3HW[0]
        pixels = (rgb_3HW.clamp(0, 1) * 255).round().to(torch.uint8).permute(1, 2, 0).numpy()
        Image.fromarray(np.ascontiguousarray(pixels)).save(
            folder / f"{number:03d}.jpg", quality=95, subsampling=0
        )


@contextmanager
def _delivery_clocked(spent: list[float]) -> Iterator[None]:
    """CPU seconds of pictures copied, manifests and report; nothing else runs meanwhile."""
    run = publish.run

    def timed(path: str) -> dict[str, Any]:
        started = time.process_time()
        done = run(path)
        spent[0] = time.process_time() - started
        return done

    publish.run = timed
    try:
        yield
    finally:
        publish.run = run


@contextmanager
def _clock(spent: Counter[str], name: str) -> Iterator[None]:
    started = time.perf_counter()
    yield
    spent[name] += time.perf_counter() - started  # type: ignore[assignment]


def _table(pairs: list[dict[str, dict[str, float]]], rows: int) -> str:
    body = []
    for kind in ("cpu", "wall"):
        bare, night = ([pair[who][kind] for pair in pairs] for who in ("bare", "night"))
        ratios = [b / n for b, n in zip(bare, night, strict=True)]
        body.append(
            [f"{kind}, s a row", *(spread([t / rows for t in times], "{:.3f}") for times in (bare, night))]
        )
        body[-1].append(spread(ratios, "{:.3f}"))
    ratios = [pair["bare"]["cpu"] / (pair["night"]["cpu"] - pair["night"]["delivery_cpu"]) for pair in pairs]
    told = spread([pair["night"]["delivery_cpu"] / rows for pair in pairs], "{:.3f}")
    body.append(["cpu of delivery, s a row; ratio without it", "", told, spread(ratios, "{:.3f}")])
    for who in ("bare", "night"):
        for name in [name for name in pairs[0][who] if name not in ("cpu", "wall", "delivery_cpu")]:
            told = spread([pair[who].get(name, 0.0) / rows for pair in pairs], "{:.3f}")
            body.append([f"{name}, s a row", *((told, "") if who == "bare" else ("", told)), ""])
    return markdown_table(["", "bare loop", "night", "bare / night"], body)


if __name__ == "__main__":
    main()
