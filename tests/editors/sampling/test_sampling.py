"""The sampler against diffusers' own schedulers and pipelines, and what it promises about regions and batches."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tiny_pipelines as tiny
import torch

from editcore.editors.backbones import Backbone, Condition, Prediction, Words, load_backbone
from editcore.editors.backbones.flow import StableDiffusion3
from editcore.editors.backbones.process import target
from editcore.editors.backbones.sdxl import StableDiffusionXL
from editcore.editors.backbones.stable_diffusion import StableDiffusion
from editcore.editors.sampling import Settings, edit_pictures, estimate_region
from editcore.editors.sampling.denoise import Guidance, denoise
from editcore.editors.sampling.noise import row_noise
from editcore.editors.sampling.step import step

CASES: dict[str, tuple[Any, Any]] = {
    "sd": (tiny.stable_diffusion, StableDiffusion),
    "sd-v": (lambda: tiny.stable_diffusion("v_prediction"), StableDiffusion),
    "sdxl": (tiny.sdxl, StableDiffusionXL),
    "sd3": (tiny.sd3, StableDiffusion3),
}
STEPS = 4


@pytest.mark.parametrize("case", CASES)
def test_text_to_image_is_what_diffusers_own_pipeline_paints(case: str) -> None:
    build, kind = CASES[case]
    pipeline = tiny.seeded(build)
    backbone = kind(pipeline)
    (noise,) = row_noise([7], backbone.encode(torch.zeros(1, 3, backbone.side, backbone.side)))
    extra = {"sigmas": np.linspace(1, 1 / STEPS, STEPS)} if case == "sd3" else {}
    theirs = pipeline(
        "navy mug", num_inference_steps=STEPS, guidance_scale=3.0, output_type="latent",
        generator=torch.Generator().manual_seed(7), **extra,
    ).images  # fmt: skip
    ours = denoise(
        backbone, noise, Settings(STEPS).times(), Guidance.of(backbone, ["navy mug"], 3.0)
    )  # fmt: skip
    assert torch.allclose(ours, theirs, atol=2e-4 * float(theirs.abs().max())), (ours - theirs).abs().max()


def test_the_bundled_pipeline_paints_the_same(random_model: Path) -> None:
    backbone = load_backbone(random_model)
    pipeline: Any = backbone.pipeline
    source = torch.rand(2, 3, 128, 128, generator=torch.Generator().manual_seed(0))
    region = torch.zeros(2, 1, 128, 128)
    region[..., 30:90, 40:100] = 1
    words, seeds = ["make the mug navy", "red mug"], [3, 4]
    theirs = pipeline(source, region, words, seeds, num_inference_steps=3, guidance_scale=2.0)
    ours = edit_pictures(backbone, source, words, seeds, Settings(3, 2.0, blend=False), region)
    assert torch.allclose(ours, theirs, atol=1e-4)


@pytest.mark.parametrize("prediction", ["epsilon", "v_prediction"])
def test_a_step_is_ddims(prediction: str) -> None:
    scheduler = tiny.ddim(prediction)
    scheduler.set_timesteps(5)
    noisy, said = torch.randn(2, 2, 4, 8, 8, generator=torch.Generator().manual_seed(2)).unbind(0)
    theirs = scheduler.step(said, 599, noisy, eta=0.0).prev_sample
    signal = scheduler.alphas_cumprod[[599, 399]]
    now, then = [(a.sqrt().expand(2), (1 - a).sqrt().expand(2)) for a in signal]
    assert torch.allclose(step(Prediction(prediction), said, noisy, now, then), theirs, atol=1e-5)


def test_a_step_of_a_flow_is_eulers() -> None:
    noisy, velocity = torch.randn(2, 1, 4, 8, 8, generator=torch.Generator().manual_seed(2)).unbind(0)
    t, s = torch.tensor([0.7]), torch.tensor([0.45])
    ours = step(Prediction.FLOW, velocity, noisy, (1 - t, t), (1 - s, s))
    assert torch.allclose(ours, noisy + (s - t) * velocity, atol=1e-6)


class Oracle:
    """A network that knows the picture each text asks for, and finds the noise in whatever it is shown."""

    network = torch.nn.Identity()
    side = 16

    def __init__(self, prediction: Prediction) -> None:
        self.prediction = prediction

    def encode(self, rgb_B3HW: torch.Tensor) -> torch.Tensor:
        return rgb_B3HW * 2 - 1

    def decode(self, latent_BChw: torch.Tensor) -> torch.Tensor:
        return latent_BChw / 2 + 0.5

    def embed(self, texts: list[str]) -> Words:
        """ "x bright" asks for 0.9 everywhere, "x left" for 0.9 in the left half, anything else for 0.2."""
        pictures = torch.full((len(texts), 3, 16, 16), 0.2)
        for picture, text in zip(pictures, texts, strict=True):
            picture[..., : 8 if "left" in text else 16 if "bright" in text else 0] = 0.9
        return Words(self.encode(pictures).flatten(1)[:, None])

    def levels(self, t: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        t = t * 0.999
        return (1 - t, t) if self.prediction is Prediction.FLOW else ((1 - t**2).sqrt(), t)

    def predict(
        self, noisy: torch.Tensor, t: torch.Tensor, words: Words, condition: Condition | None = None
    ) -> torch.Tensor:
        clean, (alpha, sigma) = words.states_BTD.view_as(noisy), self.levels(t)
        noise = (noisy - alpha.view(-1, 1, 1, 1) * clean) / sigma.view(-1, 1, 1, 1)
        return target(self.prediction, clean, noise, alpha, sigma)


@pytest.fixture(params=list(Prediction))
def oracle(request: pytest.FixtureRequest) -> Backbone:
    return Oracle(request.param)  # type: ignore[return-value]


def test_a_network_that_knows_gets_there_and_the_rest_is_put_back(oracle: Backbone) -> None:
    source = torch.rand(2, 3, 16, 16, generator=torch.Generator().manual_seed(0))
    region = torch.zeros(2, 1, 16, 16)
    region[..., 4:12] = 1
    edited = edit_pictures(oracle, source, ["bright"] * 2, [1, 2], Settings(4, 1.0, 0.6), region)
    assert torch.allclose(edited[..., 4:12], torch.tensor(0.9), atol=1e-3)
    assert torch.allclose(edited[..., :4], source[..., :4], atol=1e-5)
    free = edit_pictures(oracle, source, ["bright"] * 2, [1, 2], Settings(4, 1.0, 0.6, blend=False), region)
    assert torch.allclose(free, torch.tensor(0.9), atol=1e-3)


def test_the_region_the_words_are_about_is_found(oracle: Backbone) -> None:
    source = torch.full((1, 3, 16, 16), 0.2)
    found = estimate_region(oracle, source, ["mug left"], ["mug"], [5], draws=2)
    assert found.shape == (1, 1, 16, 16) and set(found.unique().tolist()) == {0.0, 1.0}
    assert found[..., :8].all() and not found[..., 8:].any()
    assert not estimate_region(oracle, source, ["mug"], ["mug"], [5], draws=2).any()


@pytest.fixture(scope="module")
def small() -> Backbone:
    return StableDiffusion(tiny.seeded(tiny.stable_diffusion))


def test_a_row_is_the_same_alone_and_in_a_batch(small: Backbone) -> None:
    source = torch.rand(3, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    words, seeds, settings = ["navy mug", "red", "a sage wall"], [1, 2, 3], Settings(2, 3.0, 0.7)
    together = edit_pictures(small, source, words, seeds, settings)
    alone = edit_pictures(small, source[1:2], words[1:2], seeds[1:2], settings)
    assert torch.allclose(together[1:2], alone, atol=1e-4)
    other = edit_pictures(small, source[1:2], words[1:2], [9], settings)
    assert not torch.allclose(alone, other, atol=1e-3)


def test_less_strength_stays_nearer_to_the_source(small: Backbone) -> None:
    source = torch.rand(1, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    kept = small.decode(small.encode(source)).clamp(0, 1)
    little, much = (
        edit_pictures(small, source, ["navy mug"], [1], Settings(2, 1.0, strength))
        for strength in (0.05, 0.9)
    )
    assert (little - kept).abs().mean() < (much - kept).abs().mean()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"words": ["a"]}, "1 texts"),
        ({"region_B1HW": torch.ones(2, 1, 8, 8)}, "region is"),
        ({"source_B3HW": torch.ones(2, 3, 8, 8)}, "crop first"),
    ],
)
def test_what_does_not_fit_is_refused(small: Backbone, change: dict[str, Any], message: str) -> None:
    given: dict[str, Any] = {
        "source_B3HW": torch.ones(2, 3, 32, 32), "words": ["a", "b"], "seeds": [1, 2], "settings": Settings(1)
    }  # fmt: skip
    with pytest.raises(ValueError, match=message):
        edit_pictures(small, **(given | change))


@pytest.mark.parametrize("settings", [{"steps": 0}, {"strength": 0.0}, {"strength": 1.5}])
def test_settings_out_of_range_are_refused(settings: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="expected"):
        Settings(**settings)
