from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

from flows import cli

ROWS = """
rows:
  - {name: no edit, profile: none}
  - {name: exact target, profile: exact}
"""


def vitrine(*arguments: str | Path) -> tuple[int, str]:
    result = CliRunner().invoke(cli.app, [str(argument) for argument in arguments])
    return result.exit_code, result.output


def test_measure_ask_and_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("rows.yaml").write_text(ROWS)
    command = (
        "evaluate",
        "run",
        "--rows",
        "rows.yaml",
        "--kinds",
        "recolour",
        "--specimens",
        "2",
        "--size",
        "64",
    )
    code, text = vitrine(*command, "--clip", "none", "--write", "page.md", "--note", "in a test")
    assert code == 0, text
    assert "no edit, recolour, seed 0: 2 cases" in text and "written: page.md" in text
    page = Path("page.md").read_text("utf-8")
    assert "| exact target | 0.000 |" in page and "in a test" in page and str(tmp_path) not in page
    assert len(pd.read_csv("evaluation/summary.csv")) > 10
    own = "<!-- weak: begin -->\n<!-- weak: end -->\n"
    Path("page.md").write_text(page + own, "utf-8")
    code, text = vitrine(
        *command, "--clip", "none", "--write", "page.md", "--part", "weak", "--note", "beside it"
    )
    both = Path("page.md").read_text("utf-8")
    assert code == 0 and both.startswith(page) and "beside it" in both.removeprefix(page)
    code, text = vitrine("evaluate", "sheet", "--row", "no edit", "--row", "exact target")
    assert (code, "2 pairs: sheet.html" in text) == (0, True)
    assert Path("sheet.key.json").exists()


def test_mistakes_are_sentences(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for arguments, words in (
        (("evaluate", "run", "--rows", "absent.yaml"), "found no rows file"),
        (("evaluate", "run", "--kinds", "recolor"), "unknown kinds"),
        (("evaluate", "run", "--pie-bench", "."), "holds no mapping_file.json"),
        (("evaluate", "sheet", "--row", "a", "--row", "b"), "no results in evaluation"),
        (("evaluate", "tally", "absent.json", "tally.json"), "is no key of a sheet"),
    ):
        code, text = vitrine(*arguments)
        assert code == cli.Exit.BAD_CAMPAIGN, text
        assert words in " ".join(text.replace("│", " ").split()), text
