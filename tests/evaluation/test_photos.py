"""A customer's own photos as cases."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from editcore.campaign import CampaignError, Columns, Source
from editcore.evaluation.photos import Photos
from editcore.lexicon import COLOURS, parse
from editcore.studio.photograph import photograph, sample_setup
from flows.evaluate import app


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two photos in a table, one of them large and upright, and a file that is no picture."""
    folder = tmp_path_factory.mktemp("shop")
    for number, kind in enumerate(("mug", "chair")):
        rgb = photograph([sample_setup(31 + number, kind)], 128).rgb_B3HW[0].clamp(0, 1).permute(1, 2, 0)
        picture = Image.fromarray((rgb * 255).round().byte().numpy())
        (picture.resize((400, 600)) if number else picture).save(folder / f"{kind}.png")
    (folder / "broken.png").write_bytes(b"no picture")
    (folder / "range.csv").write_text(
        "image,text\nmug.png,a navy mug\nchair.png,\nbroken.png,a red mug\n", "utf-8"
    )
    return folder


@pytest.fixture(scope="module")
def photos(shop: Path) -> Photos:
    return Photos(Source(table=str(shop / "range.csv"), columns=Columns(sku="image", caption="text")))


@pytest.mark.parametrize("kind", ["recolour", "background"])
def test_every_photo_is_asked_for_colours_that_its_caption_does_not_name(photos: Photos, kind: str) -> None:
    cases = photos.load(kind)
    assert len(cases) == 4 and len(photos.left_out) == 1
    for case in cases:
        asked = parse(case.words, case.target)
        assert case.colour == (asked.colour or asked.wall).rgb  # type: ignore[union-attr]
        assert case.truth is None and case.image.shape[:2] == case.alpha.shape == case.region.shape
        assert max(case.image.shape) <= 512
    captions = [case.target_caption for case in cases]
    blues = [name for name, colour in COLOURS.items() if colour.base == "blue"]
    of_mug = [text for text in captions if "mug" in text]
    assert len(of_mug) == 2 and not any(f" {blue} " in text for text in of_mug for blue in blues)
    again = Photos(photos_source(photos), [kind]).load(kind)
    assert [case.words for case in again] == [case.words for case in cases]
    inside = cases[0].region if kind == "recolour" else 255 - cases[0].region
    np.testing.assert_array_equal(inside, cases[0].alpha)


def photos_source(photos: Photos) -> Source:
    folder = str(Path(photos._items[0].uri).parent / "range.csv")
    return Source(table=folder, columns=Columns(sku="image", caption="text"))


def test_what_is_no_source_is_said(shop: Path, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="recolour and background"):
        Photos(Source(folder=str(shop)), ["lid"])
    with pytest.raises(ValueError, match="no photo"):
        Photos(Source(folder=str(tmp_path)))
    with pytest.raises(CampaignError):
        Photos(Source(folder=str(tmp_path / "none")))


def test_the_command_measures_photos_and_names_what_it_left_out(shop: Path, tmp_path: Path) -> None:
    rows = tmp_path / "rows.yaml"
    rows.write_text("rows:\n  - {name: no edit, profile: none}\n", "utf-8")
    arguments = ["run", "--rows", str(rows), "--photos", str(shop / "range.csv"), "--caption", "text"]
    told = CliRunner().invoke(app, [*arguments, "--output", str(tmp_path / "out")])
    assert told.exit_code == 0, told.output
    assert "left out: " in told.output and "no edit, background, seed 0: 4 cases" in told.output
    page = (tmp_path / "out" / "evaluation.md").read_text("utf-8")
    assert "(photos)" in page and "chroma error" in page and "RMSE" not in page.split("### recolour")[1]
