"""Nights that follow nights: only what is new or changed is edited, the rest is carried over."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet as pq
import pytest
from catalogue import RECIPES, write_pictures
from PIL import Image
from test_night import go, log

from editcore import manifest
from editcore.campaign import load_campaign
from editcore.night import nights
from flows.forecast import forecast
from flows.night import NightFailed, Report

__all__ = ["log"]
NAVY = [RECIPES[0]]


def rows(report: Report) -> dict[str, dict[str, Any]]:
    return {row["sku"]: row for row in manifest.merged(report.path).to_pylist()}


def edits(log: Path) -> int:
    """How many rows were edited since the last call."""
    count = len(log.read_text().split())
    log.write_text("")
    return count


def paint(file: Path, colour: str) -> None:
    Image.new("RGB", (48, 40), colour).save(file)


def draw_mask(file: Path, side: int) -> None:
    mask = Image.new("L", (40, 48), 0)
    mask.paste(255, (10, 10, 10 + side, 10 + side))
    mask.save(file)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Five pictures and two that cannot be used."""
    write_pictures(tmp_path / "photos", good=5)
    return tmp_path


def test_one_changed_one_new_one_deleted_are_two_edits(home: Path, log: Path) -> None:
    first = go(home, recipes=NAVY, shard_size=4)
    assert edits(log) == first.summary["edited"] == 6
    paint(home / "photos" / "mug-0.png", "red")
    paint(home / "photos" / "new.png", "green")
    (home / "photos" / "mug-1.png").unlink()
    times = {file.name: file.stat().st_mtime_ns for file in (home / "out" / "publish").glob("*__*.png")}
    said: list[str] = []
    planned = forecast(load_campaign(home / "campaign.yaml"))
    assert "carried over from earlier nights: 6 rows, 2 to do" in planned

    second = go(home, said, recipes=NAVY, shard_size=4)

    assert edits(log) == second.summary["edited"] == 2
    books = second.summary
    assert (books["planned"], books["ok"], books["failed"]) == (8, 6, 2)
    assert (books["carried"], books["deleted_sources"]) == (6, 1)
    assert f"2 of 8 rows are new or changed; carried over: 6 from {first.night}" in said[1]
    assert "1 pictures are deleted from the source: mug-1" in said[1]
    made = {sku: row["carried_from"] for sku, row in rows(second).items()}
    assert (made["mug-0"], made["new"], made["mug-2"], made["notes"]) == (
        None,
        None,
        first.night,
        first.night,
    )
    assert rows(second)["notes"]["code"] == "not_an_image"
    out = home / "out"
    delivered = pq.read_table(out / "manifest.parquet").to_pylist()
    assert {row["sku"] for row in delivered if row["delivered_path"]} == {
        *(f"mug-{n}" for n in (0, 2, 3, 4)),
        "new",
        "weiß & 'rot' .",
    }
    assert {f"publish/{file.name}" for file in (out / "publish").glob("*__*.png")} == {
        row["delivered_path"] for row in delivered if row["delivered_path"]
    }
    kept = {f.name for f in (out / "publish").glob("*__*.png") if times.get(f.name) == f.stat().st_mtime_ns}
    assert {name.split("__")[0] for name in kept if name.startswith("mug")} == {"mug-2", "mug-3", "mug-4"}
    assert len(kept) == 4
    assert pd.read_csv(out / "deleted.csv").to_dict("records") == [
        {"sku": "mug-1", "item_id": "mug-1", "uri": str(home / "photos" / "mug-1.png")}
    ]
    assert "unchanged since" in (out / "report.html").read_text()
    assert go(home, recipes=NAVY, shard_size=4).state == "nothing to do"

    (home / "photos" / "new.png").unlink()
    third = go(home, recipes=NAVY, shard_size=4)
    assert edits(log) == third.summary["edited"] == 0
    assert rows(third)["mug-2"]["carried_from"] == first.night
    assert rows(third)["mug-0"]["carried_from"] == second.night
    assert third.summary["ok"] == 5


def test_a_new_recipe_edits_its_rows_only_and_a_renamed_one_none(home: Path, log: Path) -> None:
    go(home, recipes=NAVY)
    edits(log)
    assert go(home, recipes=RECIPES).summary["edited"] == edits(log) == 6
    renamed = [{**RECIPES[0], "id": "marine"}, RECIPES[1]]
    assert go(home, recipes=renamed).summary["edited"] == edits(log) == 0


def test_a_moved_picture_is_carried_and_a_changed_mask_or_caption_is_not(home: Path, log: Path) -> None:
    draw_mask(home / "mask.png", 20)
    table = pd.DataFrame(
        {"image": ["photos/mug-0.png"], "sku": ["a"], "matte": ["mask.png"], "said": ["a mug"]}
    )

    def tonight() -> dict[str, Any]:
        table.to_csv(home / "list.csv", index=False)
        columns = {"mask": "matte", "caption": "said"}
        return go(home, source={"table": "list.csv", "columns": columns}, recipes=NAVY).summary

    assert tonight()["edited"] == 1
    table.loc[0, ["image", "sku"]] = ["moved.png", "b"]
    (home / "photos" / "mug-0.png").rename(home / "moved.png")
    assert (tonight()["edited"], tonight()["carried"]) == (0, 1)
    draw_mask(home / "mask.png", 22)
    assert tonight()["edited"] == 1
    table.loc[0, "said"] = "a blue mug"
    assert tonight()["edited"] == 1


def test_other_limits_carry_nothing_and_lost_pictures_are_made_again(home: Path, log: Path) -> None:
    go(home, recipes=NAVY)
    limits = {"max_pixels": 10**6}
    second = go(home, recipes=NAVY, limits=limits)
    assert second.summary["edited"] == 6
    (Path(second.path) / rows(second)["mug-3"]["image_path"]).unlink()
    paint(home / "photos" / "mug-0.png", "red")
    edits(log)
    assert go(home, recipes=NAVY, limits=limits).summary["edited"] == edits(log) == 2


def test_rows_that_failed_for_our_reasons_are_tried_again(
    home: Path, log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STANDIN_FAIL", "navy=ZeroDivisionError")
    assert go(home).summary["ok"] == 6
    monkeypatch.delenv("STANDIN_FAIL")
    edits(log)
    paint(home / "photos" / "new.png", "green")
    assert go(home).summary["edited"] == 6 + 2
    assert edits(log) == 8


def test_a_source_that_is_again_what_it_was_is_shown_again(home: Path, log: Path) -> None:
    first = go(home, recipes=NAVY)
    picture = (home / "photos" / "mug-0.png").read_bytes()
    paint(home / "photos" / "mug-0.png", "red")
    go(home, recipes=NAVY)
    (home / "photos" / "mug-0.png").write_bytes(picture)
    third = go(home, recipes=NAVY)
    assert third.state == "finished"
    assert third.night == f"{first.night}-2"
    assert len(nights(str(home / "out"))) == 3


def test_an_unfinished_night_of_other_pictures_lends_what_it_has(
    home: Path, log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tasks import publish

    with monkeypatch.context() as patch:
        patch.setattr(publish, "run", lambda _: (_ for _ in ()).throw(RuntimeError("killed")))
        with pytest.raises((RuntimeError, NightFailed)):
            go(home, recipes=NAVY)
    assert edits(log) == 6
    paint(home / "photos" / "new.png", "green")
    assert go(home, recipes=NAVY).summary["edited"] == edits(log) == 1
