"""The engine around the bundled model keeps the editor contract whatever the weights are."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from editcore.editors.base import EditRequest
from editcore.editors.bundled import BundledEditor


@pytest.fixture(scope="module")
def editor(random_model: Path) -> BundledEditor:
    return BundledEditor(random_model, steps=2, batch_size=4)


def _request(words: str, target: str = "product", seed: int = 1) -> EditRequest:
    rng = np.random.default_rng(0)
    image = rng.integers(0, 255, (200, 160, 3), dtype=np.uint8)
    alpha = np.zeros((200, 160), np.uint8)
    alpha[60:150, 40:120] = 255
    alpha[59] = alpha[60] // 2
    return EditRequest(f"row-{words}", image, alpha, words, target, seed)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("words", "target"),
    [
        ("make the mug navy", "product"),
        ("beige studio background", "background"),
        ("on walnut wood", "background"),
    ],
)
def test_pixels_outside_the_region_are_the_sources(editor: BundledEditor, words: str, target: str) -> None:
    request = _request(words, target)
    (result,) = editor.edit([request])
    kept = result.region == 0
    assert kept.any() and not kept.all()
    assert np.array_equal(result.image[kept], request.image[kept])
    assert not np.array_equal(result.image, request.image)
    assert result.image.shape == request.image.shape and result.image.dtype == np.uint8
    product = request.alpha == 255
    assert kept[product].all() if target == "background" else not kept[product].any()


def test_a_recolour_reaches_the_named_colour_and_reports_the_models_own_error(editor: BundledEditor) -> None:
    (result,) = editor.edit([_request("make the mug navy")])
    assert result.notes["steps"] == 2
    assert result.notes["raw_chroma_error"] > 1, "random weights cannot know navy"
    assert result.raw is not None and result.raw.shape == (256, 256, 3)


def test_the_same_seed_gives_the_same_picture(editor: BundledEditor) -> None:
    words, target = "beige studio background", "background"
    first, again, other = editor.edit([_request(words, target, seed) for seed in (5, 5, 6)])
    assert np.abs(first.image.astype(int) - again.image).max() <= 1
    assert not np.array_equal(first.image, other.image)


def test_words_nobody_knows_are_warned_about_and_new_words_too(editor: BundledEditor) -> None:
    unknown, new, fine = editor.edit(
        [
            _request("make the mug flurbish navy"),
            _request("make the mug terracotta"),
            _request("make the mug navy"),
        ]
    )
    assert any("flurbish" in w for w in unknown.warnings)
    assert any("new to the model" in w and "terracotta" in w for w in new.warnings)
    assert fine.warnings == ()


def test_what_the_model_was_hardly_trained_for_is_said_so(editor: BundledEditor) -> None:
    removed, striped = editor.edit([_request("remove the handle"), _request("give the mug red stripes")])
    assert any("check this one" in w for w in removed.warnings)
    assert any("check this one" in w for w in striped.warnings)


def test_a_missing_model_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="vitrine train"):
        BundledEditor(tmp_path)
