"""The demo on three small pictures, with models that cost nothing."""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from catalogue import PROFILE
from PIL import Image

from editcore.campaign import CampaignError, load_campaign
from editcore.lexicon import parse
from editcore.night import wants
from editcore.sources import list_items
from editcore.studio.catalogue import shop
from flows import demo, demo_campaign
from flows.night import run_night


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    output = tmp_path_factory.mktemp("demo")
    demo.prepare_shop(output, size=128, supersample=1, count=3)
    return output


def table(file: Path) -> list[dict[str, str]]:
    with open(file, newline="") as stream:
        return list(csv.DictReader(stream))


@pytest.mark.parametrize("recipe", demo_campaign.RECIPES, ids=lambda recipe: recipe.id)
def test_recipes_hold_no_word_the_editor_does_not_know(recipe: demo_campaign.DemoRecipe) -> None:
    instruction = parse(recipe.words, recipe.target)  # type: ignore[arg-type]
    assert not instruction.unknown
    assert instruction.kind != "other"
    if recipe.region:
        assert not parse(recipe.region, "region").unknown


def test_every_product_of_the_shop_meets_one_or_two_recipes(tmp_path: Path) -> None:
    rows = [
        {"sku": p.sku, "image": f"{p.sku}.jpg", "category": p.category, "description": ""} for p in shop()
    ]
    rows.append({"sku": "COFFEE-25", "image": "coffee.jpg", "category": "drinkware", "description": ""})
    demo._write_table(tmp_path / "catalogue" / "catalogue.csv", rows)
    campaign = load_campaign(demo._write_campaign(tmp_path, demo_campaign.shop_campaign()))
    items = list_items(campaign.source, campaign.recipes)
    met = Counter({item.sku: sum(wants(recipe, item) for recipe in campaign.recipes) for item in items})
    assert len(items) == 25
    assert set(met.values()) == {1, 2}
    assert 30 <= met.total() <= 40
    assert all(any(wants(recipe, item) for item in items) for recipe in campaign.recipes)


def test_pictures_show_something_and_are_told_in_words(small: Path) -> None:
    rows = table(small / "catalogue" / "catalogue.csv")
    assert [row["sku"] for row in rows] == ["MUG-01", "TEAPOT-02", "BOTTLE-03", "COFFEE-25"]
    assert rows[0]["description"] == "white ceramic mug light grey studio background"
    for row in rows[:3]:
        pixels = np.asarray(Image.open(small / "catalogue" / row["image"]))
        assert pixels.shape == (128, 128, 3)
        assert pixels.std() > 10


def test_the_night_runs_and_a_second_demo_does_nothing(
    small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    profile = tmp_path / "standin.yaml"
    profile.write_text(yaml.safe_dump(PROFILE))

    def start(file: Path, campaign: Any, **options: Any) -> dict[str, Any]:
        said: list[str] = []
        report = run_night(campaign, profile_name=options["profile"], say=said.append)
        return {"state": report.state, "summary": report.summary, "said": said}

    monkeypatch.setattr(demo, "start", start)  # the same night without Prefect's server
    monkeypatch.setattr(demo, "prepare_shop", lambda output: small / "campaign.yaml")
    report = demo.demo(small, profile=str(profile))
    assert report["summary"]["ok"] == report["summary"]["planned"] == 6
    assert (small / "results" / "report.html").exists()
    lines = "\n".join(demo.closing_lines(small, report))
    assert f"vitrine run {small}/campaign.yaml" in lines
    assert demo.demo(small, profile=str(profile))["state"] == "nothing to do"


def test_what_is_there_stays(small: Path) -> None:
    mug, campaign = small / "catalogue" / "mug-01.jpg", small / "campaign.yaml"
    before, text = mug.stat().st_mtime_ns, campaign.read_text()
    campaign.write_text(text + "# edited\n")
    demo.prepare_shop(small, size=128, supersample=1, count=3)
    assert mug.stat().st_mtime_ns == before
    assert campaign.read_text().endswith("# edited\n")
    campaign.write_text(text)


def test_own_photos_meet_one_recolour_and_one_background_each(small: Path, tmp_path: Path) -> None:
    campaign = load_campaign(demo.prepare_own(tmp_path, small / "catalogue", photos=3))
    items = list_items(campaign.source, campaign.recipes)
    targets = [{recipe.target for recipe in campaign.recipes if wants(recipe, item)} for item in items]
    assert targets == [{"product", "background"}] * 3
    with pytest.raises(CampaignError, match="found no pictures"):
        (tmp_path / "empty").mkdir()
        demo.prepare_own(tmp_path, tmp_path / "empty")
    with pytest.raises(CampaignError, match="another catalogue"):
        demo._check(tmp_path / "campaign.yaml", "catalogue.csv")


def test_results_beside_the_photos_are_no_photos(small: Path) -> None:
    demo.prepare_own(small / "catalogue" / "out", small / "catalogue")
    (small / "catalogue" / "out" / "result.jpg").write_bytes(b"x")
    demo.prepare_own(small / "catalogue" / "out", small / "catalogue")
    skus = {row["sku"] for row in table(small / "catalogue" / "out" / "photos.csv")}
    assert skus == {"mug-01", "teapot-02", "bottle-03", "coffee-25"}
