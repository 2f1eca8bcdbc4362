from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import BaseModel

from editcore.campaign import Campaign, CampaignError, Recipe, load_campaign, load_thresholds
from editcore.routing import Thresholds

GOOD: dict[str, Any] = {
    "name": "spring",
    "source": {"folder": "photos"},
    "recipes": [{"id": "navy", "words": "make it navy blue"}],
    "output": "out",
}


def load(tmp_path: Path, **changes: Any) -> Campaign:
    file = tmp_path / "campaign.yaml"
    file.write_text(yaml.safe_dump({k: v for k, v in {**GOOD, **changes}.items() if v is not None}))
    return load_campaign(file)


def refusal(tmp_path: Path, **changes: Any) -> str:
    with pytest.raises(CampaignError) as error:
        load(tmp_path, **changes)
    return str(error.value)


def test_paths_are_relative_to_the_file_and_thresholds_are_filled_in(tmp_path: Path) -> None:
    campaign = load(tmp_path, thresholds={"max_chroma_error": 10})
    assert campaign.source.folder == str(tmp_path / "photos")
    assert campaign.output == str(tmp_path / "out")
    assert campaign.thresholds == Thresholds(max_chroma_error=10)
    assert load(tmp_path, output="s3://bucket/out").output == "s3://bucket/out"


@pytest.mark.parametrize(
    ("changes", "wanted"),
    [
        ({"recipies": []}, "recipies: found an unknown field.*did you mean recipes"),
        ({"source": {"folder": "p", "colums": {}}}, r"source\.colums: .*did you mean columns"),
        ({"recipes": [{"id": "a", "wrds": "x"}]}, r"recipes\[0\]\.wrds: .*did you mean words"),
        (
            {"thresholds": {"max_chroma_eror": 1}},
            r"thresholds\.max_chroma_eror: .*did you mean max_chroma_error",
        ),
        ({"format": {"kind": "tiff"}}, r"format\.kind: found 'tiff', expected"),
        ({"output": None}, "output: found nothing.*required"),
        ({"shard_size": 0}, "shard_size: found 0, expected"),
        ({"source": {"folder": "a", "table": "b.csv"}}, "source: found folder and table"),
        (
            {"source": {"folder": "a", "download": {"allow": ["10.0.0.1/8"]}}},
            r"source\.download\.allow: .*host bits",
        ),
        ({"source": {}}, "source: found none of folder, table and urls"),
        ({"source": {"table": "b.xls"}}, r"source: .*ending in \.parquet or \.csv"),
        ({"recipes": [{"id": "a", "words": "x"}] * 2}, "recipes: found recipe ids used twice: a"),
        ({"recipes": [{"id": "a"}]}, "recipe a has no words"),
        ({"recipes": [{"id": "../a", "words": "x"}]}, r"recipes\[0\]\.id: found '\.\./a'"),
        ({"recipes": [{"id": "a", "words": "x", "target": "region"}]}, r"recipes\[0\]: target region and"),
        ({"recipes": [{"id": "a", "exemplar": {"before": "b.png"}}]}, r"exemplar\[0\]\.after: found nothing"),
        ({"recipes": [{"id": "a", "exemplar": "b.png"}]}, r"exemplar: found 'b\.png', expected two pictures"),
        (
            {"recipes": [{"id": "a", "exemplar": {"before": "b.png", "after": "b.png"}}]},
            r"recipes\[0\]: found .*b\.png as before and as after",
        ),
        (
            {"recipes": [{"id": "a", "exemplar": {"befor": "b.png", "after": "c.png"}}]},
            r"exemplar\[0\]\.befor: found an unknown field.*did you mean before",
        ),
        ({"profile": "bundeld"}, r"profile: found no profile 'bundeld'; expected one of \['bundled', "),
    ],
)
def test_refusals_say_where_what_and_what_to_do(tmp_path: Path, changes: dict[str, Any], wanted: str) -> None:
    import re

    text = refusal(tmp_path, **changes)
    assert text.startswith(str(tmp_path / "campaign.yaml"))
    assert re.search(wanted, text), text


def test_every_problem_is_told_at_once(tmp_path: Path) -> None:
    assert len(refusal(tmp_path, shard_size=0, keep_row=True).splitlines()) == 2


def test_a_pair_needs_no_words_and_its_paths_are_relative_to_the_file(tmp_path: Path) -> None:
    pair = {"before": "pairs/a.jpg", "after": "s3://bucket/b.jpg"}
    recipe = load(tmp_path, recipes=[{"id": "a", "exemplar": pair}]).recipes[0]
    assert [f.model_dump() for f in recipe.exemplar] == [
        {"before": str(tmp_path / "pairs" / "a.jpg"), "after": "s3://bucket/b.jpg"}
    ]
    assert (recipe.words_for("words of the row"), recipe.target) == ("", None)
    several = load(tmp_path, recipes=[{"id": "a", "exemplar": [pair, pair], "words": "x"}]).recipes[0]
    assert (len(several.exemplar), several.words_for(None)) == (2, "x")


@pytest.mark.parametrize("text", ["[]", "a: [", "\x00", ""])
def test_files_that_are_no_campaign_are_refused(tmp_path: Path, text: str) -> None:
    file = tmp_path / "campaign.yaml"
    file.write_text(text)
    with pytest.raises(CampaignError):
        load_campaign(file)
    with pytest.raises(CampaignError, match="cannot be read"):
        load_campaign(tmp_path / "absent.yaml")


@pytest.mark.parametrize(
    ("where", "selected"),
    [
        ({}, True),
        ({"kind": "mug"}, True),
        ({"kind": ["bowl", "mug"]}, True),
        ({"kind": "m*"}, True),
        ({"kind": "M*"}, False),
        ({"kind": "mug", "price": 12}, True),
        ({"price": "12"}, True),
        ({"kind": "bowl"}, False),
        ({"absent": "mug"}, False),
    ],
)
def test_selection(where: dict[str, Any], selected: bool) -> None:
    recipe = Recipe(id="a", words="x", where=where)
    assert recipe.selects({"kind": "mug", "price": 12}) is selected


def test_thresholds_from_a_campaign_or_alone(tmp_path: Path) -> None:
    file = tmp_path / "t.yaml"
    file.write_text("min_region_change: 5\n")
    assert load_thresholds(file).min_region_change == 5
    file.write_text(yaml.safe_dump({**GOOD, "thresholds": {"min_region_change": 6}}))
    assert load_thresholds(file).min_region_change == 6
    file.write_text("min_region_chnge: 5\n")
    with pytest.raises(CampaignError, match="min_region_change"):
        load_thresholds(file)


def models(model: type[BaseModel]) -> list[type[BaseModel]]:
    inner = [
        argument
        for field in model.model_fields.values()
        for argument in (field.annotation, *getattr(field.annotation, "__args__", ()))
        if isinstance(argument, type) and issubclass(argument, BaseModel)
    ]
    return [model, *(found for one in inner for found in models(one))]


def test_every_field_is_described_and_stands_in_the_docs() -> None:
    page = (Path(__file__).parent.parent / "docs" / "running-a-night.md").read_text("utf-8")
    for model in (*models(Campaign), Thresholds):
        for name, field in model.model_fields.items():
            assert field.description, f"{model.__name__}.{name} has no description"
            assert f"`{name}`" in page, f"docs/running-a-night.md does not mention {model.__name__}.{name}"
            assert field.description in page, f"docs/running-a-night.md describes {name} in other words"
