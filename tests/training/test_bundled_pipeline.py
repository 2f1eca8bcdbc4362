"""The editor's pipeline, with random weights of the real classes."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from diffusers import FlowMatchEulerDiscreteScheduler

from editcore.editors.pipeline import LocalEditPipeline
from editcore.training.autoencoder import LATENT_CHANNELS, build_autoencoder, decode, encode
from editcore.training.editor import build_unet, flow_loss
from editcore.training.words import build_text_encoder, train_tokenizer

WORDS = ["make the mug red", "on walnut wood in front of a sage wall"]


@pytest.fixture(scope="module")
def pipeline() -> LocalEditPipeline:
    torch.manual_seed(0)
    tokenizer = train_tokenizer(WORDS * 4, vocabulary=300)
    made = LocalEditPipeline(
        vae=build_autoencoder(),
        text_encoder=build_text_encoder(len(tokenizer)),
        tokenizer=tokenizer,
        unet=build_unet(),
        scheduler=FlowMatchEulerDiscreteScheduler(),
    )
    made.set_progress_bar_config(disable=True)
    return made


def _inputs(count: int) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(1)
    return torch.rand(count, 3, 128, 128, generator=generator), torch.ones(count, 1, 128, 128)


def test_the_autoencoder_encodes_eight_and_decodes_sixteen_pixels_per_latent() -> None:
    autoencoder = build_autoencoder()
    latent = encode(autoencoder, torch.rand(1, 3, 128, 128))
    assert latent.shape == (1, LATENT_CHANNELS, 16, 16)
    assert decode(autoencoder, latent).shape == (1, 3, 256, 256)


def test_a_picture_comes_out_at_twice_the_size_in_range(pipeline: LocalEditPipeline) -> None:
    source, region = _inputs(2)
    result = pipeline(source, region, WORDS, [1, 2], num_inference_steps=2)
    assert result.shape == (2, 3, 256, 256)
    assert result.min() >= 0 and result.max() <= 1


def test_a_row_is_the_same_alone_and_in_a_batch(pipeline: LocalEditPipeline) -> None:
    source, region = _inputs(2)
    both = pipeline(source, region, WORDS, [1, 2], num_inference_steps=2)
    alone = pipeline(source[1:], region[1:], WORDS[1:], [2], num_inference_steps=2)
    assert (both[1] - alone[0]).abs().max() < 2 / 255


def test_the_seed_and_the_words_matter(pipeline: LocalEditPipeline) -> None:
    source, region = _inputs(1)
    first, again, other = (pipeline(source, region, WORDS[:1], [s], num_inference_steps=2) for s in (1, 1, 2))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    assert not torch.equal(first, pipeline(source, region, WORDS[1:], [1], num_inference_steps=2))


def test_it_survives_a_diffusers_folder(pipeline: LocalEditPipeline, tmp_path: Path) -> None:
    pipeline.save_pretrained(tmp_path)
    names = {f.suffix for f in tmp_path.rglob("*") if "model" in f.name and f.suffix != ".json"}
    assert names == {".safetensors"}, "no pickles"
    loaded = LocalEditPipeline.from_pretrained(tmp_path)
    loaded.set_progress_bar_config(disable=True)
    source, region = _inputs(1)
    before, after = (p(source, region, WORDS[:1], [3], num_inference_steps=1) for p in (pipeline, loaded))
    assert torch.allclose(before, after, atol=1e-5)


def test_sizes_that_do_not_fit_are_refused(pipeline: LocalEditPipeline) -> None:
    with pytest.raises(ValueError, match=r"expected \(1, 3, 128, 128\)"):
        pipeline(torch.rand(1, 3, 64, 64), torch.ones(1, 1, 64, 64), ["red"], [0])
    source, region = _inputs(2)
    with pytest.raises(ValueError, match="2 pictures, 1 texts"):
        pipeline(source, region, ["red"], [0, 1])


class _Oracle(torch.nn.ModuleDict):
    """Predicts a given velocity."""

    def __init__(self, velocity: torch.Tensor) -> None:
        super().__init__()
        self["text_encoder"] = _Says(last_hidden_state=None)
        self["unet"] = _Says(sample=velocity)


class _Says(torch.nn.Module):
    def __init__(self, **answer: torch.Tensor | None) -> None:
        super().__init__()
        self.answer = answer

    def forward(self, *_: object) -> object:
        return type("Answer", (), self.answer)


def test_the_flow_loss_is_zero_for_the_true_velocity_and_counts_the_region_more() -> None:
    target, noise = torch.randn(2, 1, LATENT_CHANNELS, 16, 16).unbind(0)
    region = torch.zeros(1, 1, 16, 16)
    region[..., :8, :] = 1
    batch = (torch.zeros_like(target), target, region, torch.zeros(1, 4, dtype=torch.long))
    s = torch.tensor([0.4])
    assert flow_loss(_Oracle(noise - target), batch, s, noise) == pytest.approx(0, abs=1e-9)
    wrong_inside, wrong_outside = (noise - target).clone(), (noise - target).clone()
    wrong_inside[..., :4, :] += 1
    wrong_outside[..., 12:, :] += 1
    inside = flow_loss(_Oracle(wrong_inside), batch, s, noise)
    assert inside > 5 * flow_loss(_Oracle(wrong_outside), batch, s, noise)
