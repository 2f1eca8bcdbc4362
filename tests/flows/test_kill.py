"""Kill the process at any write; the next one ends with what an undisturbed night would have made."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pyarrow as pa
import pytest
import yaml
from catalogue import PROFILE, write_campaign, write_pictures
from killed import counted

from editcore import manifest, storage
from editcore.campaign import load_campaign
from editcore.columns import TIMINGS
from editcore.shardwork import LANES
from flows.night import Report, run_night

HERE = Path(__file__).parent
BATCH, WORKERS = 1, 2


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Report, int]:
    """A finished night, and how many writes it took."""
    home = tmp_path_factory.mktemp("undisturbed")
    write_pictures(home / "photos")
    campaign = write_campaign(home)
    (home / "standin.yaml").write_text(yaml.safe_dump({**PROFILE, "options": {"batch_size": BATCH}}))
    with counted() as writes:
        report = run_night(load_campaign(campaign), say=lambda _: None)
    return home, report, len(writes)


def result(report: Report) -> pa.Table:
    return manifest.merged(report.path).drop_columns(sorted(TIMINGS)).sort_by("row_id")


def pictures(home: Path) -> dict[str, bytes]:
    out = home / "out"
    files = [file for folder in ("publish", "review") for file in (out / folder).glob("*__*")]
    return {str(file.relative_to(out)): file.read_bytes() for file in files}


def die(campaign: Path, number: int, moment: str, *mode: str) -> None:
    command = [sys.executable, str(HERE / "killed.py"), str(campaign), str(number), moment, *mode]
    log = campaign.with_name("killed.log")  # no pipe: the private server Prefect starts would hold it open
    with open(log, "wb") as stream:
        process = subprocess.Popen(command, stdout=stream, stderr=stream, start_new_session=True)
    try:
        assert process.wait(timeout=120) == -signal.SIGKILL, log.read_text()
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)  # that server


MOMENTS = ("before", "torn", "after")


@pytest.mark.parametrize("number", range(8))
def test_killed_anywhere_the_next_run_ends_as_if_nothing_had_been(
    number: int, tmp_path: Path, undisturbed: tuple[Path, Report, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    home, whole, writes = undisturbed
    log = tmp_path / "edits.log"
    monkeypatch.setenv("STANDIN_LOG", str(log))
    campaign = write_campaign(
        tmp_path, source={"folder": str(home / "photos")}, profile=str(home / "standin.yaml")
    )
    at = round(number * (writes - 1) / 7)
    die(campaign, at, MOMENTS[number % 3])
    out = tmp_path / "out"
    if (out / "_SUCCESS").exists():
        assert (out / "manifest.parquet").exists()

    report = run_night(load_campaign(campaign), say=lambda _: None)

    assert result(report).equals(result(whole))
    assert pictures(tmp_path) == pictures(home)
    edits = Counter(log.read_text().split())
    assert len(edits) == 12
    assert sum(edits.values()) - len(edits) <= BATCH * LANES * WORKERS
    assert not [f for f in out.rglob("*") if f.name.startswith(storage.TEMPORARY) or f.suffix == ".kept"]
    assert not (out / ".lease.json").exists()

    assert run_night(load_campaign(campaign), say=lambda _: None).state == "nothing to do"
    assert Counter(log.read_text().split()) == edits


def test_killed_again_and_again_it_still_ends(
    tmp_path: Path, undisturbed: tuple[Path, Report, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    home, whole, writes = undisturbed
    log = tmp_path / "edits.log"
    monkeypatch.setenv("STANDIN_LOG", str(log))
    campaign = write_campaign(
        tmp_path, source={"folder": str(home / "photos")}, profile=str(home / "standin.yaml")
    )
    for _ in range(3):
        die(campaign, writes // 4, "torn")
    assert result(run_night(load_campaign(campaign), say=lambda _: None)).equals(result(whole))
    edits = Counter(log.read_text().split())
    assert sum(edits.values()) - len(edits) <= 3 * BATCH * LANES * WORKERS


def test_the_command_is_killed_and_run_again(
    tmp_path: Path, undisturbed: tuple[Path, Report, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    home, whole, writes = undisturbed
    monkeypatch.setenv("PREFECT_HOME", str(tmp_path / "prefect"))
    campaign = write_campaign(
        tmp_path, source={"folder": str(home / "photos")}, profile=str(home / "standin.yaml")
    )
    die(campaign, writes // 2, "before", "cli")
    command = [sys.executable, str(HERE / "killed.py"), str(campaign), "-1", "never", "cli"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=150)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "16 planned = 12 ok + 0 skipped + 4 failed" in done.stdout
    assert done.stderr == ""
    again = run_night(load_campaign(campaign), say=lambda _: None)
    assert again.state == "nothing to do"
    assert result(again).equals(result(whole))
