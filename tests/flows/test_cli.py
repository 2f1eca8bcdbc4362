from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest
from catalogue import write_campaign
from typer.testing import CliRunner

from editcore import shardwork
from editcore.campaign import load_campaign
from editcore.lease import lease
from flows import cli, voice
from flows.night import run_night

DOCS = Path(__file__).parents[2] / "docs" / "running-a-night.md"


def vitrine(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(cli.app, list(arguments))
    return result.exit_code, result.output


def test_help_answers_at_once_and_ends_with_an_example() -> None:
    code = "import sys, flows.cli; print({'torch', 'prefect', 'pyarrow', 'numpy'} & {*sys.modules})"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert loaded.stdout.strip() == "set()"
    started = time.monotonic()
    subprocess.run([sys.executable, "-m", "flows.cli", "--help"], capture_output=True, check=True)
    assert time.monotonic() - started < 3  # 0.1 s on an idle machine
    for command in ("run", "plan", "preview", "rerun", "reroute", "status", "clean", "deploy", "demo"):
        exit_code, text = vitrine(command, "--help")
        assert exit_code == 0
        assert text.strip().splitlines()[-1].strip().startswith(f"Example: vitrine {command}")


def test_in_json_even_what_nobody_foresaw_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    voice.choose(voice.LogFormat.JSON)
    try:
        with pytest.raises(cli.typer.Exit) as left, cli.answering():
            raise KeyError("nobody foresaw this")
    finally:
        voice.choose(voice.LogFormat.TEXT)
    out, err = capsys.readouterr()
    line = json.loads(out)
    assert (left.value.exit_code, err) == (1, "")
    assert (line["level"], line["event"], line["exit_code"]) == ("error", "crash", 1)
    assert "KeyError" in line["text"] and "Traceback" in line["traceback"]
    with pytest.raises(KeyError), cli.answering():
        raise KeyError("nobody foresaw this")


def test_exit_codes_are_documented() -> None:
    page = DOCS.read_text("utf-8")
    for code in cli.Exit:
        assert f"| {int(code)} |" in page


def test_a_bad_campaign_is_two_lines_and_code_two(tmp_path: Path) -> None:
    file = write_campaign(tmp_path, recipies=[], shard_size=0)
    code, text = vitrine("run", str(file))
    assert code == cli.Exit.BAD_CAMPAIGN
    assert len(text.strip().splitlines()) == 2
    assert "did you mean recipes?" in text
    assert vitrine("plan", str(tmp_path / "absent.yaml"))[0] == cli.Exit.BAD_CAMPAIGN
    assert (
        vitrine("run", str(write_campaign(tmp_path, source={"folder": "absent"})))[0] == cli.Exit.BAD_CAMPAIGN
    )


def test_plan_counts_without_running(tmp_path: Path) -> None:
    file = write_campaign(tmp_path)
    code, text = vitrine("plan", str(file), "--limit", "5")
    assert code == 0
    assert "5 pictures, 10 rows in 2 shards" in text
    assert "navy: 5 rows, product: make it navy blue" in text
    assert "estimated time: unknown" in text
    assert not (tmp_path / "out").exists()
    run_night(load_campaign(file), say=lambda _: None)
    assert "estimated time: " in vitrine("plan", str(file))[1]
    assert "as in night" in vitrine("plan", str(file))[1]


def test_finished_night_status_and_refusals(tmp_path: Path) -> None:
    file, out = write_campaign(tmp_path), str(tmp_path / "out")
    assert vitrine("status", out) == (0, f"no nights in {out}\n")
    run_night(load_campaign(file), name="tonight", say=lambda _: None)
    assert vitrine("run", str(file)) == (0, "night tonight is finished: nothing to do\n")
    assert "16 planned = 12 ok + 0 skipped + 4 failed" in vitrine("status", out)[1]
    changed = write_campaign(tmp_path, shard_size=7)
    code, text = vitrine("run", str(changed), "--night", "tonight")
    assert code == cli.Exit.REFUSED
    assert "settings.shard_size: was 6, now 7" in text
    strict = tmp_path / "strict.yaml"
    strict.write_text("min_region_change: 50\n")
    with lease(out):
        assert vitrine("reroute", out, "--thresholds", str(strict))[0] == cli.Exit.REFUSED
    code, text = vitrine("reroute", out, "--thresholds", str(strict))
    assert code == 0
    assert "12 rework" in text
    assert vitrine("reroute", out, "absent", "--thresholds", str(strict))[0] == cli.Exit.REFUSED


def test_unfinished_nights_show_how_far_they_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from tasks import score

    def dies(path: str, shard: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(score, "run", dies)
    with pytest.raises(KeyboardInterrupt):
        run_night(load_campaign(write_campaign(tmp_path)), say=lambda _: None)
    assert not shardwork.listeners
    text = vitrine("status", str(tmp_path / "out"))[1]
    assert "unfinished; shards done of 3: ingest 3" in text
    text = vitrine("status", str(tmp_path / "out"), "latest")[1]
    assert "shards not done or with failed rows: 3 of 3" in text
    assert "  shard 0: next is score" in text
    assert "score of 3 shards, route of 3 shards, by `vitrine run`" in text
    assert vitrine("status", str(tmp_path / "out"), "absent")[0] == cli.Exit.REFUSED
    with lease(str(tmp_path / "out")):
        assert "at work now: host" in vitrine("status", str(tmp_path / "out"))[1]
    assert "route 0" in vitrine("status", str(tmp_path / "out"))[1]
