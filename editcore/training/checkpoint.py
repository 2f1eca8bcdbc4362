"""What a killed training run goes on from: one safetensors file, replaced in one move.

Keys: ``module/<name>`` (everything but frozen parameters), ``ema/<number>`` and ``optimizer/<number>/<name>``,
numbered in the order of the trained parameters. The counters stand in the file's metadata. No pickle, so a run
folder from elsewhere cannot run code.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

NAME = "checkpoint.safetensors"
OLD_NAME = "checkpoint.pt"


@dataclass(frozen=True)
class State:
    """Weights, optimizer, moving average and how far the run has come."""

    module: dict[str, Tensor]
    optimizer: dict[int, dict[str, Tensor]]
    """Moments and step counter by number; a parameter that never had a gradient has none."""
    ema: list[Tensor]
    step: int
    elapsed: float
    """Seconds of training."""
    samples: int

    @classmethod
    def of(
        cls, module: nn.Module, optimizer: torch.optim.Optimizer, ema: list[Tensor],
        step: int, elapsed: float, samples: int,
    ) -> State:  # fmt: skip
        """The state of a run as it is now; shares its tensors."""
        frozen = {name for name, p in module.named_parameters() if not p.requires_grad}
        weights = {name: value for name, value in module.state_dict().items() if name not in frozen}
        return cls(weights, optimizer.state_dict()["state"], ema, step, elapsed, samples)

    def restore(self, module: nn.Module, optimizer: torch.optim.Optimizer) -> None:
        """Put weights and moments into place. ValueError if they belong to another module."""
        expected = State.of(module, optimizer, [], 0, 0.0, 0).module
        shapes = {name: tuple(value.shape) for name, value in expected.items()}
        found = {name: tuple(value.shape) for name, value in self.module.items()}
        if shapes != found:
            differing = sorted(k for k in shapes | found if shapes.get(k) != found.get(k))
            raise ValueError(
                f"the checkpoint is of another model or adapter: {len(differing)} weights differ, first "
                f"{differing[0]!r}; give this run another folder, or delete its checkpoint to start anew"
            )
        module.load_state_dict(self.module, strict=False)
        groups = optimizer.state_dict()["param_groups"]
        optimizer.load_state_dict({"state": self.optimizer, "param_groups": groups})


def write(folder: Path, state: State) -> None:
    """Replace the checkpoint in ``folder``."""
    tensors = {f"module/{name}": value for name, value in state.module.items()}
    tensors |= {f"ema/{i}": value for i, value in enumerate(state.ema)}
    for i, moments in state.optimizer.items():
        tensors |= {f"optimizer/{i}/{name}": value for name, value in moments.items()}
    counters = {"step": state.step, "elapsed": state.elapsed, "samples": state.samples}
    part = folder / f"{NAME}.part"
    # Clones: tied weights share memory, which the format refuses.
    save_file(
        {key: value.detach().cpu().clone(memory_format=torch.contiguous_format) for key, value in tensors.items()},
        str(part), metadata={"counters": json.dumps(counters)},
    )  # fmt: skip
    part.replace(folder / NAME)


def read(folder: Path) -> State | None:
    """The checkpoint in ``folder``; None if there is none yet. ValueError if it is one of an older version."""
    path = folder / NAME
    if not path.exists():
        if (folder / OLD_NAME).exists():
            raise ValueError(
                f"found {folder / OLD_NAME}, which an older version wrote, expected {NAME}; "
                "finish the run with that version, or delete the file to start anew"
            )
        return None
    with safe_open(str(path), "pt") as stored:
        counters = json.loads(stored.metadata()["counters"])
        tensors = {key: stored.get_tensor(key) for key in stored.keys()}  # noqa: SIM118 - not a dict
    module = {
        key.removeprefix("module/"): value for key, value in tensors.items() if key.startswith("module/")
    }
    ema = [tensors[f"ema/{i}"] for i in range(sum(key.startswith("ema/") for key in tensors))]
    optimizer: dict[int, dict[str, Tensor]] = {}
    for key, value in tensors.items():
        if key.startswith("optimizer/"):
            _, number, name = key.split("/")
            optimizer.setdefault(int(number), {})[name] = value
    return State(module, optimizer, ema, **counters)
