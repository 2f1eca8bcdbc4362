"""Charts that lay flat patterns and texture tiles on to objects, and the patterns themselves."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor

from editcore.studio.vocabulary import PATTERNS

ROUND_KINDS = frozenset(
    [
        "mug",
        "bowl",
        "vase",
        "bottle",
        "jar",
        "teapot",
        "lamp",
        "candle",
        "ball",
        "hat",
        "plate",
        "glass",
        "planter",
        "kettle",
        "pot",
        "pan",
        "bucket",
        "ornament",
    ]
)
"""Kinds that patterns go around; on the others they lie on flat sides."""

GIRTH = 3.0
"""Chart units around a round object; repeats divide it so that no seam shows."""

Inks = tuple[Tensor, Tensor]
"""Shares (N) of the second and of the accent colour."""


def chart(kind: str, position_N3: Tensor, normal_N3: Tensor) -> Tensor:
    """Surface coordinates (N, 2) in object units (u around or right, v up) from object-space geometry."""
    x, y, z = position_N3.unbind(1)
    nx, ny, nz = normal_N3.abs().unbind(1)
    if kind in ROUND_KINDS:
        flat = ny > 0.85 if kind != "ball" else torch.zeros_like(ny, dtype=torch.bool)
        around = torch.atan2(x, z) * (GIRTH / (2 * math.pi))
        return torch.stack([torch.where(flat, x, around), torch.where(flat, z, y)], 1)
    top, side = ny > torch.maximum(nx, nz), nx > nz
    return torch.stack([torch.where(side & ~top, z, x), torch.where(top, z, y)], 1)


def inks(pattern: str, uv_N2: Tensor, height_N: Tensor, pixel: float, repeats: float) -> Inks:
    """Shares of the second and the accent colour under ``pattern``.

    height_N: 0 at the object's foot, 1 at its top; pixel: size of a pixel in object units (edges are that
    soft); repeats: per object unit.
    """
    if pattern not in _PATTERN_TABLE:
        raise ValueError(f"unknown pattern {pattern!r}; expected one of {', '.join(PATTERNS)}")
    repeats = max(1, round(repeats * GIRTH)) / GIRTH
    return _PATTERN_TABLE[pattern](uv_N2[:, 0] * repeats, uv_N2[:, 1] * repeats, height_N, pixel * repeats)


def _step(x: Tensor, soft: float) -> Tensor:
    """1 where x > 0, with an edge of width ``soft``."""
    return (x / soft + 0.5).clamp(0, 1)


def _bands(x: Tensor, soft: float, share: float = 0.5) -> Tensor:
    """1 in the middle ``share`` of every unit interval."""
    return _step(share / 2 - (x - x.floor() - 0.5).abs(), soft)


def _cell(u: Tensor, v: Tensor) -> tuple[Tensor, Tensor]:
    """Coordinates from the centre of staggered unit cells."""
    row = v.floor()
    return (u + 0.5 * (row % 2)) % 1 - 0.5, v - row - 0.5


def _striped(u: Tensor, v: Tensor, height: Tensor, soft: float) -> Inks:
    return _bands(v, soft), torch.zeros_like(u)


def _vertical(u: Tensor, v: Tensor, height: Tensor, soft: float) -> Inks:
    return _bands(u, soft), torch.zeros_like(u)


def _dots(u: Tensor, v: Tensor, height: Tensor, soft: float) -> Inks:
    x, y = _cell(u, v)
    return _step(0.29 - torch.hypot(x, y), soft), torch.zeros_like(u)


def _checked(u: Tensor, v: Tensor, height: Tensor, soft: float) -> Inks:
    return 0.5 * _bands(u, soft) + 0.5 * _bands(v, soft), torch.zeros_like(u)


def _plaid(u: Tensor, v: Tensor, height: Tensor, soft: float) -> Inks:
    u, v, soft = u * 0.75, v * 0.75, soft * 0.75
    wide = 0.5 * _bands(u, soft, 0.46) + 0.5 * _bands(v, soft, 0.46)
    line = torch.maximum(_bands(u + 0.5, soft, 0.09), _bands(v + 0.5, soft, 0.09))
    return wide * (1 - line), line * 0.9


def _two_tone(u: Tensor, v: Tensor, height: Tensor, soft: float) -> Inks:
    return _step(height - 0.48, max(soft * 0.3, 0.01)), torch.zeros_like(u)


def _floral(u: Tensor, v: Tensor, height: Tensor, soft: float) -> Inks:
    x, y = _cell(u * 0.8, v * 0.8)
    turn = 2.4 * ((u * 0.8 + 0.5 * ((v * 0.8).floor() % 2)).floor() + 3 * (v * 0.8).floor())
    radius, angle = torch.hypot(x, y), torch.atan2(y, x) + turn
    petals = _step(0.2 + 0.16 * torch.cos(5 * angle) - radius, soft)
    heart = _step(0.1 - radius, soft)
    return petals * (1 - heart), heart


def _zigzag(u: Tensor, v: Tensor, height: Tensor, soft: float) -> Inks:
    return _bands(v + 0.9 * (u % 1 - 0.5).abs(), soft * 1.4), torch.zeros_like(u)


def _herringbone(u: Tensor, v: Tensor, height: Tensor, soft: float) -> Inks:
    side = ((u * 2).floor() % 2) * 2 - 1
    return _bands(v * 2 + side * u * 2, soft * 2.8), torch.zeros_like(u)


def _plain(u: Tensor, v: Tensor, height: Tensor, soft: float) -> Inks:
    return torch.zeros_like(u), torch.zeros_like(u)


_PATTERN_TABLE: dict[str, Callable[[Tensor, Tensor, Tensor, float], Inks]] = {
    "plain": _plain,
    "striped": _striped,
    "vertical striped": _vertical,
    "polka dot": _dots,
    "checked": _checked,
    "plaid": _plaid,
    "two-tone": _two_tone,
    "floral": _floral,
    "zigzag": _zigzag,
    "herringbone": _herringbone,
}

assert set(_PATTERN_TABLE) == set(PATTERNS), set(_PATTERN_TABLE) ^ set(PATTERNS)
