"""The whole recipe at a thousandth of its size: every stage runs, resumes and leaves models that load."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from editcore.editors.bundled import BundledEditor
from editcore.editors.transfer.bundled import load_painter
from editcore.scoring.clip import Clip
from editcore.training.recipe import STAGES, install
from flows.train import app


@pytest.mark.slow
@pytest.mark.timeout(1500)
def test_every_stage_runs_and_what_comes_out_loads(tmp_path: Path) -> None:
    arguments = ["all", "--work", str(tmp_path / "train"), "--scale", "0.003", "--workers", "1"]
    first = CliRunner().invoke(app, arguments, catch_exceptions=False)
    assert first.exit_code == 0, first.output
    again = CliRunner().invoke(app, arguments, catch_exceptions=False)
    assert again.output.count("was done already") == len(STAGES)
    megabytes = install(tmp_path / "train", tmp_path / "bundled")
    assert 10 < megabytes < 40
    assert load_painter(tmp_path / "bundled" / "transfer", tmp_path / "bundled" / "editor").pixels == 128
    assert BundledEditor(tmp_path / "bundled" / "editor").known
    assert Clip(tmp_path / "bundled" / "scorer").texts(["a red mug"]).shape == (1, 128)
