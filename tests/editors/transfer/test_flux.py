"""FLUX.1-dev's classes with tiny random weights, and a LoRA in the key formats that are published."""

from __future__ import annotations

import math
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import tiny_pipelines as tiny
import torch
from diffusers import FluxPipeline, FluxTransformer2DModel
from safetensors.torch import save_file
from torch import Tensor, nn

from editcore.editors import load_public_transfer
from editcore.editors.base import EditRequest, Exemplar
from editcore.editors.transfer.adapters import merge_adapters
from editcore.editors.transfer.flux import load_flux_editor, load_flux_painter, shift_of
from editcore.editors.transfer.painter import PairPanels
from editcore.editors.transfer.sample import times
from editcore.lexicon.four_panels import caption_of

PIXELS, RANK, TEXT = 16, 4, 256
SMALL = {"pixels": PIXELS, "dtype": "float32", "text_tokens": TEXT}


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    place = tmp_path_factory.mktemp("flux")
    tiny.seeded(tiny.flux).save_pretrained(place)
    return place


def factors(transformer: FluxTransformer2DModel, seed: int = 3) -> dict[str, tuple[Tensor, Tensor]]:
    """A and B for every linear layer inside the blocks, as ai-toolkit trains them."""
    generator = torch.Generator().manual_seed(seed)
    return {
        name: (
            torch.randn(RANK, layer.in_features, generator=generator) * 0.3,
            torch.randn(layer.out_features, RANK, generator=generator) * 0.3,
        )
        for name, layer in transformer.named_modules()
        if isinstance(layer, nn.Linear) and "transformer_blocks" in name
    }


def published(transformer: FluxTransformer2DModel, path: Path) -> Path:
    """The file as ai-toolkit writes it: diffusers' names, peft's A and B, no alpha where it is the rank."""
    weights = {}
    for name, (down, up) in factors(transformer).items():
        weights |= {f"transformer.{name}.lora_A.weight": down, f"transformer.{name}.lora_B.weight": up}
    save_file(weights, path)
    return path


@pytest.fixture(scope="module")
def adapter(folder, tmp_path_factory) -> Path:
    pipeline = tiny.seeded(tiny.flux)
    return published(pipeline.transformer, tmp_path_factory.mktemp("lora") / "edit-transfer.safetensors")


def panels() -> PairPanels:
    rng = torch.Generator().manual_seed(1)
    return PairPanels("k", *torch.rand(2, 3, PIXELS, PIXELS, generator=rng))


@pytest.mark.parametrize("scale", [1.0, 0.5])
def test_the_published_keys_are_added_to_every_layer_of_the_blocks(adapter, scale) -> None:
    plain, merged = tiny.seeded(tiny.flux).transformer, tiny.seeded(tiny.flux).transformer
    merge_adapters(merged, {str(adapter): scale})
    changed = factors(plain)
    assert merged.state_dict().keys() == plain.state_dict().keys(), "no layer of the adapter is left beside"
    for name, weight in merged.state_dict().items():
        down, up = changed.get(name.removesuffix(".weight"), (torch.zeros(1, 1), torch.zeros(1, 1)))
        added = scale * up @ down if name.endswith(".weight") and down.numel() > 1 else 0
        torch.testing.assert_close(weight, plain.state_dict()[name] + added, msg=name)


@pytest.mark.parametrize("style", ["peft", "kohya"])
def test_down_and_up_with_alpha_are_the_same_adapter(style, tmp_path) -> None:
    """alpha 2 at rank 4: half of what A and B alone would add."""
    plain, merged = tiny.seeded(tiny.flux).transformer, tiny.seeded(tiny.flux).transformer
    name = "transformer_blocks.1.ff.net.2"
    down, up = factors(plain)[name]
    key = f"transformer.{name}" if style == "peft" else "lora_unet_double_blocks_1_img_mlp_2"
    file = tmp_path / "a.safetensors"
    save_file(
        {
            f"{key}.lora_down.weight": down,
            f"{key}.lora_up.weight": up,
            f"{key}.alpha": torch.tensor(2.0),
        },
        file,
    )
    merge_adapters(merged, {str(file): 1.0})
    weight = f"{name}.weight"
    torch.testing.assert_close(merged.state_dict()[weight], plain.state_dict()[weight] + 0.5 * up @ down)


def test_an_adapter_of_another_model_is_refused(tmp_path) -> None:
    transformer = tiny.seeded(tiny.flux).transformer
    file = tmp_path / "unet.safetensors"
    save_file(
        {"unet.mid.to_q.lora_A.weight": torch.ones(4, 8), "unet.mid.to_q.lora_B.weight": torch.ones(8, 4)},
        file,
    )
    with pytest.raises(ValueError, match="made for another model"):
        merge_adapters(transformer, {str(file): 1.0})
    with pytest.raises(FileNotFoundError, match="no adapter"):
        merge_adapters(transformer, {str(tmp_path / "none.safetensors"): 1.0})


