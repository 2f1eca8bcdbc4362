"""Back-translation: photos as targets, sources made of them; told what the caption says, framed as at work."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from editcore import storage
from editcore.campaign import Source
from editcore.lexicon import COLOURS
from editcore.lexicon.colour import delta_e
from editcore.training.pairs import Pair, PairStore
from editcore.training.pairs.back import made_colour
from editcore.training.pairs.make import make
from editcore.training.pairs.pool import setting_box
from editcore.training.pairs.run import begin
from editcore.training.pairs.settings import PairSettings, load_settings
from editcore.training.tuning.config import instruction

QUIET: Any = {"say": lambda _: None}


@pytest.fixture(scope="module")
def settings(small: PairSettings) -> PairSettings:
    sizes = {name: getattr(small, name) for name in ("side", "latent_cell", "shard_size", "batch_size")}
    return PairSettings.model_validate(load_settings("back").model_dump() | sizes)


@pytest.fixture(scope="module")
def made(source: Source, settings: PairSettings, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("back")
    make(begin(source, str(out), settings), **QUIET)
    return out


def pairs(folder: Path, kind: str) -> list[Pair]:
    return [pair for pair in PairStore(str(folder)) if pair.kind == kind]


def test_every_photo_gives_what_its_caption_tells(made: Path) -> None:
    summary = json.loads((made / "summary.json").read_text("utf-8"))
    # Nine photos can be read. Seven captions and the copy's name a colour; the tagged one is told what CLIP sees.
    assert summary["method"] == "back-translation" and summary["pictures_ok"] == 9
    assert summary["pairs_by_kind"]["setting"] == 7, "the copy's caption names no setting, nor do tags"
    assert summary["pairs_by_kind"]["colour"] in (8, 9)
    assert "candidates_removed" not in summary and not (made / "edits").exists()


def test_a_source_is_the_target_in_another_colour(made: Path) -> None:
    for pair in pairs(made, "colour"):
        solid, rest = pair.source_mask > 250, pair.source_mask == 0
        assert np.abs(pair.source[rest].astype(int) - pair.target[rest]).mean() < 3, "JPEG's noise"
        shown, was = (np.median(end[solid], axis=0).astype(np.uint8) for end in (pair.source, pair.target))
        wanted = COLOURS[pair.old].rgb
        assert delta_e(shown, wanted) < delta_e(was, wanted)
        assert pair.old in pair.source_caption and pair.new in pair.edit_prompt == pair.target_caption
        assert instruction(pair) == f"make it {pair.new}"
        assert math.isnan(pair.similarity) and math.isnan(pair.gain)


def test_a_setting_is_the_whole_photo_with_what_may_change_around_the_product(made: Path) -> None:
    for pair in pairs(made, "setting"):
        assert np.array_equal(pair.source, pair.target)
        assert (pair.region[pair.source_mask > 127] == 255).all() and (pair.source_mask < 128).any()
        assert "light grey" in instruction(pair)
    framed = pairs(made, "colour")[0].source_mask > 127
    whole = pairs(made, "setting")[0].source_mask < 128
    assert framed.sum() != whole.sum(), "the studio's products do not fill two thirds of the picture"


def test_a_killed_run_goes_on_and_ends_byte_for_byte_the_same(
    made: Path, source: Source, settings: PairSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Died(BaseException):
        pass

    put, writes = storage.put, iter(range(10_000))

    def dies(path: str, data: bytes) -> None:
        if next(writes) in (5, 20, 45, 50):
            raise Died
        put(path, data)

    monkeypatch.setattr(storage, "put", dies)
    deaths = 0
    while True:
        try:
            make(begin(source, str(tmp_path), settings), **QUIET)
            break
        except Died:
            deaths += 1
    files = [
        {str(f.relative_to(folder)): f.read_bytes() for f in sorted(folder.rglob("*")) if f.is_file()}
        for folder in (made, tmp_path)
    ]
    assert deaths == 4 and files[0] == files[1]


def test_the_page_shows_what_was_made(made: Path) -> None:
    page = (made / "page.html").read_text("utf-8")
    assert page.count("<article>") == len(PairStore(str(made))) and "similarity" not in page


@pytest.mark.parametrize(
    ("caption", "word"),
    [
        ("a navy ceramic mug on oak", "navy"),
        ("an oak bowl on marble", "oak"),
        ("a navy and white striped mug", None),
        ("a red mug with a blue hat", "red"),
        ("a mug", None),
        ("", None),
    ],
)
def test_only_one_plain_colour_or_material_can_be_asked_for(caption: str, word: str | None) -> None:
    slot = made_colour(caption)
    assert (slot.word if slot else None) == word


@pytest.mark.parametrize(
    ("shape", "product", "box"),
    [
        ((60, 100), (40, 20, 70, 50), (20, 0, 80, 60)),
        ((60, 100), (80, 20, 98, 50), (38, 0, 98, 60)),  # moved as far as the product asks
        ((60, 100), (0, 0, 10, 60), (0, 0, 60, 60)),
        ((60, 100), (5, 20, 90, 40), (0, -20, 100, 80)),  # longer than the picture is high
        ((80, 80), (10, 10, 20, 20), (0, 0, 80, 80)),
    ],
)
def test_a_setting_is_shown_in_the_largest_square_that_holds_the_product(
    shape: tuple[int, int], product: tuple[int, int, int, int], box: tuple[int, int, int, int]
) -> None:
    alpha = np.zeros(shape, np.uint8)
    left, top, right, bottom = product
    alpha[top:bottom, left:right] = 255
    assert setting_box(alpha) == box
