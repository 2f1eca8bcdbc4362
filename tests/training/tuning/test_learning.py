"""Weak supervision does what it is for: the target inside the region, the source outside."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import torch
from torch import Tensor, nn

from editcore.editors.backbones import Condition, Prediction, Words
from editcore.editors.backbones.process import clean_estimate
from editcore.training.losses.masked import region_mean
from editcore.training.pairs import Pair, PairStore
from editcore.training.tuning.config import TuningConfig
from editcore.training.tuning.model import Tuned
from editcore.training.tuning.starts import draw, noisy_latent

VOCABULARY = ("red", "green", "blue", "pink")


class Flow:
    """A rectified flow on pictures shrunk four times, told the colour, the source and the region."""

    prediction, side = Prediction.FLOW, 32

    def __init__(self) -> None:
        torch.manual_seed(0)
        layers = [
            nn.Conv2d(3 + 3 + 1 + 4 + 1, 48, 1),
            nn.SiLU(),
            nn.Conv2d(48, 48, 1),
            nn.SiLU(),
            nn.Conv2d(48, 3, 1),
        ]
        self.network: nn.Module = nn.Sequential(*layers)

    def encode(self, rgb_B3HW: Tensor) -> Tensor:
        return nn.functional.avg_pool2d(rgb_B3HW, 4) * 4 - 2

    def decode(self, latent_BChw: Tensor) -> Tensor:
        return nn.functional.interpolate((latent_BChw + 2) / 4, scale_factor=4.0)

    def embed(self, texts: Sequence[str]) -> Words:
        return Words(torch.tensor([[[float(word in text) for word in VOCABULARY]] for text in texts]))

    def levels(self, t_B: Tensor) -> tuple[Tensor, Tensor]:
        return 1 - t_B, t_B

    def predict(
        self, noisy_BChw: Tensor, t_B: Tensor, words: Words, condition: Condition | None = None
    ) -> Tensor:
        assert (
            condition is not None and condition.source_BChw is not None and condition.region_B1hw is not None
        )
        flat = torch.cat([words.states_BTD[:, 0], t_B[:, None]], dim=1)[..., None, None]
        plane = flat.expand(*flat.shape[:2], *noisy_BChw.shape[-2:])
        return self.network(
            torch.cat([noisy_BChw, condition.source_BChw, condition.region_B1hw, plane], dim=1)
        )


def epochs(pairs: Sequence[Pair]) -> Iterator[list[Pair]]:
    while True:
        yield [pairs[i] for i in torch.randperm(len(pairs))[:12].tolist()]


@torch.no_grad()
def errors(module: Tuned, pairs: Sequence[Pair]) -> tuple[float, float]:
    """Mean squared error of the estimate: inside to the target's own colour, outside to the source."""
    encoded, config = module.latents(pairs, module.device), module.config
    generator = torch.Generator().manual_seed(1)
    chance = draw(encoded.source_BChw.shape, config.starts, config.times, 0.0, generator)
    noisy = noisy_latent(module.backbone, encoded.source_BChw, encoded.target_BChw, chance)
    words = module.backbone.embed([pair.edit_prompt for pair in pairs])
    condition = Condition(encoded.source_BChw, encoded.told_B1hw)
    said = module.backbone.predict(noisy, chance.t_B, words, condition)
    estimate = clean_estimate(Prediction.FLOW, said, noisy, *module.backbone.levels(chance.t_B))
    inside = (encoded.region_B1hw == 1).float()
    outside = (encoded.region_B1hw == 0).float()
    return (
        region_mean((estimate - encoded.target_BChw).square(), inside).mean().item(),
        region_mean((estimate - encoded.source_BChw).square(), outside).mean().item(),
    )


def test_the_estimate_goes_to_the_target_inside_and_stays_with_the_source_outside(pairs: Path) -> None:
    config = TuningConfig(
        model=Path("m"), pairs=pairs, output=Path("o"), method="full", gradient_checkpointing=False,
        precision="fp32", no_words=0.0,
    )  # fmt: skip
    module, found = Tuned(Flow(), config), list(PairStore(str(pairs)))
    held_out, trained = found[:6], found[6:]
    before = errors(module, held_out)
    optimizer = torch.optim.AdamW(module.parameters(), lr=5e-3)
    stream = epochs(trained)
    for _ in range(400):
        optimizer.zero_grad()
        module.losses(next(stream))["loss"].backward()
        optimizer.step()
    after = errors(module, held_out)
    print(f"inside {before[0]:.3f} -> {after[0]:.3f}, outside {before[1]:.3f} -> {after[1]:.3f}")
    assert after[0] < before[0] / 5 and after[1] < before[1] / 5
