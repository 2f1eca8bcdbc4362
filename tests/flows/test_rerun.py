from __future__ import annotations

import signal
from collections import Counter
from pathlib import Path

import pyarrow as pa
import pytest
from catalogue import RECIPES, write_campaign, write_pictures

from editcore import again, attempts, manifest, storage
from editcore.campaign import CampaignError, load_campaign
from editcore.columns import STEPS, TIMINGS
from editcore.night import Night, NightRefused
from flows.night import Report, rerun, run_night
from flows.shards import numbers


@pytest.fixture
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Row ids the stand-in editor was given, one a line."""
    file = tmp_path / "edits.log"
    file.touch()
    monkeypatch.setenv("STANDIN_LOG", str(file))
    monkeypatch.setattr(attempts, "BACK_OFF", 0.0)
    return file


def go(home: Path, name: str = "tonight", **changes: object) -> Report:
    return run_night(load_campaign(write_campaign(home, **changes)), name=name, say=lambda _: None)


def again_of(home: Path, shards: list[int] | None = None) -> Report:
    return rerun(str(home / "out"), None, shards, say=lambda _: None)


def result(report: Report) -> pa.Table:
    return manifest.merged(report.path).drop_columns(sorted(TIMINGS)).sort_by("row_id")


def parts(report: Report, *steps: str) -> dict[str, bytes]:
    run = Path(report.path)
    return {str(file): file.read_bytes() for step in steps for file in (run / step).glob("part-*.parquet")}


def pictures(report: Report) -> dict[str, int]:
    return {file.name: file.stat().st_mtime_ns for file in (Path(report.path) / "images").iterdir()}


@pytest.fixture
def troubled(tmp_path: Path, log: Path, monkeypatch: pytest.MonkeyPatch) -> Report:
    """A finished night of which the six navy rows failed for a fault of ours."""
    monkeypatch.setenv("STANDIN_FAIL", "navy=ZeroDivisionError")
    report = go(tmp_path)
    monkeypatch.delenv("STANDIN_FAIL")
    log.write_text("")
    return report


def test_failed_rows_alone_are_done_again(tmp_path: Path, troubled: Report, log: Path) -> None:
    assert (troubled.summary["ok"], troubled.summary["failed"]) == (6, 10)
    before, untouched = pictures(troubled), parts(troubled, "plan", "ingest", "segment")
    report = again_of(tmp_path)
    books = report.summary
    assert (report.state, report.night) == ("finished", "tonight")
    assert (books["planned"], books["ok"], books["skipped"], books["failed"]) == (16, 12, 0, 4)
    assert len(log.read_text().split()) == len(set(log.read_text().split())) == 6
    assert before.items() <= pictures(report).items()
    assert parts(report, "plan", "ingest", "segment") == untouched
    assert not list(Path(report.path).rglob("*.kept"))
    assert storage.exists(str(tmp_path / "out" / "_SUCCESS"))
    whole = go(tmp_path / "undisturbed", source={"folder": str(tmp_path / "photos")})
    assert result(report).equals(result(whole))
    assert again_of(tmp_path).state == "nothing to do"
    assert go(tmp_path).state == "nothing to do"


def test_rows_that_fail_again_stay_failed(
    tmp_path: Path, troubled: Report, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STANDIN_FAIL", "navy=OSError")
    report = again_of(tmp_path)
    assert report.summary["balanced"]
    assert report.summary["codes"] == {
        "retryable/storage": 6,
        "bad_input/empty_file": 2,
        "bad_input/not_an_image": 2,
    }


class Killed(BaseException):
    """Stands for SIGKILL: nothing of the night's code runs after it."""


@pytest.mark.parametrize("number", range(4))
def test_killed_while_opening_nothing_is_lost(
    number: int, tmp_path: Path, troubled: Report, log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    writes = 0

    def deadly(path: str, *data: bytes) -> None:
        nonlocal writes
        writes += not path.endswith(".lease.json")
        if writes > 3 * number and not path.endswith(".lease.json"):
            raise Killed(signal.SIGKILL)
        (put if data else remove)(path, *data)

    put, remove = storage.put, storage.remove
    with monkeypatch.context() as patch:
        patch.setattr(storage, "put", deadly)
        patch.setattr(storage, "remove", deadly)
        with pytest.raises(Killed):
            night = Night.open(troubled.path)
            again.open_rows(night, again.failed_rows(night))
            again_of(tmp_path)
    books = go(tmp_path).summary
    assert books["planned"] == books["ok"] + books["failed"] == 16
    books = again_of(tmp_path).summary or books
    assert (books["ok"], books["failed"]) == (12, 4)
    assert max(Counter(log.read_text().split()).values()) == 1


def test_whole_shards_are_done_again(tmp_path: Path, log: Path) -> None:
    first = go(tmp_path)
    others = {path: data for path, data in parts(first, *STEPS[:4]).items() if "00001" not in path}
    (Path(first.path) / "edit" / "part-00001.parquet").write_bytes(b"damaged")
    log.write_text("")
    report = again_of(tmp_path, [1])
    rows = {row["row_id"] for row in manifest.read_part(report.path, "plan", 1)}
    assert set(log.read_text().split()) == rows
    assert others.items() <= parts(report, *STEPS[:4]).items()
    assert (report.summary["ok"], report.summary["failed"]) == (12, 4)
    with pytest.raises(NightRefused, match="found shards 3, 9, expected numbers from 0 to 2"):
        again_of(tmp_path, [1, 3, 9])


def test_carried_shards_become_the_night_s_own(tmp_path: Path, log: Path) -> None:
    go(tmp_path, "first")
    write_pictures(tmp_path / "photos", good=6)
    second = go(tmp_path, "second")
    assert second.summary["carried"] == 14
    for picture in (tmp_path / "out" / "runs" / "first" / "images").iterdir():
        picture.unlink()
    log.write_text("")
    report = again_of(tmp_path, [0, 1, 2])
    books = report.summary
    assert (books["carried"], books["edited"], books["ok"], books["failed"]) == (0, 14, 14, 4)
    assert report.good
    assert len(log.read_text().split()) == 10


def test_what_would_not_match_is_refused(tmp_path: Path, log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    go(tmp_path, "first")
    go(tmp_path, "second", recipes=RECIPES[:1])
    with pytest.raises(NightRefused, match="first is not the latest, second is"):
        rerun(str(tmp_path / "out"), "first")
    monkeypatch.setattr("editcore.fingerprint.code_version", lambda: "9.9")
    with pytest.raises(NightRefused, match=r'code: was ".*", now "9.9"'):
        rerun(str(tmp_path / "out"), None)
    with pytest.raises(NightRefused, match="found no night"):
        rerun(str(tmp_path / "elsewhere"), None)


def test_shards_as_people_write_them() -> None:
    assert numbers("3, 7-9,8") == [3, 7, 8, 9]
    for wrong in ("", "x", "3-", "9-7", "-1", "1,,2"):
        with pytest.raises(CampaignError, match="found shards"):
            numbers(wrong)
