"""Files of a night that were damaged or lost after they were written: found, named, and made again by a command."""

from __future__ import annotations

import hashlib
import random
import subprocess
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from catalogue import RECIPES, write_campaign, write_pictures
from typer.testing import CliRunner

from editcore import manifest
from editcore.campaign import load_campaign
from editcore.columns import TIMINGS
from editcore.night import Night, NightRefused
from flows import cli
from flows.night import NightFailed, Report, rerun, run_night

pytestmark = [pytest.mark.faults, pytest.mark.timeout(900)]
STEPS = ("ingest", "segment", "edit", "score", "route")


def go(home: Path) -> Report:
    campaign = write_campaign(home, recipes=RECIPES[:1], shard_size=3)
    return run_night(load_campaign(campaign), say=lambda _: None)


def again(home: Path, shards: list[int] | None = None) -> Report:
    return rerun(str(home / "out"), None, shards, say=lambda _: None)


def flipped(data: bytes) -> bytes:
    """One bit is another, in the middle."""
    middle = len(data) // 3
    return data[:middle] + bytes([data[middle] ^ 4]) + data[middle + 1 :]


DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "flipped": flipped,
    "cut": lambda data: data[: len(data) // 2],
    "empty": lambda data: b"",
    "foreign": lambda data: b"<html>gateway time-out</html>" * 50,
}


def outcome(report: Report) -> tuple[pa.Table, dict[str, str]]:
    """What a night made: rows without times, and sha256 of what it delivered."""
    out = Path(report.path).parents[1]
    pictures = {f.name: hashlib.sha256(f.read_bytes()).hexdigest() for f in out.glob("*/*__*.png")}
    return manifest.merged(report.path).drop_columns(sorted(TIMINGS)).sort_by("row_id"), pictures


@pytest.fixture
def night(tmp_path: Path) -> Report:
    """Five rows in two shards: three pictures and two bad files."""
    write_pictures(tmp_path / "photos", good=2)
    return go(tmp_path)


def test_a_bit_that_flips_in_a_part_never_makes_another_row(night: Report) -> None:
    """Neither in a page nor in the footer, which says what pages mean."""
    file, good = Path(manifest.part_path(night.path, "edit", 0)), manifest.read_part(night.path, "edit", 0)
    data, chance = file.read_bytes(), random.Random(0)
    found = 0
    for place in chance.sample(range(len(data)), 300):
        file.write_bytes(data[:place] + bytes([data[place] ^ 1 << chance.randrange(8)]) + data[place + 1 :])
        try:
            assert manifest.read_part(night.path, "edit", 0) == good, "a bit that nobody reads"
        except manifest.Damaged:
            found += 1
    assert found > 280


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_part_is_named_and_its_shard_done_again(damage: str, night: Report, tmp_path: Path) -> None:
    whole = outcome(night)
    step = STEPS[list(DAMAGES).index(damage)]
    part = Path(manifest.part_path(night.path, step, 1))
    part.write_bytes(DAMAGES[damage](part.read_bytes()))
    (Path(night.path) / "summary.json").unlink()
    with pytest.raises(NightFailed, match=rf"found {part} damaged .*`vitrine rerun OUTPUT --shards 1`"):
        go(tmp_path)
    answer = CliRunner().invoke(cli.app, ["status", str(tmp_path / "out"), "latest"])
    assert answer.exit_code == cli.Exit.FAILED and f"found {part} damaged" in answer.output
    report = again(tmp_path, [1])
    assert report.good and report.state == "finished"
    assert outcome(report)[0].equals(whole[0]) and outcome(report)[1] == whole[1]


def test_a_damaged_plan_is_planned_again_under_another_name(night: Report, tmp_path: Path) -> None:
    whole = outcome(night)
    part = Path(manifest.part_path(night.path, "plan", 0))
    part.write_bytes(DAMAGES["cut"](part.read_bytes()))
    (Path(night.path) / "summary.json").unlink()
    with pytest.raises(NightFailed, match=rf"found {part} damaged .*--night` with a new name"):
        go(tmp_path)
    report = run_night(load_campaign(tmp_path / "campaign.yaml"), name="other", say=lambda _: None)
    assert report.summary["carried"] == 5 and report.good
    assert outcome(report)[1] == whole[1]


def test_what_says_what_a_night_is_was_damaged(night: Report, tmp_path: Path) -> None:
    file = Path(night.path) / "run.json"
    file.write_bytes(file.read_bytes()[:100])
    with pytest.raises(NightRefused, match=r"run\.json damaged .*move the night's folder away"):
        go(tmp_path)


