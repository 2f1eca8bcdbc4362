"""Structure distance over tiny random networks of the classes that are used."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import ViTConfig, ViTModel

from editcore.evaluation.structure import Structure, VitKeys, self_similarity


@pytest.fixture(scope="module")
def vit(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_vit(tmp_path_factory.mktemp("vit"), hidden_size=32, patch_size=16, num_hidden_layers=2)


def save_vit(folder: Path, hidden_size: int, patch_size: int, num_hidden_layers: int) -> Path:
    torch.manual_seed(0)
    config = ViTConfig(
        hidden_size=hidden_size, patch_size=patch_size, num_hidden_layers=num_hidden_layers,
        num_attention_heads=4, intermediate_size=32, image_size=32,
    )  # fmt: skip
    ViTModel(config, add_pooling_layer=False).save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def pictures() -> list[np.ndarray]:
    rng = np.random.default_rng(0)
    return [rng.integers(0, 256, (32, 32, 3), np.uint8) for _ in range(2)]


def test_keys_are_the_last_blocks_with_the_class_token(vit: Path, pictures: list[np.ndarray]) -> None:
    keys = VitKeys(vit)(pictures)
    assert keys.shape == (2, 1 + 4, 32)
    model = ViTModel.from_pretrained(vit, add_pooling_layer=False).eval()
    mean, std = (torch.tensor(v).view(1, 3, 1, 1) for v in ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)))
    pixels = (torch.from_numpy(np.stack(pictures)).permute(0, 3, 1, 2).float() / 255 - mean) / std
    with torch.no_grad():
        before_last = model(pixels, output_hidden_states=True).hidden_states[-2]
        last = model.layers[-1]
        expected = last.attention.k_proj(last.layernorm_before(before_last))
    np.testing.assert_allclose(keys, expected.numpy(), atol=1e-4)


def test_distance_is_the_mean_squared_difference_of_cosines(vit: Path, pictures: list[np.ndarray]) -> None:
    structure = Structure(vit)
    assert structure.column == "structure_distance_other"  # a random ViT is not what PIE-Bench took
    same, other = structure([pictures[0], pictures[0]], [pictures[0], pictures[1]])
    assert same == 0 < other
    a, b = VitKeys(vit)(pictures)
    cosines = [k @ k.T / np.outer(np.linalg.norm(k, axis=1), np.linalg.norm(k, axis=1)) for k in (a, b)]
    assert other == pytest.approx(np.square(cosines[0] - cosines[1]).mean(), rel=1e-4)
    assert structure([], []) == []


def test_self_similarity_forgets_length() -> None:
    keys = np.random.default_rng(0).normal(size=(1, 5, 8))
    np.testing.assert_allclose(self_similarity(keys), self_similarity(3 * keys))
    np.testing.assert_allclose(np.diagonal(self_similarity(keys)[0]), 1)


def test_a_vit_b8_fills_the_published_column_from_undivided_pixels(
    tmp_path: Path, pictures: list[np.ndarray]
) -> None:
    folder = save_vit(tmp_path, hidden_size=768, patch_size=8, num_hidden_layers=1)
    structure = Structure(folder)
    assert structure.column == "structure_distance"
    (distance,) = structure(pictures[:1], pictures[1:])
    a, b = self_similarity(VitKeys(folder).as_published(pictures))
    assert distance == pytest.approx(np.square(a - b).mean())


def test_missing_weights_are_no_random_weights(vit: Path, tmp_path: Path) -> None:
    weights = load_file(vit / "model.safetensors")
    (tmp_path / "config.json").write_bytes((vit / "config.json").read_bytes())
    save_file({k: v for k, v in weights.items() if "k_proj" not in k and ".key." not in k},
              tmp_path / "model.safetensors", {"format": "pt"})  # fmt: skip
    with pytest.raises(ValueError, match="weights are missing"):
        Structure(tmp_path)
    with pytest.raises(ValueError, match=r"holds no config\.json"):
        Structure(tmp_path / "absent")
