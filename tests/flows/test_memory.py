"""What a night does when memory runs out, and when nothing moves."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from catalogue import PROFILE, write_campaign, write_pictures
from typer.testing import CliRunner

from editcore import attempts, manifest
from editcore.campaign import load_campaign
from flows import cli
from flows.night import Report, run_night


def campaign_of(home: Path, editor: str = "troubled:Editor", pool: Any = None, **options: Any) -> Path:
    """A campaign over six good pictures with the troubled stand-in."""
    write_pictures(home / "photos", good=5)
    profile = {**PROFILE, "editor": editor, "options": {"batch_size": 4, **options}}
    (home / "troubled.yaml").write_text(yaml.safe_dump(profile | ({"pool": pool} if pool else {})))
    return write_campaign(home, profile="troubled.yaml", shard_size=16)


def go(home: Path, **given: Any) -> Report:
    return run_night(load_campaign(campaign_of(home, **given)), say=lambda _: None)


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attempts, "BACK_OFF", 0.0)


def test_a_batch_too_big_for_the_device_is_halved_once_for_the_shard(tmp_path: Path) -> None:
    report = go(tmp_path, fits=2, log=str(tmp_path / "log"))
    assert report.summary["ok"] == 12
    assert 1 <= report.summary["figures"]["batches_halved"] <= 2, "both batches in hand may find out"
    assert "rows_retried" not in report.summary["figures"]
    edited = (tmp_path / "log").read_text().split()
    assert len(edited) == len(set(edited)) == 12


def test_a_row_too_big_for_the_device_is_offloaded(tmp_path: Path) -> None:
    report = go(tmp_path, editor="troubled:Offloading", fits=0, fits_offloaded=4)
    assert report.summary["ok"] == 12
    assert report.summary["figures"]["models_offloaded"] == 1
    assert report.summary["figures"]["batches_halved"] >= 2, "4, 2, 1"


def test_a_row_that_never_fits_is_tried_once_more_and_is_a_model_error(tmp_path: Path) -> None:
    report = go(tmp_path, fits=0)
    assert report.summary["codes"]["model_error/out_of_memory"] == 12
    assert report.summary["figures"]["rows_retried"] == 12
    rows = [row for row in manifest.read_part(report.path, "edit", 0) if row["code"] == "out_of_memory"]
    assert "CUDA out of memory: 1 rows" in rows[-1]["message"]
    assert rows[-1]["attempts"] == 2


def test_what_memory_cost_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    report = go(tmp_path, fits=2)
    cli.conclude(
        {"night": report.night, "state": report.state, "good": True, "summary": report.summary}, "out"
    )
    assert "batches halved because memory ran out" in capsys.readouterr().out
    page = (tmp_path / "out" / "report.html").read_text("utf-8")
    assert "Along the way" in page and "batches halved because memory ran out" in page


def test_a_night_in_which_nothing_moves_ends_itself(tmp_path: Path) -> None:
    campaign = campaign_of(tmp_path, stuck=True)
    fields = yaml.safe_load(campaign.read_text()) | {"limits": {"stall_minutes": 0.02}}
    campaign.write_text(yaml.safe_dump(fields))
    command = [sys.executable, str(Path(__file__).with_name("pooled.py")), str(campaign)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=150)
    assert done.returncode == cli.Exit.FAILED
    assert "no batch was finished for 0.02 minutes (limits.stall_minutes)" in done.stderr
    assert "troubled.py" in done.stderr and "in edit" in done.stderr, "the stack of whoever is stuck"
    campaign_of(tmp_path)
    assert run_night(load_campaign(campaign_of(tmp_path)), say=lambda _: None).summary["ok"] == 12


def test_a_pool_that_cannot_be_is_refused_in_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    campaign = str(campaign_of(tmp_path))
    answer = CliRunner().invoke(cli.app, ["run", campaign, "--pool", "dask"])
    assert answer.exit_code == cli.Exit.BAD_CAMPAIGN
    assert "found pool 'dask', expected process, ray, ray://auto or ray://HOST:PORT" in answer.output
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    answer = CliRunner().invoke(cli.app, ["run", campaign, "--pool", "ray"])
    assert (answer.exit_code, answer.output.strip()) == (2, "pool ray needs Ray: pip install 'vitrine[ray]'")
    assert not os.path.exists(tmp_path / "out")
