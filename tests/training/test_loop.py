"""The training loop on a job of one parameter."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from editcore.training.loop import Budget, learning_rate, train


@dataclass(frozen=True)
class Parabola:
    """Finds 3 from 0; every batch is 4 copies of the answer."""

    output: Path
    peak_lr: float = 0.3

    def build(self) -> nn.Module:
        module = nn.Linear(1, 1, bias=False)
        nn.init.zeros_(module.weight)
        return module

    def batches(self, rank: int, seed: int) -> Iterator[Tensor]:
        while True:
            yield torch.full((4, 1), 3.0)

    def loss(self, module: nn.Module, batch: Tensor, share: float) -> Tensor:
        return (module(torch.ones_like(batch)) - batch).square().mean()

    def evaluate(self, module: nn.Module) -> dict[str, float]:
        return {"weight": module.weight.item()}

    def save(self, module: nn.Module, facts: dict[str, Any]) -> None:
        self.output.write_text(json.dumps(facts))


@pytest.mark.parametrize(
    ("share", "step", "expected"),
    [(0.0, 0, 1 / 60), (0.0, 59, 1.0), (0.3, 500, 1.0), (0.75, 500, 0.5), (1.0, 500, 0.02)],
)
def test_the_learning_rate_follows_the_elapsed_share(share: float, step: int, expected: float) -> None:
    assert learning_rate(1.0, share, step, 60) == pytest.approx(expected)


def test_it_trains_saves_and_resumes_at_the_same_share(tmp_path: Path) -> None:
    job = Parabola(tmp_path / "model.json")
    train(job, tmp_path / "run", Budget(3.0, workers=1, warmup_steps=1))
    first = json.loads(job.output.read_text())
    assert abs(first["weight"] - 3) < 0.3, "the averaged weight has reached the answer"
    # A second run with a larger budget goes on from the checkpoint instead of starting anew.
    train(job, tmp_path / "run", Budget(4.0, workers=1, warmup_steps=1))
    second = json.loads(job.output.read_text())
    assert second["steps"] > first["steps"]
    assert 4 <= second["seconds"] <= 8
    assert second["samples"] == 4 * second["steps"]
