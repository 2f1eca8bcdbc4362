"""One training loop for every bundled model: time-budgeted, resumable, on a few CPU processes.

Method: local SGD. Each worker is one process with one thread (two threads in one process made the backward
pass of small convolutions several times slower) and takes its own AdamW steps; every ``SYNC_STEPS`` steps the
weights are averaged over gloo. The learning rate follows the *elapsed share* of the time budget, so a run on a
busy machine still ends with the small steps that a good result needs. An exponential moving average of the
averaged weights is what gets saved.

Covered: kill at any moment (``checkpoint.pt`` is replaced in one move; a rerun goes on at the same elapsed
share). Not covered: bit-identical results, since how many steps fit into the budget depends on the machine.
"""

from __future__ import annotations

import csv
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import torch
import torch.distributed as dist
import torch.multiprocessing as mp
from torch import Tensor, nn

SYNC_STEPS = 8
LOG_SECONDS = 60.0
CHECKPOINT_SECONDS = 180.0


class Job(Protocol):
    """What is trained. It is pickled into each worker, so it holds paths and numbers, not tensors."""

    @property
    def peak_lr(self) -> float:
        """Highest learning rate."""
        ...

    def build(self) -> nn.Module:
        """The module to train; its parameters are what is averaged and saved."""
        ...

    def batches(self, rank: int, seed: int) -> Iterator[Any]:
        """An endless stream of batches, different per rank and seed."""
        ...

    def loss(self, module: nn.Module, batch: Any, share: float) -> Tensor:
        """Scalar loss at the elapsed ``share`` of the budget, [0, 1]."""
        ...

    def evaluate(self, module: nn.Module) -> dict[str, float]:
        """Figures on held-out data, with the averaged weights."""
        ...

    def save(self, module: nn.Module, facts: dict[str, Any]) -> None:
        """Write the finished model; ``facts`` are steps, samples, seconds and the last evaluation."""
        ...


@dataclass(frozen=True)
class Budget:
    """How long, on how many workers, from which seed."""

    seconds: float
    """Wall-clock training time in all, over all resumes."""
    workers: int = 2
    seed: int = 0
    warmup_steps: int = 60
    evaluate_every: float = 300.0
    """Seconds between evaluations."""


def learning_rate(peak: float, share: float, step: int, warmup_steps: int) -> float:
    """Linear warm-up by steps, constant to half of the budget, then linear to 2 % of the peak."""
    decay = 1.0 if share < 0.5 else max(0.02, (1.0 - share) / 0.5)
    return peak * min(1.0, (step + 1) / warmup_steps) * decay


