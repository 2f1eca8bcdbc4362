"""Weights at one byte each: 8-bit integers with one scale an output row.

    w ~ q s,   s = max|w| / 127 over a row,   q = round(w / s)

(symmetric per-channel quantisation, Krishnamoorthi 2018, arXiv 1806.08342, section 2.2). It is for the disk alone:
what is loaded is floating point again. Vectors and small matrices stay in half precision.
"""

from __future__ import annotations

from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

NAME = "weights-int8.safetensors"
SCALE = ".scale"
SMALLEST = 4096
"""Numbers a matrix must have to be stored as integers."""


def save_compact(state: dict[str, Tensor], folder: Path) -> None:
    """Write ``folder/weights-int8.safetensors``."""
    stored: dict[str, Tensor] = {}
    for name, value in state.items():
        if value.dim() == 2 and value.numel() >= SMALLEST:
            scale = value.detach().float().abs().amax(dim=1, keepdim=True).clamp_min(1e-12) / 127
            stored[name] = (value.detach().float() / scale).round().to(torch.int8)
            stored[name + SCALE] = scale.half() if bool((scale > 1e-6).all()) else scale
        else:
            stored[name] = value.detach().half()
    folder.mkdir(parents=True, exist_ok=True)
    save_file({name: value.contiguous() for name, value in stored.items()}, folder / NAME)


def load_compact(folder: Path) -> dict[str, Tensor]:
    """The weights as float32."""
    stored = load_file(folder / NAME)
    return {
        name: value.float() * stored[name + SCALE].float() if name + SCALE in stored else value.float()
        for name, value in stored.items()
        if not name.endswith(SCALE)
    }
