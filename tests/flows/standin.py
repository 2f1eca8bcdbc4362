"""Models that cost nothing, for tests of the night: deterministic, and they write down what they did.

``STANDIN_LOG`` names a file that gets the row id of every edited row. ``STANDIN_FAIL`` holds pairs
``WORD=ExceptionName``: rows whose words hold WORD raise that exception.
"""

from __future__ import annotations

import builtins
import os
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import numpy as np

from editcore.editors.base import EditRequest, EditResult
from editcore.scoring.consistency import appearance


class Editor:
    """Inverts the region."""

    def __init__(self, profile: Any) -> None:
        self.batch_size = int(profile.options.get("batch_size", 3))
        self.identity = {"name": "stand-in"}

    def edit(self, requests: Sequence[EditRequest]) -> list[EditResult]:
        log = os.environ.get("STANDIN_LOG")
        if log:
            with open(log, "a") as stream:
                stream.write("".join(f"{request.row_id}\n" for request in requests))
        return [self._edit(request) for request in requests]

    def _edit(self, request: EditRequest) -> EditResult:
        for pair in filter(None, os.environ.get("STANDIN_FAIL", "").split(",")):
            word, name = pair.split("=")
            if word in request.words:
                raise getattr(builtins, name)(f"the stand-in was asked to fail on {word}")
        inside = request.alpha > 127
        region = np.where(inside if request.target != "background" else ~inside, 255, 0).astype(np.uint8)
        image = np.where(region[..., None] > 0, 255 - request.image, request.image)
        return EditResult(image, region, image[:8, :8], (0, 0, 8, 8), (), {"steps": 1, "seed": request.seed})


class Transfer(Editor):
    """Adds the mean difference of its pairs to the region; counts the pairs it had not seen before."""

    def __init__(self, profile: Any) -> None:
        super().__init__(profile)
        if profile.transfer_options.get("absent"):
            raise FileNotFoundError("no model at transfer/; train one")
        self.identity = {"name": "stand-in for pairs"}
        self.figures = {"pairs_computed": 0, "pair_hits": 0}
        self.seen: set[str] = set()

    def _edit(self, request: EditRequest) -> EditResult:
        result = super()._edit(request)
        shift = np.zeros(3)
        for pair in request.exemplars:
            self.figures["pair_hits" if pair.key in self.seen else "pairs_computed"] += 1
            self.seen.add(pair.key)
            shift += (pair.after.astype(float) - pair.before).mean((0, 1))
        moved = np.clip(request.image + 4 * shift, 0, 255).astype(np.uint8)
        image = np.where(result.region[..., None] > 0, moved, request.image)
        return EditResult(image, result.region, None, result.crop, (), {"pairs": len(request.exemplars)})


def segment(picture: Any, given_mask: np.ndarray | None = None, region: str | None = None) -> SimpleNamespace:
    """The middle of the picture, or the mask given."""
    height, width = picture.rgb.shape[:2]
    alpha = np.zeros((height, width), np.uint8)
    alpha[height // 4 : -height // 4, width // 4 : -width // 4] = 255
    figures = SimpleNamespace(
        area=0.25, border_share=0.0, components=1, soft_share=0.0, ragged=1.0, disagreement=0.0
    )
    source = "stand-in" if given_mask is None else "given"
    return SimpleNamespace(
        alpha=alpha if given_mask is None else given_mask, source=source, figures=figures, doubt=""
    )


class Scorer:
    """Measures the kept region only."""

    def score(self, requests: Sequence[Any]) -> list[dict[str, Any]]:
        return [self._score(request) for request in requests]

    def _score(self, request: Any) -> dict[str, Any]:
        kept = np.abs(request.before.astype(int) - request.after.astype(int))[request.region == 0]
        return {
            "kept_max_diff": int(kept.max()),
            "region_change": 10.0,
            **appearance(request.after, request.alpha),
        }
