"""Scores of an edit: columns, no verdict. What each column means stands in ``columns``.

scorer = Scorer()                                   # models are loaded here, once
rows = scorer.score([ScoreRequest(before, after, region, alpha, "make it navy", "product")])
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from editcore.editors.base import Target
from editcore.scoring.columns import BY_NAME, COLUMNS, NAMES, Column

__all__ = ["BY_NAME", "COLUMNS", "NAMES", "Column", "Score", "ScoreRequest", "Scorer", "product_square"]

BUNDLED_CLIP = Path(__file__).parent.parent / "bundled" / "scorer"
MARGIN = 0.25
"""Space around the product in the square that CLIP sees, in shares of its longer side."""

Score = dict[str, float | int | str | None]
"""One value per name in ``columns.NAMES``."""


@dataclass(frozen=True)
class ScoreRequest:
    """One finished edit."""

    before: np.ndarray
    """Source, (H, W, 3) uint8 sRGB."""
    after: np.ndarray
    """Edited picture of the same size."""
    region: np.ndarray
    """(H, W) uint8: 0 = had to stay, 255 = inside the edit (``EditResult.region``)."""
    words: str
    """The instruction as the merchandiser wrote it; empty where a pair asked."""
    target: Target
    caption: str | None = None
    """The customer's words about the source, if there are any; sharpens the texts."""
    alpha: np.ndarray | None = None
    """(H, W) uint8 matte of the product, to say where CLIP should look; None: taken from the region."""

    after_alpha: np.ndarray | None = None
    """The same matte in ``after``, where the edit may have moved the product; None: it stands where it stood."""

    def product(self) -> np.ndarray:
        """(H, W) uint8, where the product is: the matte, else the region, else what a new background left."""
        if self.alpha is not None:
            return self.alpha
        return 255 - self.region if self.target == "background" else self.region


class Scorer:
    """All models, loaded once. One instance serves one caller at a time."""

    def __init__(
        self, clip: str | Path | None = "bundled", clip_pretrained: str | None = None, device: str = "cpu"
    ) -> None:
        """``clip``: "bundled", a folder, a name ``open_clip`` knows (with its pretrained tag), or None for
        no CLIP.

        Raises ``clip.ScorerMissing`` if the model is not there; only None goes without.
        """
        from editcore.scoring.clip import Clip
        from editcore.scoring.perceptual import Lpips

        if clip == "bundled":
            clip = BUNDLED_CLIP
        self.lpips = Lpips(device)
        self.clip = Clip(clip, clip_pretrained, device) if clip is not None else None
        self.identity = {"lpips": self.lpips.name, "clip": self.clip.name if self.clip else "none"}

    def score(self, requests: Sequence[ScoreRequest]) -> list[Score]:
        """Every column of ``columns.NAMES`` for each request, in their order."""
        from editcore.lexicon import parse

        start = time.perf_counter()
        instructions = [parse(request.words, request.target) for request in requests]
        clip = self._clip_columns(requests, instructions)
        rows: list[Score] = []
        for request, instruction, clip_columns in zip(requests, instructions, clip, strict=True):
            row: Score = dict.fromkeys(NAMES)
            row |= self._pixel_columns(request, instruction) | clip_columns
            rows.append(row | ({} if request.words else {"clip_text": None}))  # a pair asks without words
        for row in rows:
            row["score_seconds"] = (time.perf_counter() - start) / len(rows)
        return rows

    def _pixel_columns(self, request: ScoreRequest, instruction: Any) -> Score:
        from editcore.scoring.colour import colour_errors, region_change
        from editcore.scoring.consistency import appearance
        from editcore.scoring.preservation import preservation

        before, after, region = request.before, request.after, request.region
        row: Score = dict(preservation(before, after, region))
        restored = np.where((region > 0)[..., None], before, after)
        whole, kept = self.lpips([(before, after), (before, restored)])
        row |= {"lpips": whole, "lpips_kept": kept, "lpips_model": self.lpips.name}
        row["region_change"] = region_change(before, after, region)
        row |= appearance(after, request.product() if request.after_alpha is None else request.after_alpha)
        if instruction.colour is not None and instruction.kind in ("recolour", "background"):
            row |= colour_errors(after, region, instruction.colour.rgb)
        return row

    def _clip_columns(self, requests: Sequence[ScoreRequest], instructions: Sequence[Any]) -> list[Score]:
        from editcore.scoring.texts import describe

        if self.clip is None:
            return [{} for _ in requests]
        before = [product_square(r.before, r.product()) for r in requests]
        after = [product_square(r.after, r.product()) for r in requests]
        texts = [describe(r.caption, i) for r, i in zip(requests, instructions, strict=True)]
        return (
            [dict(row) for row in self.clip.score(before, after, *zip(*texts, strict=True))] if texts else []
        )


def product_square(picture: np.ndarray, alpha: np.ndarray, margin: float = MARGIN) -> np.ndarray:
    """A square around the product with ``margin`` on each side, (s, s, 3); beyond the picture its edge is
    repeated.

    A small CLIP sees 128 pixels a side: a product far away in a large photo would be a speck.
    """
    rows, columns = np.flatnonzero((alpha > 127).any(axis=1)), np.flatnonzero((alpha > 127).any(axis=0))
    if not rows.size:
        rows, columns = np.array([0, alpha.shape[0] - 1]), np.array([0, alpha.shape[1] - 1])
        margin = 0.0
    top, bottom, left, right = rows[0], rows[-1] + 1, columns[0], columns[-1] + 1
    side = max(1, round(max(bottom - top, right - left) * (1 + 2 * margin)))
    y, x = (top + bottom - side) // 2, (left + right - side) // 2
    height, width = alpha.shape
    take_y = np.clip(np.arange(y, y + side), 0, height - 1)
    take_x = np.clip(np.arange(x, x + side), 0, width - 1)
    return np.ascontiguousarray(picture[take_y[:, None], take_x])
