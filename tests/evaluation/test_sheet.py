from __future__ import annotations

import json
import re
from pathlib import Path

import pandas as pd
import pytest
from madeup import MadeUp, Ruler

from editcore.evaluation.human.sheet import KEY_SUFFIX, build_sheet, choose_pairs
from editcore.evaluation.human.tally import Rate, read_answers, tally, unblind
from editcore.evaluation.rows import Row
from editcore.evaluation.run import evaluate

ROWS = ["secret painter", "no edit"]


@pytest.fixture
def output(tmp_path: Path) -> Path:
    rows = [Row(name="secret painter", editor="madeup:Painter"), Row(name="no edit", profile="none")]
    evaluate(rows, MadeUp(5), Ruler(), str(tmp_path / "out"), 1, say=lambda _: None)  # type: ignore[arg-type]
    return tmp_path / "out"


def test_the_page_is_blind_and_the_key_is_not(output: Path, tmp_path: Path) -> None:
    page = tmp_path / "sheet.html"
    pairs = build_sheet(str(output), ROWS, page, seed=3)
    text = page.read_text("utf-8")
    assert len(pairs) == 10
    assert not re.search("secret|painter|no edit|case-", text)
    assert text.count("data:image/webp") == 30 and "http" not in text.replace("http-equiv", "")
    key = json.loads((tmp_path / f"sheet{KEY_SUFFIX}").read_text())
    assert key["sheet"] in text
    assert [{p["left"], p["right"]} for p in key["pairs"]] == [set(ROWS)] * 10


def test_the_seed_decides_order_and_sides_evenly(output: Path) -> None:
    cases = pd.read_parquet(output / "results.parquet")
    first, again, other = (choose_pairs(cases, ROWS, seed=seed) for seed in (0, 0, 1))
    assert first == again != other
    assert sum(pair.left == "no edit" for pair in first) == 5
    assert [pair.pair for pair in first[:2]] == ["p001", "p002"]
    assert len(choose_pairs(cases, ROWS, limit=4)) == 4
    for rows, words in ((["no edit"], "at least two"), (["no edit", "nobody"], "no row nobody")):
        with pytest.raises(ValueError, match=words):
            choose_pairs(cases, rows)
    with pytest.raises(ValueError, match="no results in"):
        build_sheet(str(output / "absent"), ROWS, output / "sheet.html")


def answer_file(folder: Path, key: Path, prefer: str, ties: int = 0, rater: str = "ann") -> Path:
    """A rater who always prefers one row, except for the first ``ties`` pairs."""
    known = json.loads(key.read_text())
    answers = []
    for number, pair in enumerate(known["pairs"]):
        choice = "tie" if number < ties else "left" if pair["left"] == prefer else "right"
        answers.append({"pair": pair["pair"], "choice": choice, "seconds": 2.5})
    file = folder / f"tally-{rater}.json"
    file.write_text(json.dumps({"sheet": known["sheet"], "rater": rater, "answers": answers}))
    return file


def test_answers_are_unblinded_and_counted(output: Path, tmp_path: Path) -> None:
    build_sheet(str(output), ROWS, tmp_path / "sheet.html")
    key = tmp_path / f"sheet{KEY_SUFFIX}"
    ann = answer_file(tmp_path, key, "secret painter", ties=2)
    bob = answer_file(tmp_path, key, "no edit", rater="bob")
    answers = unblind(key, [ann, bob, ann])  # a file given twice counts once
    assert len(answers) == 20
    text = tally(answers)
    assert f"| no edit : secret painter | all | 10 | 8 | 2 | {Rate(10, 18).text()} |" in text
    assert "| no edit : secret painter | material |" in text
    assert "20 answers of 2 rater(s); the left side was chosen" in text
    csv = tmp_path / "tally-cy.csv"
    rows = "".join(
        f'"{json.loads(key.read_text())["sheet"]}","cy","{p}","left","1"\n' for p in ("p001", "p002")
    )
    csv.write_text("sheet,rater,pair,choice,seconds\n" + rows)
    assert list(unblind(key, [csv])["choice"]) == ["left", "left"]


def test_rates_have_the_exact_interval() -> None:
    assert Rate(0, 0).text() == "no answers"
    assert Rate(10, 10).text() == "100% (69% to 100%), p 0.002"  # 0.025 ** (1 / 10) = 0.69; 2 / 2 ** 10


@pytest.mark.parametrize(
    "text, words",
    [
        ('{"sheet": "other", "answers": []}', "answers sheet other"),
        ('{"sheet": "SHEET", "answers": [{"pair": "p999", "choice": "left"}]}', "p999"),
        ('{"sheet": "SHEET", "answers": [{"pair": "p001", "choice": "middle"}]}', "middle"),
        ('{"sheet": "SHEET", "answers": []}', "no answers"),
        ("[1, 2]", "is no tally of a sheet"),
        ("hello", "is no tally of a sheet"),
    ],
)
def test_foreign_files_are_refused(output: Path, tmp_path: Path, text: str, words: str) -> None:
    build_sheet(str(output), ROWS, tmp_path / "sheet.html")
    key = tmp_path / f"sheet{KEY_SUFFIX}"
    file = tmp_path / "tally.json"
    file.write_text(text.replace("SHEET", json.loads(key.read_text())["sheet"]))
    with pytest.raises(ValueError, match=words):
        unblind(key, [file])
    with pytest.raises(ValueError, match="is no key"):
        unblind(tmp_path / "sheet.html", [file])
    with pytest.raises(ValueError, match="no tally file"):
        read_answers(tmp_path / "absent.json")
