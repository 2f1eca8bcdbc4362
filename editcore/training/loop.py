"""One training loop for every model: budgeted, resumable, on a few CPU processes or one GPU.

Method: local SGD. Each worker is one process with one thread (two threads in one process made the backward
pass of small convolutions several times slower) and takes its own AdamW steps; every ``SYNC_STEPS`` steps the
weights are averaged over gloo. One worker runs in the calling process, which is how a GPU is used: the job puts
its module there. The learning rate follows the *elapsed share* of the budget, so a run on a busy machine still
ends with the small steps that a good result needs. An exponential moving average of the averaged weights is what
gets saved. Frozen parameters are neither averaged nor kept in checkpoints.

Covered: kill at any moment (the checkpoint is replaced in one move; a rerun goes on at the same elapsed share).
Not covered: bit-identical results, since how many steps fit into the budget depends on the machine.
"""

from __future__ import annotations

import csv
import math
import multiprocessing
import os
import time
from collections.abc import Iterator
from dataclasses import KW_ONLY, dataclass
from pathlib import Path
from typing import Any, Protocol

import torch
import torch.distributed as dist
import torch.multiprocessing as mp
from torch import Tensor, nn

from editcore.training.checkpoint import State, read, write

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

    def loss(self, module: nn.Module, batch: Any, share: float) -> Tensor | dict[str, Tensor]:
        """Scalar loss at the elapsed ``share`` of the budget, [0, 1]; or named parts of it for the log, with what
        is to be minimised under ``loss``."""
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
    _: KW_ONLY
    steps: int | None = None
    """Stop after as many optimiser steps of a worker if that comes first."""
    accumulate: int = 1
    """Batches whose gradients are averaged into one step."""
    workers: int = 2
    seed: int = 0
    warmup_steps: int = 60
    evaluate_every: float = 300.0
    """Seconds between evaluations."""

    def share(self, seconds: float, steps: int) -> float:
        """How much of the budget is spent, [0, 1] and a little above."""
        return max(seconds / self.seconds, steps / self.steps if self.steps else 0.0)


class Diverged(RuntimeError):  # noqa: N818 - says what happened
    """The loss is not a number any more; the last checkpoint is from before."""


def learning_rate(peak: float, share: float, step: int, warmup_steps: int) -> float:
    """Linear warm-up by steps, constant to half of the budget, then linear to 2 % of the peak."""
    decay = 1.0 if share < 0.5 else max(0.02, (1.0 - share) / 0.5)
    return peak * min(1.0, (step + 1) / warmup_steps) * decay


