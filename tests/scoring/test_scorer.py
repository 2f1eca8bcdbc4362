"""The scorer as a whole: every column, and every one of them gets worse when the edit does."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest
from skimage import data

from editcore.columns import schema
from editcore.routing import RULES, route
from editcore.scoring import BY_NAME, COLUMNS, NAMES, Score, Scorer, ScoreRequest, product_square
from editcore.scoring.texts import describe


class ColourClip:
    """A CLIP that knows one thing: embeddings are mean colours, and colour words point where they should."""

    name = "mean-colour"
    COLOURS: ClassVar = {"navy": (22, 33, 63), "red": (200, 32, 30), "white": (247, 247, 245)}

    def score(self, before: Any, after: Any, source_texts: Any, target_texts: Any) -> list[dict[str, Any]]:
        from editcore.scoring.clip import direction

        was, now = (np.array([p.mean(axis=(0, 1)) for p in pictures]) / 255 for pictures in (before, after))
        source, target = (np.array([self._text(t) for t in texts]) for texts in (source_texts, target_texts))
        ways = direction(was, now, source, target)
        near = 1 - np.linalg.norm(now - target, axis=1)
        alike = 1 - np.linalg.norm(now - was, axis=1)
        return [
            {"clip_text": near[i], "clip_direction": ways[i], "clip_image": alike[i], "clip_model": self.name}
            for i in range(len(was))
        ]

    def _text(self, text: str) -> np.ndarray:
        named = [rgb for word, rgb in self.COLOURS.items() if word in text]
        return np.array(named[0] if named else (150, 90, 60)) / 255


@pytest.fixture(scope="module")
def scorer() -> Scorer:
    scorer = Scorer(clip=None)
    scorer.clip = ColourClip()  # type: ignore[assignment]
    return scorer


@pytest.fixture(scope="module")
def cup() -> tuple[np.ndarray, np.ndarray]:
    photo = np.ascontiguousarray(data.coffee()[:, 60:500])
    y, x = np.mgrid[: photo.shape[0], : photo.shape[1]]
    return photo, (((x - 220) / 170) ** 2 + ((y - 210) / 150) ** 2 < 1).astype(np.uint8) * 255


def one(scorer: Scorer, *fields: Any) -> Score:
    return scorer.score([ScoreRequest(*fields)])[0]


def painted(cup: tuple[np.ndarray, np.ndarray], rgb: tuple[int, int, int]) -> np.ndarray:
    photo, region = cup
    light = photo.max(axis=2, keepdims=True) / 255
    return np.where(region[..., None] > 0, (np.array(rgb) * (0.5 + 0.5 * light)).astype(np.uint8), photo)


def test_columns_are_the_manifests_and_documented(scorer: Scorer, cup: tuple[np.ndarray, np.ndarray]) -> None:
    row = one(scorer, cup[0], painted(cup, (22, 33, 63)), cup[1], "make it navy", "product")
    assert tuple(row) == NAMES
    assert set(NAMES) <= set(schema("score").names)
    assert all(column.meaning and column.better in ("higher", "lower", "neither") for column in COLUMNS)
    assert {rule.column for rule in RULES} <= set(NAMES)
    for column in COLUMNS:
        kind = {"float64": float, "int64": int, "string": str}[column.type]
        absent = column.name == "shadow_angle"  # no shadow can be told from a table of wood
        assert isinstance(row[column.name], kind) or (absent and row[column.name] is None), column.name


def test_without_words_nothing_is_compared_with_words(
    scorer: Scorer, cup: tuple[np.ndarray, np.ndarray]
) -> None:
    row = one(scorer, cup[0], painted(cup, (22, 33, 63)), cup[1], "", "product")
    assert [row[name] for name in ("clip_text", "clip_direction", "chroma_error", "delta_e")] == [None] * 4
    assert row["region_change"] is not None and row["clip_image"] is not None


def test_a_product_that_moved_is_measured_where_it_is(
    scorer: Scorer, cup: tuple[np.ndarray, np.ndarray]
) -> None:
    photo, alpha = cup
    small = np.zeros_like(alpha)
    small[100:200, 100:200] = 255
    still, moved = (
        scorer.score([ScoreRequest(photo, photo, alpha, "", "product", None, alpha, after)])[0]
        for after in (None, small)
    )
    assert still["product_share"] == pytest.approx((alpha > 0).mean(), abs=0.01)
    assert moved["product_share"] == pytest.approx((small > 0).mean(), abs=0.01)


def test_every_judged_column_falls_when_the_edit_is_spoilt(
    scorer: Scorer, cup: tuple[np.ndarray, np.ndarray]
) -> None:
    photo, region = cup
    good = painted(cup, (22, 33, 63))
    wrong = painted(cup, (200, 150, 20))
    spoilt = np.clip(wrong + np.random.default_rng(0).normal(0, 25, photo.shape), 0, 255).astype(np.uint8)
    spoilt[:40] = 0
    better, worse = (one(scorer, photo, after, region, "make it navy", "product") for after in (good, spoilt))
    judged = [name for name in NAMES if BY_NAME[name].better != "neither" and name != "score_seconds"]
    assert len(judged) == 9
    for name in judged:
        up = BY_NAME[name].better == "higher"
        assert better[name] > worse[name] if up else better[name] < worse[name], name
    assert route(better).route == "publish"
    assert route(worse).route == "rework"


def test_an_edit_that_did_nothing_is_caught(scorer: Scorer, cup: tuple[np.ndarray, np.ndarray]) -> None:
    photo, region = cup
    row = one(scorer, photo, photo, region, "make it navy", "product")
    assert row["region_change"] == row["lpips"] == row["clip_direction"] == 0
    assert route(row).route == "rework" and "Next to nothing happened" in route(row).reason


def test_the_wrong_colour_is_caught(scorer: Scorer, cup: tuple[np.ndarray, np.ndarray]) -> None:
    row = one(scorer, cup[0], painted(cup, (30, 160, 60)), cup[1], "make it red", "product")
    assert route(row).route == "rework" and "another colour" in route(row).reason


def test_colour_is_judged_on_the_background_when_that_was_named(
    scorer: Scorer, cup: tuple[np.ndarray, np.ndarray]
) -> None:
    photo, product = cup
    region = 255 - product
    white = np.where(region[..., None] > 0, np.uint8(246), photo)
    row = one(scorer, photo, white, region, "white studio background", "background", "a red cup")
    assert row["chroma_error"] < 3 and row["delta_e"] < 3 and row["kept_psnr"] == 100
    floor = one(scorer, photo, white, region, "on an oak table", "background")
    assert floor["chroma_error"] is None and floor["delta_e"] is None


def test_batches_equal_single_calls_in_order(scorer: Scorer, cup: tuple[np.ndarray, np.ndarray]) -> None:
    photo, region = cup
    requests = [
        ScoreRequest(photo, painted(cup, rgb), region, f"make it {word}", "product")
        for word, rgb in ColourClip.COLOURS.items()
    ]
    batch = scorer.score(requests)
    for request, row in zip(requests, batch, strict=True):
        single = scorer.score([request])[0]
        assert {k: v for k, v in single.items() if k != "score_seconds"} == {
            k: v for k, v in row.items() if k != "score_seconds"
        }
    assert scorer.score([]) == []


def test_without_a_clip_model_its_columns_are_null(cup: tuple[np.ndarray, np.ndarray]) -> None:
    scorer = Scorer(clip=None)
    row = one(scorer, cup[0], painted(cup, (22, 33, 63)), cup[1], "make it navy", "product")
    assert all(row[name] is None for name in NAMES if name.startswith("clip_"))
    assert scorer.identity["clip"] == "none"
    assert route(row).route == "publish"


def test_a_tiny_bundled_clip_fills_its_columns(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cup: tuple[np.ndarray, np.ndarray]
) -> None:
    import torch
    from open_clip.model import CLIP
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    import editcore.scoring
    from editcore.scoring.clip import save_scorer

    words = Tokenizer(
        models.WordLevel({"<end>": 0, "<unk>": 1, "a": 2, "navy": 3, "product": 4}, unk_token="<unk>")
    )
    words.pre_tokenizer = pre_tokenizers.Whitespace()
    PreTrainedTokenizerFast(tokenizer_object=words, pad_token="<end>", unk_token="<unk>").save_pretrained(
        tmp_path / "t"
    )
    config = {
        "embed_dim": 8,
        "vision_cfg": {"image_size": 32, "layers": 1, "width": 16, "head_width": 8, "patch_size": 16},
        "text_cfg": {
            "context_length": 6,
            "vocab_size": 5,
            "width": 16,
            "heads": 2,
            "layers": 1,
            "pool_type": "last",
        },
    }
    torch.manual_seed(0)
    save_scorer(CLIP(**config), tmp_path / "t", config, tmp_path / "scorer")
    monkeypatch.setattr(editcore.scoring, "BUNDLED_CLIP", tmp_path / "scorer")
    row = one(Scorer(), cup[0], painted(cup, (22, 33, 63)), cup[1], "make it navy", "product")
    assert row["clip_model"] == "open_clip:scorer"
    assert all(-1 <= row[name] <= 1 for name in ("clip_text", "clip_direction", "clip_image"))


def test_a_bundled_scorer_that_is_gone_is_an_error_and_not_a_silent_lack(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import editcore.scoring
    from editcore.scoring.clip import ScorerMissing

    monkeypatch.setattr(editcore.scoring, "BUNDLED_CLIP", tmp_path / "scorer")
    with pytest.raises(ScorerMissing):
        Scorer()


def test_texts_differ_only_in_what_was_asked() -> None:
    from editcore.lexicon import parse

    def pair(words: str, target: Any, caption: str | None = None) -> tuple[str, str]:
        return describe(caption, parse(words, target))

    assert pair("make it navy", "product") == ("a product", "a navy product")
    assert pair("turn it blue", "product", "a red mug") == ("a red mug", "a blue mug")
    source, target = pair("on an oak table", "background", "an orange vase")
    assert source == "an orange vase" and target.startswith(source) and "oak" in target
    source, target = pair("white studio background", "background")
    assert target == "a product in front of a white studio background"
    assert pair("red and white stripes", "product")[1] == "a red and white striped product"


def test_the_square_holds_the_product_with_space_around() -> None:
    picture = np.zeros((60, 200, 3), np.uint8)
    alpha = np.zeros((60, 200), np.uint8)
    alpha[10:30, 150:190] = 255
    picture[alpha > 0] = 200
    square = product_square(picture, alpha)
    assert square.shape == (60, 60, 3)
    assert (square[..., 0] == 200).sum() == 20 * 40
    assert product_square(picture, np.zeros_like(alpha)).shape[0] == 200
