"""Captioners and maskers: the transformers ones on tiny models of the same classes, made here."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from editcore.training.pairs.captions import Blip, Tags, load_captioner
from editcore.training.pairs.masks import (
    ClipSeg,
    MaskRequest,
    ProductMasker,
    load_masker,
    region,
    words_for,
)
from editcore.training.pairs.settings import load_settings

RNG = np.random.default_rng(0)
PICTURES = [RNG.integers(0, 256, (48, 48, 3), dtype=np.uint8) for _ in range(2)]
WORDS = ["a", "red", "blue", "mug", "bowl", "on", "grass", "of", "the", "photo", "navy"]


@pytest.fixture(scope="module")
def blip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from transformers import (
        BertTokenizerFast,
        BlipConfig,
        BlipForConditionalGeneration,
        BlipImageProcessor,
        BlipProcessor,
    )

    folder = tmp_path_factory.mktemp("blip")
    (folder / "vocab.txt").write_text(
        "\n".join(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "[DEC]", *WORDS])
    )
    tokenizer = BertTokenizerFast(
        str(folder / "vocab.txt"), bos_token="[DEC]", additional_special_tokens=["[DEC]"]
    )
    text = {"vocab_size": len(tokenizer), "hidden_size": 16, "encoder_hidden_size": 16, "intermediate_size": 32,
            "num_hidden_layers": 1, "num_attention_heads": 2, "max_position_embeddings": 32, "bos_token_id": 5,
            "eos_token_id": 3, "sep_token_id": 3, "pad_token_id": 0}  # fmt: skip
    vision = {"hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2,
              "image_size": 32, "patch_size": 16}  # fmt: skip
    torch.manual_seed(0)
    BlipForConditionalGeneration(BlipConfig(text_config=text, vision_config=vision)).save_pretrained(folder)
    BlipProcessor(BlipImageProcessor(size={"height": 32, "width": 32}), tokenizer).save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def clipseg(tmp_path_factory: pytest.TempPathFactory) -> Path:
    import json

    from transformers import (
        CLIPSegConfig,
        CLIPSegForImageSegmentation,
        CLIPSegProcessor,
        CLIPTokenizerFast,
        ViTImageProcessor,
    )

    folder = tmp_path_factory.mktemp("clipseg")
    letters = [*"abcdefghijklmnopqrstuvwxyz", *(f"{c}</w>" for c in "abcdefghijklmnopqrstuvwxyz")]
    vocabulary = ["<|startoftext|>", "<|endoftext|>", *letters]
    (folder / "vocab.json").write_text(json.dumps({word: i for i, word in enumerate(vocabulary)}))
    (folder / "merges.txt").write_text("#version: 0.2\n")
    tokenizer = CLIPTokenizerFast(str(folder / "vocab.json"), str(folder / "merges.txt"), model_max_length=16)
    text = {"vocab_size": len(vocabulary), "hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 1,
            "num_attention_heads": 2, "max_position_embeddings": 16, "bos_token_id": 0, "eos_token_id": 1,
            "pad_token_id": 1}  # fmt: skip
    vision = {"hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2,
              "image_size": 32, "patch_size": 8}  # fmt: skip
    config = CLIPSegConfig(
        text_config=text, vision_config=vision, projection_dim=16, extract_layers=[0, 1], reduce_dim=8,
        decoder_num_attention_heads=2, decoder_intermediate_size=16,
    )  # fmt: skip
    torch.manual_seed(0)
    CLIPSegForImageSegmentation(config).save_pretrained(folder)
    processor = ViTImageProcessor(size={"height": 32, "width": 32})
    CLIPSegProcessor(processor, tokenizer).save_pretrained(folder)
    return folder


def test_blip_writes_words_of_its_vocabulary_the_same_every_time(blip: Path) -> None:
    captioner = Blip(str(blip), max_new_tokens=6)
    texts = captioner.describe(PICTURES)
    assert len(texts) == 2 and texts == captioner.describe(PICTURES)
    assert set(" ".join(texts).split()) <= {*WORDS, "[UNK]"}
    assert captioner.name == f"blip:{blip.name}"


def test_settings_choose_the_captioner_and_say_what_is_missing(blip: Path) -> None:
    settings = load_settings("gpu").model_copy(update={"captioner_model": str(blip), "device": "cpu"})
    assert load_captioner(settings, None).name.startswith("blip:")
    with pytest.raises(ValueError, match="captioner_model"):
        load_captioner(settings.model_copy(update={"captioner_model": None}), None)
    with pytest.raises(ValueError, match="masker_model"):
        load_masker(settings.model_copy(update={"masker_model": None}))


class Chart:
    """A CLIP of three words: pictures are one colour, texts point where their words do."""

    name = "chart"

    def images(self, pictures: list[np.ndarray]) -> np.ndarray:
        rgb = np.stack([picture.reshape(-1, 3).mean(axis=0) for picture in pictures]) / 255
        both = np.concatenate([rgb, np.tile([1.0, 0.5], (len(rgb), 1))], axis=1)
        return both / np.linalg.norm(both, axis=1, keepdims=True)

    def texts(self, texts: list[str]) -> np.ndarray:
        says = ("red", "green", "blue", "vase", "glass")
        return np.array([[float(f" {word}" in text) for word in says] for text in texts])


def test_tags_put_together_what_clip_finds() -> None:
    blue = np.zeros((8, 8, 3), np.uint8)
    blue[..., 2] = 255
    assert Tags(Chart()).describe([blue]) == ["a blue glass vase"]


def test_clipseg_finds_a_mask_of_the_pictures_size_for_each_words(clipseg: Path) -> None:
    masker = ClipSeg(str(clipseg))
    product = np.zeros((48, 48), np.uint8)
    requests = [MaskRequest(PICTURES[0], product, "colour", words) for words in ("navy mug", "grass")]
    one, other = masker.masks(requests)
    assert one.shape == (48, 48) and one.dtype == np.uint8
    assert not np.array_equal(one, other)  # the words matter
    assert np.array_equal(masker.masks(requests[:1])[0], one)  # a batch of one is still a batch


def test_a_setting_changes_what_is_not_the_product() -> None:
    product = np.zeros((16, 16), np.uint8)
    product[4:8, 4:8] = 255
    requests = [MaskRequest(PICTURES[0], product, kind, "x") for kind in ("colour", "setting")]
    inside, outside = ProductMasker().masks(requests)
    assert np.array_equal(inside, product) and np.array_equal(outside, 255 - product)


def test_the_region_is_the_union_one_cell_wider() -> None:
    one, other = np.zeros((32, 32), np.uint8), np.zeros((32, 32), np.uint8)
    one[10, 10], other[20, 20], other[0, 31] = 255, 200, 100  # the last is below the threshold
    found = region(one, other, 0.5, 3)
    expected = np.zeros((32, 32), np.uint8)
    expected[7:14, 7:14] = expected[17:24, 17:24] = 255
    assert np.array_equal(found, expected)


def test_words_that_lie_on_nothing_take_the_noun_along() -> None:
    assert words_for("colour", "navy", "mug") == "navy mug" and words_for("noun", "bowl", "mug") == "bowl"
    assert (
        words_for("setting", "walnut wood", "mug") == "walnut wood"
        and words_for("colour", "navy", "") == "navy"
    )
