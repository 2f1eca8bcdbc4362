from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
import yaml
from catalogue import RECIPES, write_campaign

import flows
from editcore import attempts, manifest, storage
from editcore.campaign import load_campaign, load_thresholds
from editcore.columns import STEPS
from editcore.lease import LeaseHeld, lease
from editcore.night import Night, NightRefused, nights
from flows.night import NightFailed, Report, reroute, run_night


@pytest.fixture
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Row ids the stand-in editor was given, one a line."""
    file = tmp_path / "edits.log"
    file.touch()
    monkeypatch.setenv("STANDIN_LOG", str(file))
    monkeypatch.setattr(attempts, "BACK_OFF", 0.0)
    return file


def go(home: Path, said: list[str] | None = None, name: str | None = None, **changes: Any) -> Report:
    campaign = load_campaign(write_campaign(home, **changes))
    return run_night(campaign, name=name, say=(said if said is not None else []).append)


def test_the_packages_are_ours() -> None:
    assert Path(flows.__file__ or "").parent.parent == Path(__file__).parents[2]


def test_a_night_from_pictures_to_success(tmp_path: Path, log: Path) -> None:
    report = go(tmp_path)
    books = report.summary
    assert (report.state, report.good) == ("finished", True)
    assert (books["planned"], books["ok"], books["skipped"], books["failed"]) == (16, 12, 0, 4)
    assert books["codes"] == {"bad_input/empty_file": 2, "bad_input/not_an_image": 2}
    assert len(log.read_text().split()) == 12
    delivered = pq.read_table(tmp_path / "out" / "manifest.parquet").to_pylist()
    assert len(delivered) == 16
    out = tmp_path / "out"
    pictures = {str(file.relative_to(out)) for file in out.glob("*/*__*")}
    assert pictures == {row["delivered_path"] for row in delivered if row["delivered_path"]}
    assert len(pictures) == 12
    assert json.loads((tmp_path / "out" / "_SUCCESS").read_text())["counts"]["planned"] == 16
    for step in STEPS:
        assert manifest.committed(report.path, step) == {0, 1, 2}
    assert not list(Path(report.path).rglob("*.kept"))


def test_a_finished_night_is_a_quiet_no_op(tmp_path: Path, log: Path) -> None:
    first = go(tmp_path)
    before = {f: f.stat().st_mtime_ns for f in (tmp_path / "out").rglob("*") if f.is_file()}
    log.write_text("")
    said: list[str] = []
    again = go(tmp_path, said)
    assert (again.night, again.state, again.good) == (first.night, "nothing to do", True)
    assert said == [f"night {first.night} is finished: nothing to do"]
    assert log.read_text() == ""
    assert before == {f: f.stat().st_mtime_ns for f in (tmp_path / "out").rglob("*") if f.is_file()}


def test_new_or_changed_pictures_make_a_new_night(tmp_path: Path, log: Path) -> None:
    first = go(tmp_path)
    (tmp_path / "photos" / "mug-0.png").write_bytes((tmp_path / "photos" / "mug-1.png").read_bytes())
    said: list[str] = []
    second = go(tmp_path, said)
    assert second.night != first.night
    assert "changed inputs.sha256" in said[0]
    assert len(nights(str(tmp_path / "out"))) == 2


def test_touching_a_picture_changes_nothing(tmp_path: Path, log: Path) -> None:
    go(tmp_path)
    picture = tmp_path / "photos" / "mug-0.png"
    picture.write_bytes(picture.read_bytes())
    assert go(tmp_path).state == "nothing to do"


def test_a_named_night_refuses_another_fingerprint_and_says_what_differs(tmp_path: Path, log: Path) -> None:
    go(tmp_path, name="tonight")
    changed = [{**RECIPES[0], "words": "make it red"}, RECIPES[1]]
    with pytest.raises(NightRefused) as refused:
        go(tmp_path, name="tonight", recipes=changed)
    assert 'settings.recipes.navy.words: was "make it navy blue", now "make it red"' in str(refused.value)
    (tmp_path / "photos" / "mug-9.png").write_bytes((tmp_path / "photos" / "mug-1.png").read_bytes())
    with pytest.raises(NightRefused, match=r"inputs\.pictures: was 8, now 9"):
        go(tmp_path, name="tonight")


def test_changed_weights_are_another_night(tmp_path: Path, log: Path) -> None:
    from catalogue import PROFILE

    weights = tmp_path / "weights.safetensors"
    campaign = write_campaign(tmp_path)
    (tmp_path / "standin.yaml").write_text(yaml.safe_dump({**PROFILE, "weights": [str(weights)]}))
    names = set()
    for content in (b"one", b"two"):
        weights.write_bytes(content)
        from editcore import profiles

        profiles._digest.cache_clear()
        names.add(run_night(load_campaign(campaign), say=lambda _: None).night)
    assert len(names) == 2


def test_failures_of_our_own_are_typed_and_the_night_goes_on(
    tmp_path: Path, log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STANDIN_FAIL", "navy=ZeroDivisionError")
    report = go(tmp_path)
    assert report.summary["codes"]["model_error/ZeroDivisionError"] == 6
    assert (report.summary["ok"], report.summary["failed"]) == (6, 10)
    assert report.good


def test_an_error_storm_stops_the_night_and_the_next_run_finishes_it(
    tmp_path: Path, log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    storm = {"storm_window": 4, "storm_share": 0.5}
    monkeypatch.setenv("STANDIN_FAIL", "e=RuntimeError")
    with pytest.raises(NightFailed, match="last 4 rows failed with RuntimeError"):
        go(tmp_path, limits=storm)
    assert not (tmp_path / "out" / "_SUCCESS").exists()
    monkeypatch.delenv("STANDIN_FAIL")
    report = go(tmp_path, limits=storm)
    assert (report.state, report.summary["ok"]) == ("finished", 12)


def test_an_empty_catalogue_is_a_success(tmp_path: Path, log: Path) -> None:
    (tmp_path / "photos").mkdir()
    report = go(tmp_path)
    assert (report.state, report.good, report.summary["planned"]) == ("empty", True, 0)
    assert go(tmp_path).state == "nothing to do"


def test_a_night_in_which_nothing_went_well_is_no_success(tmp_path: Path, log: Path) -> None:
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "only.jpg").write_text("text")
    report = go(tmp_path)
    assert (report.state, report.good, report.summary["failed"]) == ("finished", False, 2)


@pytest.mark.parametrize("name", ["../../evil", "a/b", ".hidden", "", "a b"])
def test_names_of_nights_stay_inside_the_output(tmp_path: Path, log: Path, name: str) -> None:
    if name:
        with pytest.raises(NightRefused, match="found night name"):
            go(tmp_path, name=name)
        assert not (tmp_path / "out" / "runs").exists()
    else:
        assert go(tmp_path, name=name).night != ""


def test_two_processes_on_one_output_are_refused(tmp_path: Path, log: Path) -> None:
    campaign = load_campaign(write_campaign(tmp_path))
    with lease(campaign.output), pytest.raises(LeaseHeld):
        run_night(campaign)


def test_rerouting_needs_neither_models_nor_pictures(tmp_path: Path, log: Path) -> None:
    first = go(tmp_path)
    log.write_text("")
    strict = tmp_path / "strict.yaml"
    strict.write_text("min_region_change: 50\n")
    for picture in (tmp_path / "photos").iterdir():
        picture.unlink()
    (tmp_path / "standin.yaml").unlink()
    again = reroute(str(tmp_path / "out"), None, load_thresholds(strict), say=lambda _: None)
    assert (again.night, again.state) == (first.night, "finished")
    assert again.summary["routes"] == {"rework": 12} != first.summary["routes"]
    assert not list((tmp_path / "out" / "publish").glob("*__*"))
    assert log.read_text() == ""
    assert Night.open(first.path).decisions["thresholds"]["min_region_change"] == 50


def test_changed_thresholds_on_a_finished_night_point_to_reroute(tmp_path: Path, log: Path) -> None:
    go(tmp_path)
    said: list[str] = []
    assert go(tmp_path, said, thresholds={"min_region_change": 50}).state == "nothing to do"
    assert any("vitrine reroute" in line for line in said)


def test_a_source_replaced_during_the_night_is_a_bad_input(
    tmp_path: Path, log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tasks import segment

    work = segment.run

    def replaced(path: str, shard: int) -> dict[str, Any]:
        from tasks import pictures

        (tmp_path / "photos" / "mug-0.png").write_bytes((tmp_path / "photos" / "mug-1.png").read_bytes())
        pictures._source.cache_clear()
        return work(path, shard)

    with monkeypatch.context() as patch:
        patch.setattr(segment, "run", replaced)
        first = go(tmp_path)
    assert first.summary["codes"]["bad_input/source_changed"] == 2
    second = go(tmp_path)
    assert (second.summary["ok"], second.summary["failed"]) == (12, 4), "the next night takes it"


def test_the_same_on_an_object_store(tmp_path: Path, log: Path) -> None:
    report = go(tmp_path, output="memory://test-night/out")
    assert report.good
    assert storage.exists("memory://test-night/out/_SUCCESS")
    assert go(tmp_path, output="memory://test-night/out").state == "nothing to do"


def test_rows_select_by_column_and_may_bring_their_own_words(tmp_path: Path, log: Path) -> None:
    import pandas as pd
    from catalogue import write_pictures

    write_pictures(tmp_path / "photos", good=3)
    table = pd.DataFrame(
        {
            "image": [f"photos/mug-{n}.png" for n in range(3)] + ["photos/absent.png"],
            "sku": ["../evil", "A/1", "A:1", "gone"],
            "kind": ["mug", "bowl", "mug", "mug"],
            "wish": [None, "make it green", None, None],
        }
    )
    table.to_csv(tmp_path / "list.csv", index=False)
    recipes = [{"id": "navy", "words": "make it navy", "where": {"kind": "mug"}}, {"id": "own"}]
    report = go(tmp_path, source={"table": "list.csv", "columns": {"words": "wish"}}, recipes=recipes)
    rows = manifest.merged(report.path).to_pylist()
    assert sorted((row["sku"], row["recipe_id"], row["outcome"]) for row in rows) == [
        ("../evil", "navy", "ok"),
        ("A/1", "own", "ok"),
        ("A:1", "navy", "ok"),
        ("gone", "navy", "bad_input"),
    ]
    assert json.loads(rows[0]["extra_json"]) == {"kind": "mug"}
    names = [file.name for file in (tmp_path / "out").rglob("*__*.png")]
    assert len(names) == len(set(names)) == 3
    assert {file.parent.name for file in tmp_path.rglob("*__*.png")} <= {"publish", "review"}
