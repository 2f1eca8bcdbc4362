"""The benchmarks of docs/scale.md still measure what they say."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from benchmarks.scale import free, review
from benchmarks.scale.measure import cost_of
from benchmarks.scale.pictures_server import numbered
from benchmarks.scale.rows import write_campaign
from benchmarks.scale.workers import Sleepers
from editcore import manifest
from editcore.campaign import load_campaign
from editcore.columns import STEPS
from editcore.night import Night
from editcore.review.desk import Desk
from editcore.review.line import Filter
from editcore.review.pictures import Pictures
from flows.night import run_night
from flows.steps import run_steps

WEIGHED = """
import sys
from benchmarks.scale.measure import cost_of
small, large = [cost_of([sys.executable, "-c", f"b'1' * {n}"]).peak for n in (1, 200_000_000)]
print(large - small)
"""


def test_a_command_costs_its_own_memory_and_fails_aloud() -> None:
    """Weighed from a small process: what the one that starts it weighs counts as well."""
    weighed = cost_of([sys.executable, "-c", WEIGHED], PYTHONPATH=str(Path(__file__).parents[1]))
    assert int(weighed.said) > 150e6 and weighed.cpu > 0
    with pytest.raises(RuntimeError, match="ended with 3:\n\nno more\n"):
        cost_of([sys.executable, "-c", "import sys; print('no more', file=sys.stderr); sys.exit(3)"])
    killed = "import os; os.kill(os.getpid(), 9)"
    assert cost_of([sys.executable, "-c", killed], killed=True).said == ""


def test_pictures_that_differ_in_their_bytes_alone() -> None:
    Image.new("RGB", (16, 16), "red").save(sink := io.BytesIO(), "JPEG")
    first, second = numbered(sink.getvalue(), 1), numbered(sink.getvalue(), 2)
    assert first != second
    decoded = [np.asarray(Image.open(io.BytesIO(data))) for data in (first, second)]
    assert np.array_equal(*decoded)


def test_the_free_night_is_a_whole_night(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(free, "SHOWN", 4)
    begun: list[int] = []
    campaign = load_campaign(write_campaign(tmp_path / "night", 40, shard_size=16))
    report = run_night(campaign, submitter=free.submitter(lambda: begun.append(1)), say=lambda _: None)
    assert (report.state, report.summary["ok"], len(begun)) == ("finished", 40, 3 * len(STEPS))
    delivered = list((tmp_path / "night" / "out" / "publish").glob("*.png"))
    assert 0 < len(delivered) == report.summary["routes"]["publish"] < 40
    written = {
        name
        for step in STEPS
        for row in manifest.read_part(report.path, step, 0)
        for name in row
        if row[name]
    }
    assert {"mask_path", "image_path", "lpips", "reason"} <= written
    assert run_night(campaign, say=lambda _: None).state == "nothing to do"


def test_sleepers_do_every_shard(tmp_path: Path) -> None:
    crew = Sleepers(4, 0.0)
    done: list[int] = []
    crew.do = lambda step, path, shard: done.append(shard) or {}  # type: ignore[method-assign, func-returns-value]
    run_steps(Night("nowhere", {"night": "asleep"}), [("edit", shard) for shard in range(9)], crew, None)
    assert sorted(done) == list(range(9))


def test_the_night_of_the_review_benchmark_opens_at_the_desk_with_its_pictures(tmp_path: Path) -> None:
    review._deliver(tmp_path / "out", 24, side=64)
    assert set(review._desk(tmp_path / "out")) == {"open", "line", "decide"}
    desk = Desk(str(tmp_path / "out"))
    (row,) = desk.look(review.ANNA, Filter(view="decided"), 0, 1)["rows"]
    found = desk.row(row["row_id"], row["picture"])
    assert found and row["kinds"] == ["before", "after", "region"]
    assert {Pictures().of(*found, kind, 320)[1] for kind in ("before", "after")} == {"image/webp"}
