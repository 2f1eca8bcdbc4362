from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from madeup import MadeUp, Ruler, made_up

from editcore import images
from editcore.evaluation import run
from editcore.evaluation.cases import Case
from editcore.evaluation.results import slug
from editcore.evaluation.rows import Row
from editcore.evaluation.run import NothingMade, evaluate

ROWS = [
    Row(name="no edit", profile="none"),
    Row(name="painter", editor="madeup:Painter"),
    Row(name="exact", profile="exact"),
]


def go(cases: MadeUp, ruler: Ruler, output: Path, rows: list[Row] = ROWS, seeds: int = 2) -> pd.DataFrame:
    return evaluate(rows, cases, ruler, str(output), seeds, say=lambda _: None)  # type: ignore[arg-type]


def test_every_row_kind_seed_and_case_has_a_line(cases: MadeUp, ruler: Ruler, tmp_path: Path) -> None:
    results = go(cases, ruler, tmp_path)
    counted = results.groupby(["row", "kind", "seed"], sort=False).size()
    assert dict(counted) == {
        **{("no edit", kind, 0): 4 for kind in cases.kinds},
        **{("painter", kind, seed): 4 for kind in cases.kinds for seed in (0, 1)},
        **{("exact", kind, 0): 4 for kind in cases.kinds},
    }
    error = results.groupby("row")["rmse_region"].mean()
    assert error["exact"] == 0 < error["painter"] < error["no edit"]
    assert pd.read_parquet(tmp_path / "results.parquet").equals(results)


def test_pictures_of_the_first_seed_are_kept(cases: MadeUp, ruler: Ruler, tmp_path: Path) -> None:
    results = go(cases, ruler, tmp_path)
    first = results[(results["row"] == "exact") & (results["kind"] == "recolour")].iloc[0]
    case = made_up(0)
    assert (images.load(tmp_path / first["picture"], min_side=1).rgb == case.truth).all()
    assert (images.load(tmp_path / first["source_picture"], min_side=1).rgb == case.image).all()
    assert results.loc[results["seed"] == 1, "picture"].isna().all()


def test_a_killed_evaluation_goes_on(
    cases: MadeUp, ruler: Ruler, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[str] = []
    make = run._make

    def dies(*arguments: object) -> pd.DataFrame:
        if len(made) == 4:
            raise KeyboardInterrupt
        made.append("part")
        return make(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(run, "_make", dies)
    with pytest.raises(KeyboardInterrupt):
        go(cases, ruler, tmp_path)
    monkeypatch.setattr(run, "_make", make)
    calls = ruler.calls
    whole = go(cases, ruler, tmp_path)
    assert len(whole) == 4 * (2 + 4 + 2)
    assert ruler.calls - calls == 2 * 2 + 2  # two of the painter's parts in two batches each, two of exact's
    calls = ruler.calls
    assert go(cases, ruler, tmp_path).equals(whole) and ruler.calls == calls


def test_other_settings_and_networks_are_measured_anew(cases: MadeUp, ruler: Ruler, tmp_path: Path) -> None:
    go(cases, ruler, tmp_path, ROWS[1:2])
    calls = ruler.calls
    go(cases, ruler, tmp_path, [ROWS[1].model_copy(update={"options": {"amount": 40}})])
    assert ruler.calls == 2 * calls
    ruler.networks = {"lpips": "another"}  # type: ignore[misc]
    go(cases, ruler, tmp_path, ROWS[1:2])
    assert ruler.calls == 3 * calls
    for part in tmp_path.glob("parts/painter/recolour/seed-0.*.parquet"):
        part.write_bytes(b"PAR1 torn")
    go(cases, ruler, tmp_path, ROWS[1:2])
    assert ruler.calls > 3 * calls


class Impossible(MadeUp):
    """Made-up cases of which the first ``lost`` cannot be done."""

    def __init__(self, lost: int) -> None:
        super().__init__()
        self.lost = lost

    def load(self, kind: str) -> list[Case]:
        cases = super().load(kind)
        return [replace(case, words="impossible") for case in cases[: self.lost]] + cases[self.lost :]


def test_single_failures_are_lines_and_a_broken_engine_stops(ruler: Ruler, tmp_path: Path) -> None:
    results = go(Impossible(1), ruler, tmp_path, ROWS[1:2], seeds=1)
    assert results["failure"].str.contains("nobody can do that").sum() == 2
    assert results["rmse_region"].notna().sum() == 6
    with pytest.raises(NothingMade, match=r"painter made nothing of the 4 cases of kind recolour; .*nobody"):
        go(Impossible(4), ruler, tmp_path / "broken", ROWS[1:2])


def test_names_become_folders_that_do_not_collide() -> None:
    assert slug("bundled") == "bundled"
    assert len({slug(name) for name in ("a b", "a-b", "A b", "a/b", "../a b")}) == 5
    assert all("/" not in slug(name) and "." not in slug(name) for name in ("../x", "a/b"))


def test_the_nth_training_is_the_nth_seed(cases: MadeUp, ruler: Ruler, tmp_path: Path) -> None:
    folders = tuple(tmp_path / name for name in ("s0", "s1"))
    for number, folder in enumerate(folders):
        folder.mkdir()
        (folder / "model_index.json").write_text(f'{{"seed": "{number}"}}')
    row = Row(name="trained", editor="madeup:Painter", folders=folders)
    results = go(cases, ruler, tmp_path / "out", [row])
    assert dict(results.groupby("seed").size()) == {0: 8, 1: 8}
    parts = sorted(
        path.name for path in (tmp_path / "out" / "parts" / "trained" / "recolour").glob("*.parquet")
    )
    prints = {name.split(".")[1] for name in parts}
    assert len(parts) == len(prints) == 2, "kept under the weights of each"
    calls = ruler.calls
    go(cases, ruler, tmp_path / "out", [row])
    assert ruler.calls == calls
