from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from madeup import MadeUp, Ruler

from editcore.evaluation.markdown import markers, write_between
from editcore.evaluation.report import Circumstances, report
from editcore.evaluation.rows import Row
from editcore.evaluation.run import evaluate

ABOUT = Circumstances(
    "vitrine evaluate run", {"lpips": "alex"}, {"cases": "made up", "size": "48"},
    {"no edit": "the source", "painter": "paints", "exact": "the truth"}, "beside a training",
)  # fmt: skip


@pytest.fixture
def results(tmp_path: Path) -> pd.DataFrame:
    rows = [
        Row(name="no edit", profile="none"), Row(name="painter", editor="madeup:Painter"),
        Row(name="exact", profile="exact"),
    ]  # fmt: skip
    table = evaluate(rows, MadeUp(9), Ruler(), str(tmp_path), 3, say=lambda _: None)  # type: ignore[arg-type]
    table["raw_rmse_region"] = np.where(table["row"] == "painter", 2 * table["rmse_region"], np.nan)
    table["score_chroma_error"] = table["rmse_region"]
    table["delta_e_to_truth"] = table["rmse_region"]
    return table


BEGIN, END = markers()


def test_the_page_between_its_markers_and_the_tables(results: pd.DataFrame, tmp_path: Path) -> None:
    doc = tmp_path / "docs" / "evaluation.md"
    doc.parent.mkdir()
    doc.write_text(f"# Ours\n\nBefore.\n\n{BEGIN}\nold\n{END}\n\nAfter.\n")
    report(results, ["painter"], ABOUT, tmp_path / "out", doc)
    files = report(
        results, ["painter"], ABOUT, tmp_path / "out", doc
    )  # a second time changes nothing but the date
    text = doc.read_text("utf-8")
    assert text.startswith("# Ours\n\nBefore.\n\n" + BEGIN) and text.endswith(f"{END}\n\nAfter.\n")
    assert "old" not in text and text.count(BEGIN) == 1
    assert "    vitrine evaluate run\n" in text and "beside a training" in text and "lpips alex" in text
    painter = results[(results["row"] == "painter") & (results["kind"] == "recolour")]
    means = painter.groupby("seed")["rmse_region"].mean()
    assert f"| painter | {means.mean():.3f} ± {means.std():.3f} |" in text
    assert "| exact | 0.000 |" in text
    assert text.count("The model's own output") == 2
    assert "9 cases, 3 seeds." in text
    assert "useful for routing: `chroma_error`" in text
    assert {file.name for file in files} == {"summary.csv", "agreement.csv", "evaluation.md"}
    summary = pd.read_csv(tmp_path / "out" / "summary.csv")
    assert set(summary["row"]) == {"no edit", "painter", "exact"}


def test_a_page_without_markers_is_left_alone(tmp_path: Path) -> None:
    doc = tmp_path / "page.md"
    doc.write_text("mine")
    with pytest.raises(ValueError, match="has no place for the table"):
        write_between(doc, "text")
    assert doc.read_text() == "mine"
    write_between(tmp_path / "new" / "page.md", "text")
    assert (tmp_path / "new" / "page.md").read_text() == f"# Evaluation\n\n{BEGIN}\n\ntext\n{END}\n"