def train(job: Job, folder: Path, budget: Budget) -> None:
    """Train ``job`` until its budget is spent; checkpoints and ``log.csv`` go to ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    if budget.workers == 1:
        threads = torch.get_num_threads()
        torch.set_num_threads(1)
        try:
            return _Worker(0, job, folder, budget).run()
        finally:
            torch.set_num_threads(threads)
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
        if state := read(folder):
            state.restore(self.module, self.optimizer)
            self.ema = [mean.to(p) for mean, p in zip(state.ema, self.params, strict=True)]
            self.step, self.elapsed, self.samples = state.step, state.elapsed, state.samples
        torch.manual_seed(budget.seed + 1000 * (rank + 1) + self.step)

    def run(self) -> None:
        last = {"log": self.elapsed, "checkpoint": self.elapsed, "evaluate": self.elapsed}
        losses: list[dict[str, float]] = []
        batches = self.job.batches(self.rank, self.budget.seed + self.step)
        clock = time.monotonic()
        share = self.budget.share(self.elapsed, self.step)
        figures: dict[str, float] = {}
        if self.rank == 0 and not self.step:
            self._log({}, share, self._with_ema(self.job.evaluate))  # what training starts from
        while share < 1.0:
            losses.append(self._step(batches, share))
            if self.step % SYNC_STEPS and self.step != self.budget.steps:
                continue
            if _orphaned():
                raise SystemExit("the training's own process is gone; run it again to go on")
            now = time.monotonic()
            self.elapsed, clock = self.elapsed + now - clock, now
            self._average()
            share = self.budget.share(self.elapsed, self.step)
            if self.rank != 0:
                continue
            due = {name for name, every in self._intervals() if self.elapsed - last[name] >= every}
            last.update(dict.fromkeys(due, self.elapsed))
            if "evaluate" in due:
                figures = self._with_ema(self.job.evaluate)
            if "log" in due:
                self._log(_means(losses), share, figures)
                losses, figures = [], {}
            if "checkpoint" in due:
                self._save_checkpoint()
        if self.rank == 0:
            self._save_checkpoint()
            figures = self._with_ema(self.job.evaluate)
            facts = {"steps": self.step, "samples": self.samples, "seconds": round(self.elapsed), **figures}
            self._log(_means(losses), share, figures)
            self._with_ema(lambda module: self.job.save(module, facts))
        if self.budget.workers > 1:
            dist.barrier()

    def _intervals(self) -> list[tuple[str, float]]:
        return [
            ("log", LOG_SECONDS),
            ("checkpoint", CHECKPOINT_SECONDS),
            ("evaluate", self.budget.evaluate_every),
        ]

    def _step(self, batches: Iterator[Any], share: float) -> dict[str, float]:
        rate = learning_rate(self.job.peak_lr, share, self.step, self.budget.warmup_steps)
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        self.optimizer.zero_grad(set_to_none=True)
        means = _means([self._gradient(next(batches), share) for _ in range(self.budget.accumulate)])
        if not math.isfinite(means["loss"]):
            raise Diverged(
                f"found loss {means['loss']} at step {self.step}, expected a number; the last checkpoint is from "
                "before: run again with a lower learning rate"
            )
        nn.utils.clip_grad_norm_(self.params, 1.0)
        self.optimizer.step()
        self.step += 1
        return means

    def _gradient(self, batch: Any, share: float) -> dict[str, float]:
        """Add the gradient of one batch; the losses by name."""
        answer = self.job.loss(self.module, batch, share)
        parts = answer if isinstance(answer, dict) else {"loss": answer}
        (parts["loss"] / self.budget.accumulate).backward()
        self.samples += self.budget.workers * _batch_size(batch)
        return {name: part.item() for name, part in parts.items()}

    @torch.no_grad()
    def _average(self) -> None:
        """Average weights (and take rank 0's clock) over the workers, then move the EMA."""
        if self.budget.workers > 1:
            clock = torch.tensor([self.elapsed if self.rank == 0 else 0.0], dtype=torch.float64)
            dist.all_reduce(clock)
            self.elapsed = clock.item()
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
        ema = [mean.detach() for mean in self.ema]
        state = State.of(self.module, self.optimizer, ema, self.step, self.elapsed, self.samples)
        write(self.folder, state)

    def _log(self, losses: dict[str, float], share: float, figures: dict[str, float]) -> None:
        loss = losses.pop("loss", math.nan)
        figures = {**losses, **figures}
        row = {
            "seconds": round(self.elapsed),
            "step": self.step,
            "samples": self.samples,
            "loss": round(loss, 5),
        }
        text = " ".join(f"{k}={v:.4g}" for k, v in figures.items())
        print(f"{share:6.1%} {row['seconds']} s step {self.step} loss {loss:.4f} {text}", flush=True)
        path = self.folder / "log.csv"
        new = not path.exists()
        with path.open("a", newline="") as f:
            writer = csv.writer(f)
            if new:
                writer.writerow([*row, "figures"])
            writer.writerow([*row.values(), text])


def _orphaned() -> bool:
    """Whether this is a worker whose parent was killed: it would go on training, and writing, unseen."""
    parent = multiprocessing.parent_process()
    return parent is not None and not parent.is_alive()


def _means(rows: list[dict[str, float]]) -> dict[str, float]:
    """Mean of each name over the rows that have it."""
    names = dict.fromkeys(name for row in rows for name in row)
    having = {name: [row[name] for row in rows if name in row] for name in names}
    return {name: sum(values) / len(values) for name, values in having.items()}


def _batch_size(batch: Any) -> int:
    first = batch[0] if isinstance(batch, tuple | list) else batch
    return len(first) if isinstance(first, Tensor) else len(batch)