@pytest.mark.parametrize("name", ["summary.json", "sources.parquet"])
@pytest.mark.parametrize("damage", ["cut", "empty", "foreign"])
def test_books_or_sources_were_damaged(name: str, damage: str, night: Report, tmp_path: Path) -> None:
    """Named in one line, without a traceback; removed as that line says, the night is as it was."""
    whole = outcome(night)
    file = Path(night.path) / name
    file.write_bytes(DAMAGES[damage](file.read_bytes()))
    if name == "sources.parquet":
        (tmp_path / "photos" / "new.jpg").write_text("no picture")
    answer = CliRunner().invoke(cli.app, ["run", str(tmp_path / "campaign.yaml")])
    assert answer.exit_code == cli.Exit.FAILED and "Traceback" not in answer.output
    assert f"found {file} damaged" in answer.output and "remove it, and the" in answer.output
    file.unlink()
    (tmp_path / "photos" / "new.jpg").unlink(missing_ok=True)
    report = go(tmp_path)
    assert report.good and outcome(report)[1] == whole[1]


def test_the_next_night_carries_no_damaged_part(night: Report, tmp_path: Path) -> None:
    part = Path(manifest.part_path(night.path, "score", 1))
    part.write_bytes(DAMAGES["foreign"](part.read_bytes()))
    (tmp_path / "photos" / "new.jpg").write_text("no picture")
    report = go(tmp_path)
    assert (report.summary["planned"], report.summary["carried"], report.good) == (6, 3, True)


@pytest.mark.parametrize("damage", ["gone", *DAMAGES])
def test_a_picture_that_was_lost_is_made_again(damage: str, night: Report, tmp_path: Path) -> None:
    """The delivery finds out, since the pictures are not where it put them; only it knows."""
    whole = outcome(night)
    row = next(r for r in manifest.read_part(night.path, "edit", 0) if r["image_path"])
    picture = Path(night.path) / row["image_path"]
    if damage == "gone":
        picture.unlink()
    else:
        picture.write_bytes(DAMAGES[damage](picture.read_bytes()))
    (tmp_path / "out" / "_SUCCESS").unlink()
    (Path(night.path) / "summary.json").unlink()
    report = go(tmp_path)
    assert not report.good and not report.summary["delivered"]
    delivered = pq.read_table(tmp_path / "out" / "manifest.parquet").to_pylist()
    assert [(r["row_id"], r["outcome"]) for r in delivered if r["code"] == "picture_lost"] == [
        (row["row_id"], "retryable")
    ]
    answer = CliRunner().invoke(cli.app, ["status", str(tmp_path / "out"), "latest"])
    assert "rerun" in answer.output and "tries 1 failed rows again" in answer.output
    report = again(tmp_path)
    assert report.good
    assert outcome(report)[0].equals(whole[0]) and outcome(report)[1] == whole[1]
    assert again(tmp_path).state == "nothing to do"


def test_a_carried_picture_that_was_lost_becomes_tonights_own(night: Report, tmp_path: Path) -> None:
    (tmp_path / "photos" / "mug-1.png").unlink()
    second = go(tmp_path)
    whole = outcome(second)
    row = next(r for r in manifest.merged(second.path).to_pylist() if r["image_path"])
    (tmp_path / "out" / row["image_path"]).unlink()
    (tmp_path / "out" / "_SUCCESS").unlink()
    (Path(second.path) / "summary.json").unlink()
    assert not go(tmp_path).good
    report = again(tmp_path)
    assert report.good and report.summary["edited"] == 1
    assert outcome(report)[1] == whole[1]
    own = next(r for r in manifest.merged(second.path).to_pylist() if r["row_id"] == row["row_id"])
    assert own["carried_from"] is None and (Path(second.path) / own["image_path"]).exists()


@pytest.mark.parametrize("name", ["mask_path", "image_path"])
def test_a_picture_that_was_damaged_before_the_next_step_reads_it(
    name: str, night: Report, tmp_path: Path
) -> None:
    """The row fails at that step, and is done again from the step that makes its pictures."""
    whole = outcome(night)
    row = next(r for r in manifest.merged(night.path).to_pylist() if r[name])
    later = "edit" if name == "mask_path" else "score"
    opened = Night.open(night.path).reopen(Night.open(night.path).decisions)
    for step in STEPS[STEPS.index(later) :]:
        manifest.forget(opened.path, step, row["shard"])
    picture = Path(night.path) / row[name]
    picture.write_bytes(flipped(picture.read_bytes()))
    assert go(tmp_path).summary["codes"]["retryable/picture_lost"] == 1
    report = again(tmp_path)
    assert outcome(report)[0].equals(whole[0]) and outcome(report)[1] == whole[1]


def test_a_delivered_picture_that_was_damaged_is_found_and_put_back(night: Report, tmp_path: Path) -> None:
    """As docs/faults.md says it."""
    out = tmp_path / "out"
    whole = outcome(night)
    picture = next(out.glob("*/*__*.png"))
    picture.write_bytes(flipped(picture.read_bytes()))
    command = ["sha256sum", "--check", "--quiet", "checksums.sha256"]
    found = subprocess.run(command, cwd=out, capture_output=True, text=True)
    assert found.returncode == 1 and str(picture.relative_to(out)) in found.stdout
    picture.unlink()
    answer = CliRunner().invoke(
        cli.app, ["reroute", str(out), "--thresholds", str(tmp_path / "campaign.yaml")]
    )
    assert answer.exit_code == 0, answer.output
    assert outcome(night)[1] == whole[1]
    assert subprocess.run(command, cwd=out).returncode == 0
