"""Preview and approval, with stand-ins for the models."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from catalogue import PROFILE, RECIPES, write_campaign, write_pair
from typer.testing import CliRunner

from editcore import manifest
from editcore.campaign import CampaignError, load_campaign
from editcore.night import NightRefused
from flows import cli
from flows.night import run_night
from flows.preview import approve_preview, preview


def recipes(home: Path) -> list[dict[str, Any]]:
    pair = {"id": "red", "exemplar": write_pair(home / "pairs"), "words": "make it shiney red"}
    return [pair, {**RECIPES[1], "where": {"sku": "mug-[12]"}}]


def vitrine(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(cli.app, list(arguments))
    return result.exit_code, result.output


def test_a_preview_is_looked_at_approved_and_made_again_by_the_night(tmp_path: Path) -> None:
    file, place = write_campaign(tmp_path, recipes=recipes(tmp_path)), str(tmp_path / "preview")
    code, text = vitrine("preview", str(file), "--output", place)
    assert (code, text.splitlines()[0]) == (0, f"8 pictures of 2 recipes: {place}/preview.html")
    assert vitrine("run", str(file))[0] == cli.Exit.REFUSED
    code, text = vitrine("preview", str(file), "--output", place, "--approve")
    assert code == 0 and text.startswith("recipe red: approved by ")
    report = run_night(load_campaign(file), say=lambda _: None)
    (small,) = (tmp_path / "preview" / "runs").iterdir()
    shown = {r["row_id"]: r for r in manifest.merged(str(small)).to_pylist()}
    night = {r["row_id"]: r for r in manifest.merged(report.path).to_pylist()}
    assert set(shown) < set(night)
    for row_id, row in shown.items():
        for name in ("image_path", "mask_path"):
            made = (Path(report.path) / night[row_id][name]).read_bytes()
            assert (small / row[name]).read_bytes() == made
    assert f"approved by {json.loads((tmp_path / 'out/approvals/red.json').read_text())['who']}" in (
        "\n".join(preview(file, load_campaign(file), place))
        + (tmp_path / "preview" / "preview.html").read_text()
    )


def test_the_page_tells_pair_colours_words_and_what_was_not_understood(tmp_path: Path) -> None:
    file = write_campaign(tmp_path, recipes=recipes(tmp_path))
    preview(file, load_campaign(file), str(tmp_path / "preview"))
    page = (tmp_path / "preview" / "preview.html").read_text()
    assert "The colour of the product, from " in page and "In words: <b>make it " in page
    assert "Not understood: shiney; did you mean shiny?" in page
    assert "6 of the 8 pictures it meets" in page and "2 of the 2 pictures it meets" in page
    assert page.count("<article") == 8 and "http" not in page.replace("http-equiv", "")


def test_approval_is_of_what_was_shown(tmp_path: Path) -> None:
    file, place = write_campaign(tmp_path, recipes=recipes(tmp_path)), str(tmp_path / "preview")
    campaign = load_campaign(file)
    with pytest.raises(NightRefused, match="found no preview in"):
        approve_preview(file, campaign, place)
    preview(file, campaign, place)
    write_pair(tmp_path / "pairs", (40, 40, 200))
    with pytest.raises(NightRefused, match=r"recipe red: since then changed recipe\.exemplar\.0\.after"):
        approve_preview(file, campaign, place)
    preview(file, campaign, place)
    assert len(list((tmp_path / "preview" / "runs").iterdir())) == 1
    assert len(approve_preview(file, campaign, place)) == 2


def test_a_preview_without_a_picture_cannot_be_approved(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STANDIN_FAIL", "shiney=ZeroDivisionError")
    file, place = write_campaign(tmp_path, recipes=recipes(tmp_path)), str(tmp_path / "preview")
    assert "6 could not be made" in preview(file, load_campaign(file), place)[0]
    assert "the stand-in was asked to fail" in (tmp_path / "preview" / "preview.html").read_text()
    with pytest.raises(NightRefused, match="recipe red: no picture could be made of it"):
        approve_preview(file, load_campaign(file), place)


def test_a_preview_beside_the_photos_is_refused(tmp_path: Path) -> None:
    campaign = load_campaign(file := write_campaign(tmp_path))
    with pytest.raises(CampaignError, match="its pictures would be taken for yours"):
        preview(file, campaign, str(tmp_path / "photos" / "preview"))


def test_a_model_that_is_not_there_is_said_in_a_sentence(tmp_path: Path) -> None:
    file = write_campaign(tmp_path, recipes=recipes(tmp_path)[:1])
    (tmp_path / "standin.yaml").write_text(yaml.safe_dump({**PROFILE, "transfer_options": {"absent": True}}))
    code, text = vitrine("preview", str(file), "--output", str(tmp_path / "preview"))
    assert (code, text) == (cli.Exit.FAILED, "the preview stopped: no model at transfer/; train one\n")
