"""Four-panel grids as files, from tables and as groups; a bad file loses only itself."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from editcore import images
from editcore.lexicon.four_panels import caption_of, phrase_of
from editcore.studio.groups import PIXELS
from editcore.training.transfer.grid_store import build_from_grids, groups_of_grids
from editcore.training.transfer.grids import Grid, read_grids, write_grid
from editcore.training.transfer.manifest import grids_of_table
from editcore.training.transfer.store import ChangeStore

RNG = np.random.default_rng(0)


def _panel(side: int = 32) -> np.ndarray:
    """A smooth picture that differs from any other."""
    corners = RNG.integers(0, 255, (2, 2, 3), dtype=np.uint8)
    return np.kron(corners, np.ones((side // 2, side // 2, 1), np.uint8))


def _write(folder: Path, name: str, phrase: str, side: int = 32) -> list[np.ndarray]:
    panels = [_panel(side) for _ in range(4)]
    write_grid(str(folder), name, *panels, phrase)
    return panels


PHRASES = ["make it navy", "turn it to the left", "a running motion", "on walnut wood in front of a sage wall",
           "from higher up", "violet studio background", "make-up"]  # fmt: skip


@pytest.mark.parametrize("phrase", PHRASES)
def test_a_caption_gives_its_phrase_back(phrase: str) -> None:
    caption = caption_of(phrase)
    assert phrase_of(caption) == phrase
    assert all(panel in caption for panel in ("[TOP-LEFT]", "[TOP-RIGHT]", "[BOTTOM-LEFT]", "[BOTTOM-RIGHT]"))


def test_captions_worded_otherwise_are_read_and_others_refused() -> None:
    short = (
        "[TOP-RIGHT]: An edited version of [TOP-LEFT], where the chair is red.[BOTTOM-LEFT]: A second image."
    )
    assert phrase_of(short) == "the chair is red"
    several = "[TOP-RIGHT]: An edited version of the\n[TOP-LEFT] image, transformed to depict  a bow. [BOTTOM-LEFT]:"
    assert phrase_of(several) == "a bow"
    for text in ("", "a red chair", "[TOP-RIGHT]: nothing. [BOTTOM-LEFT]: nothing."):
        with pytest.raises(ValueError, match="TOP-RIGHT"):
            phrase_of(text)
    with pytest.raises(ValueError, match="words that name"):
        caption_of(" ")


def test_grids_are_read_as_they_were_written(tmp_path: Path) -> None:
    panels = _write(tmp_path, "0001", "make it navy")
    (grid,), problems = read_grids(str(tmp_path), 32)
    assert not problems and grid.phrase == "make it navy" and grid.caption == caption_of("make it navy")
    for name, panel in zip(("before", "after", "query", "target"), panels, strict=True):
        assert np.array_equal(getattr(grid, name), panel), name
    (small,), _ = read_grids(str(tmp_path), 16)
    assert small.target.shape == (16, 16, 3)
    assert np.abs(small.target[4, 4].astype(int) - panels[3][8, 8]).max() < 12


def test_a_text_may_have_its_number_for_a_name(tmp_path: Path) -> None:
    _write(tmp_path, "0040", "make it navy")
    (tmp_path / "0040.txt").rename(tmp_path / "40.txt")
    assert len(read_grids(str(tmp_path), 32)[0]) == 1


def test_bad_files_lose_only_themselves(tmp_path: Path) -> None:
    _write(tmp_path, "good", "make it navy")
    (tmp_path / "untold.png").write_bytes(images.encode(_panel(64), "PNG"))
    for name, data in {
        "odd": images.encode(_panel(64)[:63, :63], "PNG"),
        "flat": images.encode(_panel(64)[:32], "JPEG"),
        "broken": images.encode(_panel(64), "PNG")[:-40],
        "page": b"<html>",
        "empty": b"",
    }.items():
        (tmp_path / f"{name}.{'jpg' if name == 'flat' else 'png'}").write_bytes(data)
        (tmp_path / f"{name}.txt").write_text(caption_of("make it navy"))
    for name, text in {"wordless": b"a chair", "latin": b"\xe9t\xe9", "long": b"x" * 20_000}.items():
        (tmp_path / f"{name}.webp").write_bytes(images.encode(_panel(64), "WEBP"))
        (tmp_path / f"{name}.txt").write_bytes(text)
    grids, problems = read_grids(str(tmp_path), 32)
    assert [grid.example_name for grid in grids] == ["good"]
    assert {problem.name.split(".")[0]: problem.code for problem in problems} == {
        "untold": "no_caption", "odd": "grid_size", "flat": "grid_size", "broken": "truncated",
        "page": "not_an_image", "empty": "empty_file", "wordless": "bad_caption", "latin": "bad_caption",
        "long": "bad_caption",
    }  # fmt: skip
    assert all(problem.message for problem in problems)


def test_an_empty_folder_and_unequal_panels_are_told(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="no grid"):
        read_grids(str(tmp_path), 32)
    with pytest.raises(ValueError, match="four squares"):
        write_grid(str(tmp_path), "x", _panel(), _panel(), _panel(), _panel(64), "make it navy")


def _table(path: Path, rows: list[dict[str, object]], binary: bool = True) -> str:
    kind = pa.binary() if binary else pa.string()
    schema = pa.schema([("before", kind), ("after", kind), ("edit", pa.string())])
    pq.write_table(pa.Table.from_pylist(rows, schema), path)
    return str(path)


def test_pairs_of_one_edit_make_grids_both_ways(tmp_path: Path) -> None:
    png = lambda: images.encode(_panel(), "PNG")  # noqa: E731
    rows = [{"before": png(), "after": png(), "edit": edit} for edit in ["make it navy"] * 3 + ["add a lid"]]
    rows += [{"before": png(), "after": images.encode(_panel(64), "PNG"), "edit": "make it navy"}]
    rows += [
        {"before": png(), "after": b"", "edit": "make it navy"},
        {"before": png(), "after": png(), "edit": None},
    ]
    grids, problems = grids_of_table(_table(tmp_path / "pairs.parquet", rows), 32)
    assert len(grids) == 6 and {grid.phrase for grid in grids} == {"make it navy"}
    assert len({(grid.example_name, grid.query_name) for grid in grids}) == 6
    first = next(g for g in grids if (g.example_name, g.query_name) == ("row 1", "row 2"))
    assert np.array_equal(first.before, images.load(rows[1]["before"]).rgb)  # type: ignore[arg-type]
    assert np.array_equal(first.target, images.load(rows[2]["after"]).rgb)  # type: ignore[arg-type]
    codes = {problem.name: problem.code for problem in problems}
    assert codes == {"row 3": "one_pair", "row 4": "pair_size", "row 5": "empty_file", "row 6": "no_edit"}


def test_pictures_may_lie_beside_the_table_and_need_not_be_square(tmp_path: Path) -> None:
    wide = np.ascontiguousarray(_panel(64)[:32])
    images.save_png(tmp_path / "a.png", wide)
    rows: list[dict[str, object]] = [{"before": "a.png", "after": str(tmp_path / "a.png"), "edit": "x"}] * 2
    rows.append({"before": "a.png", "after": "lost.png", "edit": "x"})
    grids, problems = grids_of_table(_table(tmp_path / "pairs.parquet", rows, binary=False), 64)
    assert [problem.code for problem in problems] == ["not_found"] and len(grids) == 2
    assert np.array_equal(grids[0].before[16:48], wide) and np.array_equal(grids[0].before[15], wide[0])


def test_a_table_that_is_none_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.parquet").write_bytes(b"no table")
    pq.write_table(pa.table({"before": [b""]}), tmp_path / "b.parquet")
    with pytest.raises(ValueError, match="no Parquet table"):
        grids_of_table(str(tmp_path / "a.parquet"), 32)
    with pytest.raises(ValueError, match="lacks"):
        grids_of_table(str(tmp_path / "b.parquet"), 32)


def _grid(phrase: str, *panels: np.ndarray, side: int = PIXELS) -> Grid:
    four = panels or [_panel(side) for _ in range(4)]
    return Grid(*four, caption_of(phrase), "one", "two")


def test_grids_of_one_edit_share_a_group(tmp_path: Path) -> None:
    first = _grid("a running motion")
    swapped = _grid("a running motion", first.query, first.target, first.before, first.after)
    grids = [first, _grid("make it navy"), _grid("A running motion"), swapped]
    build_from_grids(tmp_path, grids, held_out=["make it navy"])
    store = ChangeStore(tmp_path)
    assert [row["words"] for row in store.groups] == [["a running motion"], ["make it navy"]]
    assert [row["held_out"] for row in store.groups] == [False, True]
    running = np.array(store.groups[0]["pictures"])
    assert running.shape == (4, 2), "the rows of the swapped grid are members already"
    assert np.array_equal(store.pictures[running[1, 1]].transpose(1, 2, 0), first.target)


def test_grids_of_another_size_and_phrases_that_no_grid_has_are_told(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="128 x 128"):
        groups_of_grids([_grid("x", side=32)])
    with pytest.raises(ValueError, match="no grid of"):
        groups_of_grids([_grid("x")], held_out=["y"])
    with pytest.raises(ValueError, match="at least one"):
        build_from_grids(tmp_path, [])
