"""Recipes that follow a before/after pair, in a night: both engines, identity by content, approval."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from catalogue import PROFILE, RECIPES, write_campaign, write_pair
from PIL import Image
from typer.testing import CliRunner

from editcore import approvals, manifest
from editcore.campaign import CampaignError, load_campaign
from editcore.exemplars import finding_of, kept
from editcore.night import Night, NightRefused
from editcore.profiles import ProfileError
from editcore.routing import Thresholds
from flows import cli
from flows.night import Report, reroute, run_night
from flows.tonight import look


def go(home: Path, yes: bool = True, said: list[str] | None = None, **changes: Any) -> Report:
    campaign = load_campaign(write_campaign(home, **changes))
    return run_night(campaign, say=(said if said is not None else []).append, yes=yes)


def recipes(home: Path, **changes: Any) -> list[dict[str, Any]]:
    return [RECIPES[1], {"id": "red", "exemplar": write_pair(home / "pairs"), **changes}]


def rows_of(report: Report) -> list[dict[str, Any]]:
    return [row for row in manifest.merged(report.path).to_pylist() if row["outcome"] == "ok"]


def test_one_night_edits_words_with_one_engine_and_pairs_with_the_other(tmp_path: Path) -> None:
    report = go(tmp_path, recipes=recipes(tmp_path))
    engines = {(row["recipe_id"], row["engine"], row["target"], row["words"]) for row in rows_of(report)}
    assert engines == {
        ("beige", "stand-in", "background", "warm beige studio background"),
        ("red", "stand-in for pairs", "product", ""),
    }
    key = next(row["pair"] for row in rows_of(report) if row["recipe_id"] == "red")
    assert {row["pair"] for row in rows_of(report)} == {"", key}
    pair = kept(report.path, key)
    assert pair.after[48, 48].tolist() == [200, 40, 40] and pair.before_alpha[48, 48] == 255
    assert finding_of(report.path, key).kind == "recolour"
    figures = report.summary["figures"]  # an engine that an earlier test loaded knows the pair already
    assert figures.get("pairs_computed", 0) + figures["pair_hits"] == 6 and figures["pair_hits"] >= 5
    assert Night.open(report.path).engines == ["editor", "transfer"]


def test_several_pairs_are_several_changes_and_words_may_stand_beside_them(tmp_path: Path) -> None:
    pairs = [write_pair(tmp_path / "pairs"), write_pair(tmp_path / "pairs", (40, 200, 40), "green")]
    red = {"id": "both", "exemplar": pairs, "words": "make it shiny", "where": {"sku": "mug-1"}}
    (row,) = rows_of(go(tmp_path, recipes=[red]))
    assert len(row["pair"].split()) == 2 and '"pairs": 2' in row["notes_json"]
    assert row["words"] == "make it shiny"


@pytest.mark.parametrize(("target", "kind"), [("background", "background"), ("product", "recolour")])
def test_the_target_follows_from_the_pair_unless_it_is_given(tmp_path: Path, target: str, kind: str) -> None:
    exemplar = write_pair(tmp_path / "pairs")
    if kind == "background":
        picture = np.full((96, 96, 3), (90, 140, 90), np.uint8)
        picture[24:-24, 24:-24] = 120
        Image.fromarray(picture).save(tmp_path / "pairs" / "after.png")
    report = go(tmp_path, recipes=[{"id": "pair", "exemplar": exemplar, "where": {"sku": "mug-1"}}])
    assert rows_of(report)[0]["target"] == target
    other = {"id": "pair", "exemplar": exemplar, "target": "background", "where": {"sku": "mug-1"}}
    assert rows_of(go(tmp_path, recipes=[other]))[0]["target"] == "background"


def test_a_pair_counts_by_content_not_by_path(tmp_path: Path) -> None:
    first = go(tmp_path, recipes=recipes(tmp_path))
    moved = write_pair(tmp_path / "elsewhere")
    same = go(tmp_path, recipes=[RECIPES[1], {"id": "red", "exemplar": moved}])
    assert (same.night, same.state) == (first.night, "nothing to do")
    write_pair(tmp_path / "elsewhere", (40, 40, 200))
    said: list[str] = []
    blue = go(tmp_path, said=said, recipes=[RECIPES[1], {"id": "red", "exemplar": moved}])
    assert blue.night != first.night and "settings.recipes.red" in said[0]
    before, after = ({r["recipe_id"]: r["row_id"] for r in rows_of(report)} for report in (first, blue))
    assert before["beige"] == after["beige"] and before["red"] != after["red"]


def test_pairs_that_cannot_be_used_are_refused_in_a_sentence_and_leave_no_night(tmp_path: Path) -> None:
    exemplar = write_pair(tmp_path / "pairs")
    after = tmp_path / "pairs" / "after.png"

    def refusal() -> str:
        with pytest.raises(CampaignError) as error:
            go(tmp_path, recipes=[{"id": "red", "exemplar": exemplar}])
        assert not list((tmp_path / "out").glob("runs/*/run.json"))
        return str(error.value)

    after.write_bytes((tmp_path / "pairs" / "before.png").read_bytes())
    assert "recipe red: pair before.png -> after.png: Nothing changes" in refusal()
    Image.new("RGB", (96, 70)).save(after)
    assert "96 x 96 pixels, the one after 96 x 70; expected the same crop" in refusal()
    Image.new("RGB", (32, 32)).save(after)
    assert "expected at least 64 on each side" in refusal()
    after.write_text("no picture")
    assert "recipe red: pair before.png -> after.png: " in refusal()
    after.unlink()
    assert "recipes[0].exemplar[0].after: found no file" in refusal()


def test_a_profile_without_an_engine_for_pairs_says_so(tmp_path: Path) -> None:
    campaign = load_campaign(write_campaign(tmp_path, recipes=recipes(tmp_path)))
    (tmp_path / "standin.yaml").write_text(
        yaml.safe_dump({k: v for k, v in PROFILE.items() if k != "transfer"})
    )
    with pytest.raises(ProfileError, match="no engine for pairs, which red needs"):
        look(campaign, None, None, None)


def test_a_pair_runs_only_when_approved_and_a_changed_pair_voids_it(tmp_path: Path) -> None:
    with pytest.raises(NightRefused, match="recipe red: nobody has approved its preview"):
        go(tmp_path, yes=False, recipes=recipes(tmp_path))
    assert not (tmp_path / "out" / "runs").exists()
    campaign = load_campaign(tmp_path / "campaign.yaml")
    tonight = look(campaign, None, None, None)
    facts = approvals.facts_of(campaign.recipes[1], tonight.pairs["red"], tonight.profile)
    assert approvals.approve(campaign.output, "red", facts)["who"]
    assert go(tmp_path, yes=False, recipes=recipes(tmp_path)).good
    changed = recipes(tmp_path)
    write_pair(tmp_path / "pairs", (40, 40, 200))
    with pytest.raises(NightRefused, match=r"approved it on 2.*changed recipe\.exemplar\.0\.after: was"):
        go(tmp_path, yes=False, recipes=changed)
    assert go(tmp_path, yes=False, recipes=[{**changed[1], "approved": True}]).good


def test_the_command_line_refuses_and_takes_yes(tmp_path: Path) -> None:
    file = write_campaign(tmp_path, recipes=[{**recipes(tmp_path)[1], "where": {"sku": "mug-1"}}])
    refused = CliRunner().invoke(cli.app, ["run", str(file)])
    assert refused.exit_code == cli.Exit.REFUSED
    assert "vitrine preview CAMPAIGN --approve" in refused.output
    plan = CliRunner().invoke(cli.app, ["plan", str(file)])
    assert "red: 1 rows, as the pair shows" in plan.output


def test_a_picture_that_stands_out_from_its_range_is_sent_to_review_in_words(tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    for number in range(8):
        ground = (60, 110, 60) if number == 3 else (235 - number,) * 3
        picture = np.full((64, 64, 3), ground, np.uint8)
        picture[16:-16, 16:-16] = 90 + number
        Image.fromarray(picture).save(tmp_path / "photos" / f"mug-{number}.png")
    report = go(tmp_path, recipes=recipes(tmp_path)[1:], shard_size=3)
    doubts = {row["sku"]: row["range_doubt"] for row in rows_of(report) if row["range_doubt"]}
    assert list(doubts) == ["mug-3"] and "its background is off the others'" in doubts["mug-3"]
    routed = {row["sku"]: (row["route"], row["reason"]) for row in rows_of(report)}
    assert routed["mug-3"] == ("review", doubts["mug-3"]) and routed["mug-1"][0] == "publish"
    lenient = Thresholds(review_range_outliers=False)
    again = reroute(str(tmp_path / "out"), None, lenient, say=lambda _: None)
    assert again.summary["routes"] == {"publish": 8}


def test_rows_of_a_pair_are_edited_together(tmp_path: Path) -> None:
    both = [
        {"id": "red", "exemplar": write_pair(tmp_path / "pairs")},
        {"id": "green", "exemplar": write_pair(tmp_path / "pairs", (40, 200, 40), "green")},
    ]
    report = go(tmp_path, recipes=both, shard_size=100)
    assert [row["recipe_id"] for row in rows_of(report)] == ["red", "green"] * 6, "the catalogue's order"
    # one switch, and one more where an earlier test left the engine set up for another pair
    assert 1 <= report.summary["figures"]["adapter_switches"] <= 2
