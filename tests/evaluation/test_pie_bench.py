from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from editcore.evaluation.pie_bench import PieBench, decode_mask

SIDE = 16


def entry(number: int, **changes: Any) -> dict[str, Any]:
    return {
        "image_path": f"0_random_140/{number:012d}.jpg",
        "original_prompt": "a slanted bicycle",
        "editing_prompt": "a slanted [rusty] bicycle",
        "editing_instruction": "Make the frame of the bike rusty",
        "editing_type_id": "0",
        "blended_word": "bicycle bicycle",
        "mask": [3 * SIDE + 4, 5, 4 * SIDE + 4, 5],
        **changes,
    }


def bench(folder: Path, entries: dict[str, Any]) -> Path:
    folder.mkdir(exist_ok=True)
    for value in entries.values():
        file = folder / "annotation_images" / value.get("image_path", "none")
        if file.resolve().is_relative_to(folder):
            file.parent.mkdir(parents=True, exist_ok=True)
            Image.new("RGB", (SIDE, SIDE), (20, 40, 60)).save(file.with_suffix(".jpg"))
    (folder / "mapping_file.json").write_text(json.dumps(entries), "utf-8")
    return folder


def test_the_published_layout_becomes_cases(tmp_path: Path) -> None:
    colour = {"editing_type_id": "6", "editing_instruction": "change the color of the heart to pink"}
    folder = bench(tmp_path, {"000000000000": entry(0), "000000000001": entry(1, **colour)})
    cases = PieBench(folder)
    assert cases.kinds == ("random", "change_attribute_color")
    (case,) = cases.load("random")
    assert (case.source_caption, case.target_caption) == ("a slanted bicycle", "a slanted rusty bicycle")
    assert case.words == "Make the frame of the bike rusty"
    assert case.truth is None and case.colour is None and case.target == "region"
    inner = np.zeros((SIDE - 2, SIDE - 2), bool)
    inner[2:4, 3:8] = True  # rows 3 and 4, columns 4 to 8 of the whole
    np.testing.assert_array_equal(case.region[1:-1, 1:-1] > 0, inner)
    assert (case.region[0] == 255).all() and (case.region[:, -1] == 255).all()
    (coloured,) = cases.load("change_attribute_color")
    assert coloured.colour is not None and coloured.colour[0] > coloured.colour[1]
    assert PieBench(folder, kinds=["random"]).kinds == ("random",)
    assert PieBench(folder, limit=1).identity != cases.identity


def test_runs_are_pairs_of_start_and_length() -> None:
    mask = decode_mask([6, 2, 17, 100], 5, 5)
    assert mask[1:-1, 1:-1].tolist() == [
        [1, 1, 0],
        [0, 0, 0],
        [0, 1, 1],
    ]  # the last run ends with the picture
    for code, words in (
        ([1], "pairs"),
        ([25, 1], "512 x 512"),
        ([-1, 2], "does not lie"),
        ([1, -2], "does not lie"),
    ):
        with pytest.raises(ValueError, match=words):
            decode_mask(code, 5, 5)


@pytest.mark.parametrize(
    "changes, words",
    [
        ({"editing_type_id": "12"}, "entry 000000000000: editing_type_id '12'"),
        ({"mask": "abc"}, "entry 000000000000: mask"),
        ({"image_path": "../../secret.jpg"}, "no picture '../../secret.jpg'"),
        ({"mask": [SIDE * SIDE, 4]}, "does not lie in a picture of 16 x 16"),
    ],
)
def test_what_does_not_fit_is_named(tmp_path: Path, changes: dict[str, Any], words: str) -> None:
    folder = bench(tmp_path / "bench", {"000000000000": entry(0, **changes)})
    with pytest.raises(ValueError, match=words):
        PieBench(folder).load("random")


def test_other_folders_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"holds no mapping_file\.json"):
        PieBench(tmp_path)
    (tmp_path / "mapping_file.json").write_text("[]")
    with pytest.raises(ValueError, match="found list"):
        PieBench(tmp_path)
    (tmp_path / "mapping_file.json").write_text("{}")
    with pytest.raises(ValueError, match="unknown kinds"):
        PieBench(tmp_path, kinds=["recolour"])