@torch.no_grad()
def test_the_painter_goes_the_way_of_the_published_loop(folder, adapter) -> None:
    """All four panels through the transformer at every step, at the pipeline's own times, with its own embeddings."""
    painter = load_flux_painter(folder, {str(adapter): 1.0}, **SMALL)
    pair, query = panels(), torch.rand(1, 3, PIXELS, PIXELS, generator=torch.Generator().manual_seed(2))
    painted = painter.paint([pair], painter.encode(query), [[7]], 3, "make it navy")

    pipeline = FluxPipeline.from_pretrained(folder)
    pipeline.set_progress_bar_config(disable=True)
    pipeline.load_lora_weights(adapter.parent, weight_name=adapter.name, local_files_only=True)
    vae = pipeline.vae
    clean = [
        (vae.encode(picture[None] * 2 - 1).latent_dist.mode() - vae.config.shift_factor) * vae.config.scaling_factor
        for picture in (pair.before_3HW, pair.after_3HW, query[0])
    ]  # fmt: skip
    latent = torch.randn(clean[0].shape, generator=torch.Generator().manual_seed(7))
    states, pooled, text_ids = pipeline.encode_prompt(
        caption_of("make it navy"), None, max_sequence_length=TEXT
    )
    side = 2 * latent.shape[-1]
    image_ids = pipeline._prepare_latent_image_ids(1, side // 2, side // 2, "cpu", torch.float32)
    at = times(3, shift_of(pipeline.scheduler, side**2 // 4))
    for t, after in pairwise(at):
        canvas = torch.cat([torch.cat(clean[:2], 3), torch.cat([clean[2], latent], 3)], 2)
        velocity = pipeline.transformer(
            pipeline._pack_latents(canvas, 1, 16, side, side), states, pooled, torch.tensor([t]), image_ids,
            text_ids, torch.ones(1), return_dict=False,
        )[0]  # fmt: skip
        whole = pipeline._unpack_latents(velocity, side, side, 1)
        latent = latent + (after - t) * whole[:, :, side // 2 :, side // 2 :]
    torch.testing.assert_close(painted, latent, atol=1e-4, rtol=1e-4)


def test_the_shift_is_the_schedulers_own() -> None:
    scheduler = tiny.flux().scheduler
    assert shift_of(scheduler, 4096) == pytest.approx(math.exp(1.15))
    scheduler.set_timesteps(sigmas=np.linspace(1, 1 / 35, 35), mu=1.15)
    assert times(35, shift_of(scheduler, 4096)) == pytest.approx(scheduler.sigmas.tolist(), abs=1e-5)


def request(words: str = "make it navy", pairs: int = 1) -> EditRequest:
    rows, columns = np.mgrid[:40, :48]
    alpha = np.where((rows - 20) ** 2 + (columns - 22) ** 2 < 144, 255, 0).astype(np.uint8)
    photo = np.where(alpha[..., None] > 0, (40, 160, 60), (220, 210, 200)).astype(np.uint8)
    moved = np.roll(alpha, 8, axis=1)
    after = np.where(moved[..., None] > 0, (200, 40, 60), (220, 210, 200)).astype(np.uint8)
    shown = tuple(Exemplar(photo, after, alpha, moved, f"p{n}") for n in range(pairs))
    return EditRequest("r", photo, alpha, words, "product", 3, 1.0, shown)


def test_the_engine_keeps_its_contract_and_the_adapter_changes_what_is_painted(folder, adapter) -> None:
    options = {"steps": 2, **SMALL}
    plain = load_flux_editor(folder, {}, **options).edit([request()])[0]
    profile = SimpleNamespace(
        checkpoint_folder=lambda: folder, transfer_adapters={str(adapter): 1.0}, transfer_options=options
    )
    engine = load_public_transfer(profile)
    one, other = engine.edit([request(), request("make it red")])
    for result in (plain, one, other):
        assert np.array_equal(result.image[result.region == 0], request().image[result.region == 0])
    assert one.raw.shape == (PIXELS, PIXELS, 3)
    assert not np.array_equal(one.raw, plain.raw)
    assert not np.array_equal(one.raw, other.raw)
    assert np.array_equal(engine.edit([request()])[0].image, one.image)
    assert engine.figures["pair_bytes"] == 0


def test_several_pairs_and_wrong_settings_are_refused_in_words(folder) -> None:
    with pytest.raises(ValueError, match="found 2 pairs, expected one"):
        load_flux_editor(folder, {}, steps=1, **SMALL).edit([request(pairs=2)])
    with pytest.raises(ValueError, match="multiple of 4"):
        load_flux_painter(folder, {}, pixels=18, dtype="float32", text_tokens=TEXT)
    with pytest.raises(ValueError, match="dtype 'half'"):
        load_flux_painter(folder, {}, dtype="half")
    with pytest.raises(ValueError, match="expected a FluxPipeline"):
        load_flux_painter(Path(__file__).parents[3] / "editcore/bundled/editor", {})
