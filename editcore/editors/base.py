"""The contract every editing engine keeps: a batch of requests in, a batch of results out.

Arrays are numpy, H x W x 3 uint8 sRGB for pictures and H x W uint8 for regions (255 = may change,
0 = must not). Whatever the engine does inside, ``result.image[region == 0]`` equals the source, bit for bit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

import numpy as np

Target = Literal["product", "background", "region"]


@dataclass(frozen=True)
class Exemplar:
    """One picture before and after an edit, which other pictures are to follow."""

    before: np.ndarray
    """(H, W, 3) uint8 sRGB."""
    after: np.ndarray
    """The same size."""
    before_alpha: np.ndarray
    """Soft matte of the product in ``before``, (H, W) uint8, 255 = inside."""
    after_alpha: np.ndarray
    """The same in ``after``."""
    key: str
    """Digest of both pictures: what is computed from the pair is kept under it."""


@dataclass(frozen=True)
class EditRequest:
    """One picture and what to do with it."""

    row_id: str
    """Identity of the row; the seed comes from it (``seed_of``)."""
    image: np.ndarray
    """Source, (H, W, 3) uint8 sRGB."""
    alpha: np.ndarray
    """Soft matte of the product (or of the named region for target ``region``), (H, W) uint8, 255 = inside."""
    words: str
    """The instruction as the merchandiser wrote it."""
    target: Target
    """``product``/``region``: change what ``alpha`` covers. ``background``: change everything else."""
    seed: int
    """Seed of the CPU generator for this row's noise, from the row's identity."""
    strength: float = 1.0
    """How far to go, (0, 1]; 1 is the instruction in full."""
    exemplars: tuple[Exemplar, ...] = ()
    """Pairs to follow, for engines that learn by looking; several are several changes, all to be made."""


@dataclass(frozen=True)
class EditResult:
    """The edited picture with what is needed to judge and explain it."""

    image: np.ndarray
    """Composite at the source's size, (H, W, 3) uint8."""
    region: np.ndarray
    """Where pixels were allowed to change, (H, W) uint8, 0 = bit-identical to the source."""
    raw: np.ndarray | None
    """The model's own output for the crop, before composition, (h, w, 3) uint8; None if not kept."""
    crop: tuple[int, int, int, int]
    """(left, top, right, bottom) of the crop the model saw, in source pixels; may reach outside the picture."""
    warnings: tuple[str, ...] = ()
    """Plain sentences for the user, e.g. words the model never saw."""
    notes: dict[str, float | str] = field(default_factory=dict)
    """Columns for the manifest: e.g. ``raw_chroma_error``, ``anchored``, ``steps``."""


class Editor(Protocol):
    """An engine. ``identity`` names model weights and settings, and enters the night's fingerprint.

    An engine may also offer ``offload() -> bool``, called when a single row runs out of memory: leave the device's
    memory part by part from now on; False where it cannot or already did. And ``figures``, running counts by name."""

    identity: dict[str, str]
    batch_size: int

    def edit(self, requests: Sequence[EditRequest]) -> list[EditResult]:
        """Edit the batch; results in the order of the requests."""
        ...
