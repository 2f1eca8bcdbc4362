"""The training loop on a job of one parameter."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from editcore.training.checkpoint import NAME, OLD_NAME, read
from editcore.training.loop import Budget, Diverged, learning_rate, train


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
    train(job, tmp_path / "run", Budget(1e6, steps=40, workers=2, warmup_steps=1))
    first = json.loads(job.output.read_text())
    assert abs(first["weight"] - 3) < 0.3, "the averaged weight has reached the answer"
    assert (first["steps"], first["samples"]) == (40, 40 * 2 * 4)
    # A second run, here with one worker and a budget of time, goes on from the checkpoint.
    train(job, tmp_path / "run", Budget(first["seconds"] + 2.0, workers=1, warmup_steps=1))
    second = json.loads(job.output.read_text())
    assert second["steps"] > first["steps"]
    assert second["seconds"] >= first["seconds"] + 1
    assert second["samples"] - first["samples"] == 4 * (second["steps"] - first["steps"])


def test_steps_end_a_run_exactly_and_accumulation_takes_several_batches(tmp_path: Path) -> None:
    job = Parabola(tmp_path / "model.json", peak_lr=0.01)
    train(job, tmp_path / "run", Budget(1e6, steps=11, accumulate=3, workers=1))
    facts = json.loads(job.output.read_text())
    assert (facts["steps"], facts["samples"]) == (11, 11 * 3 * 4)
    train(job, tmp_path / "run", Budget(1e6, steps=11, accumulate=3, workers=1))
    assert json.loads(job.output.read_text())["steps"] == 11, "nothing left to do"
    train(job, tmp_path / "run", Budget(1e6, steps=20, accumulate=3, workers=1))
    assert json.loads(job.output.read_text())["steps"] == 20


class Half(nn.Module):
    """A frozen weight beside a trained one."""

    def __init__(self) -> None:
        super().__init__()
        self.frozen = nn.Parameter(torch.ones(1), requires_grad=False)
        self.trained = nn.Parameter(torch.zeros(1))


@dataclass(frozen=True)
class Parts(Parabola):
    """Names the parts of its loss, which is no number from step ``broken`` on."""

    broken: int = 10**9

    def build(self) -> nn.Module:
        return Half()

    def loss(self, module: nn.Module, batch: Tensor, share: float) -> dict[str, Tensor]:
        near = (module.trained * module.frozen - batch).square().mean()
        bad = float("nan") if share * 100 >= self.broken else 1.0
        return {"loss": 2 * near * bad, "near": near}

    def evaluate(self, module: nn.Module) -> dict[str, float]:
        return {"weight": module.trained.item()}


def test_checkpoints_hold_no_frozen_weight_and_the_log_has_the_parts(tmp_path: Path) -> None:
    train(Parts(tmp_path / "model.json"), tmp_path, Budget(1e6, steps=16, workers=1))
    state = read(tmp_path)
    assert state is not None and set(state.module) == {"trained"}
    assert set(state.optimizer[0]) == {"step", "exp_avg", "exp_avg_sq"}
    start, row = csv.DictReader((tmp_path / "log.csv").open())
    assert (start["step"], start["figures"]) == ("0", "weight=0"), "what training started from"
    figures = dict(part.split("=") for part in row["figures"].split())
    assert float(row["loss"]) == pytest.approx(2 * float(figures["near"]), rel=1e-3)
    assert float(figures["weight"]) == pytest.approx(state.ema[0].item(), rel=1e-3)


def test_a_loss_that_is_no_number_stops_the_run_and_spoils_nothing(tmp_path: Path) -> None:
    train(Parts(tmp_path / "model.json"), tmp_path, Budget(1e6, steps=8, workers=1))
    good = read(tmp_path)
    with pytest.raises(Diverged, match="found loss nan at step 56"):
        train(Parts(tmp_path / "model.json", broken=50), tmp_path, Budget(1e6, steps=100, workers=1))
    after = read(tmp_path)
    assert (
        good is not None
        and after is not None
        and torch.equal(good.module["trained"], after.module["trained"])
    )


def test_another_models_checkpoint_and_an_older_versions_are_refused(tmp_path: Path) -> None:
    train(Parabola(tmp_path / "model.json"), tmp_path, Budget(1e6, steps=8, workers=1))
    with pytest.raises(ValueError, match="of another model or adapter: 2 weights differ, first 'trained'"):
        train(Parts(tmp_path / "model.json"), tmp_path, Budget(1e6, steps=9, workers=1))
    (tmp_path / NAME).rename(tmp_path / OLD_NAME)
    with pytest.raises(ValueError, match=r"found .*checkpoint\.pt, which an older version wrote"):
        read(tmp_path)


KILLED = """
from pathlib import Path
import sys
import torch
from torch import nn
from editcore.training.loop import Budget, train

class Endless:
    peak_lr = 0.1
    def build(self): return nn.Linear(1, 1)
    def batches(self, rank, seed):
        while True: yield torch.ones(4, 1)
    def loss(self, module, batch, share): return module(batch).square().mean()
    def evaluate(self, module): return {}

if __name__ == "__main__":
    train(Endless(), Path(sys.argv[1]), Budget(600.0, workers=2))
"""


def test_workers_end_when_their_parent_is_killed(tmp_path: Path) -> None:
    (tmp_path / "killed.py").write_text(KILLED)
    parent = subprocess.Popen([sys.executable, tmp_path / "killed.py", tmp_path / "run"])
    try:
        _wait_for(lambda: (tmp_path / "run" / "log.csv").exists())
        workers = Path(f"/proc/{parent.pid}/task/{parent.pid}/children").read_text().split()
        assert len(workers) >= 2
    finally:
        parent.kill()
        parent.wait()
    _wait_for(lambda: not any(_runs(pid) for pid in workers))


def _runs(pid: str) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def _wait_for(happened: Callable[[], bool], seconds: float = 90) -> None:
    end = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.1)