def train(job: Job, folder: Path, budget: Budget) -> None:
    """Train ``job`` until its budget is spent; checkpoints and ``log.csv`` go to ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    os.environ.setdefault("GOMP_SPINCOUNT", "0")
    rendezvous = folder / f"rendezvous-{os.getpid()}"
    try:
        mp.start_processes(
            _worker, (job, folder, budget, str(rendezvous)), nprocs=budget.workers, start_method="spawn"
        )
    finally:
        rendezvous.unlink(missing_ok=True)


def _worker(rank: int, job: Job, folder: Path, budget: Budget, rendezvous: str) -> None:
    torch.set_num_threads(1)
    dist.init_process_group("gloo", init_method=f"file://{rendezvous}", rank=rank, world_size=budget.workers)
    try:
        _Worker(rank, job, folder, budget).run()
    finally:
        dist.destroy_process_group()


class _Worker:
    def __init__(self, rank: int, job: Job, folder: Path, budget: Budget) -> None:
        self.rank, self.job, self.folder, self.budget = rank, job, folder, budget
        torch.manual_seed(budget.seed)
        self.module = job.build()
        self.params: list[Tensor] = [p for p in self.module.parameters() if p.requires_grad]
        self.optimizer = torch.optim.AdamW(self.params, lr=job.peak_lr, betas=(0.9, 0.98), weight_decay=0.01)
        self.step, self.elapsed, self.samples = 0, 0.0, 0
        self.ema = [p.detach().clone() for p in self.params]
        self._resume()
        torch.manual_seed(budget.seed + 1000 * (rank + 1) + self.step)

    @property
    def checkpoint(self) -> Path:
        return self.folder / "checkpoint.pt"

    def _resume(self) -> None:
        if not self.checkpoint.exists():
            return
        state = torch.load(self.checkpoint, weights_only=True)  # our own file
        self.module.load_state_dict(state["module"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.ema = list(state["ema"])
        self.step, self.elapsed, self.samples = state["step"], state["elapsed"], state["samples"]

    def run(self) -> None:
        last = {"log": self.elapsed, "checkpoint": self.elapsed, "evaluate": self.elapsed}
        losses: list[float] = []
        batches = self.job.batches(self.rank, self.budget.seed + self.step)
        clock = time.monotonic()
        share = self.elapsed / self.budget.seconds
        figures: dict[str, float] = {}
        while share < 1.0:
            losses.append(self._step(next(batches), share))
            if self.step % SYNC_STEPS:
                continue
            now = time.monotonic()
            self.elapsed, clock = self.elapsed + now - clock, now
            self._average()
            share = self.elapsed / self.budget.seconds
            if self.rank != 0:
                continue
            due = {name for name, every in self._intervals() if self.elapsed - last[name] >= every}
            last.update(dict.fromkeys(due, self.elapsed))
            if "evaluate" in due:
                figures = self._with_ema(self.job.evaluate)
            if "log" in due:
                self._log(sum(losses) / len(losses), share, figures)
                losses, figures = [], {}
            if "checkpoint" in due:
                self._save_checkpoint()
        if self.rank == 0:
            self._save_checkpoint()
            figures = self._with_ema(self.job.evaluate)
            facts = {"steps": self.step, "samples": self.samples, "seconds": round(self.elapsed), **figures}
            self._log(sum(losses) / max(1, len(losses)), share, figures)
            self._with_ema(lambda module: self.job.save(module, facts))
        dist.barrier()

    def _intervals(self) -> list[tuple[str, float]]:
        return [
            ("log", LOG_SECONDS),
            ("checkpoint", CHECKPOINT_SECONDS),
            ("evaluate", self.budget.evaluate_every),
        ]

    def _step(self, batch: Any, share: float) -> float:
        rate = learning_rate(self.job.peak_lr, share, self.step, self.budget.warmup_steps)
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        loss = self.job.loss(self.module, batch, share)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(self.params, 1.0)
        self.optimizer.step()
        self.step += 1
        self.samples += self.budget.workers * _batch_size(batch)
        return loss.item()

    @torch.no_grad()
    def _average(self) -> None:
        """Average weights (and take rank 0's clock) over the workers, then move the EMA."""
        clock = torch.tensor([self.elapsed if self.rank == 0 else 0.0], dtype=torch.float64)
        dist.all_reduce(clock)
        self.elapsed = clock.item()
        if self.budget.workers > 1:
            flat = torch.cat([p.reshape(-1) for p in self.params])
            dist.all_reduce(flat)
            flat /= self.budget.workers
            for p, mean in zip(self.params, flat.split([p.numel() for p in self.params]), strict=True):
                p.copy_(mean.view_as(p))
        decay = min(0.985, 1.0 - 10.0 / (self.step / SYNC_STEPS + 12.0))
        torch._foreach_lerp_(self.ema, self.params, 1.0 - decay)

    def _with_ema(self, call: Any) -> Any:
        with torch.no_grad():
            kept = [p.detach().clone() for p in self.params]
            torch._foreach_copy_(self.params, self.ema)
            self.module.eval()
            try:
                return call(self.module)
            finally:
                self.module.train()
                torch._foreach_copy_(self.params, kept)

    def _save_checkpoint(self) -> None:
        state = {
            "module": self.module.state_dict(), "optimizer": self.optimizer.state_dict(), "ema": self.ema,
            "step": self.step, "elapsed": self.elapsed, "samples": self.samples,
        }  # fmt: skip
        part = self.checkpoint.with_suffix(".part")
        torch.save(state, part)
        part.replace(self.checkpoint)

    def _log(self, loss: float, share: float, figures: dict[str, float]) -> None:
        row = {
            "seconds": round(self.elapsed),
            "step": self.step,
            "samples": self.samples,
            "loss": round(loss, 5),
        }
        text = " ".join(f"{k}={v:.3f}" for k, v in figures.items())
        print(f"{share:6.1%} {row['seconds']} s step {self.step} loss {loss:.4f} {text}", flush=True)
        path = self.folder / "log.csv"
        new = not path.exists()
        with path.open("a", newline="") as f:
            writer = csv.writer(f)
            if new:
                writer.writerow([*row, "figures"])
            writer.writerow([*row.values(), text])


def _batch_size(batch: Any) -> int:
    first = batch[0] if isinstance(batch, tuple | list) else batch
    return len(first)
