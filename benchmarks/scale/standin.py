"""Models with a known cost, so that what is left is what the night itself costs."""

from __future__ import annotations

import time
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import numpy as np

from editcore.editors.base import EditRequest, EditResult

FIGURES = SimpleNamespace(
    area=0.25, border_share=0.0, components=1, soft_share=0.0, ragged=1.0, disagreement=0.0
)


class Editor:
    """Inverts the middle of the picture; sleeps ``options.seconds`` for each, as a GPU would keep us waiting."""

    def __init__(self, profile: Any) -> None:
        self.batch_size = int(profile.options.get("batch_size", 16))
        self.seconds = float(profile.options.get("seconds", 0.0))
        self.identity = {"name": "stand-in"}

    def edit(self, requests: Sequence[EditRequest]) -> list[EditResult]:
        if self.seconds:
            time.sleep(self.seconds * len(requests))
        return [_invert(request) for request in requests]


def segment(picture: Any, given_mask: np.ndarray | None = None, region: str | None = None) -> SimpleNamespace:
    """The middle of the picture."""
    height, width = picture.rgb.shape[:2]
    alpha = np.zeros((height, width), np.uint8)
    alpha[height // 4 : -(height // 4), width // 4 : -(width // 4)] = 255
    return SimpleNamespace(alpha=alpha, source="stand-in", figures=FIGURES, doubt="")


class Scorer:
    """Finds everything in order."""

    def score(self, requests: Sequence[Any]) -> list[dict[str, Any]]:
        return [{"kept_max_diff": 0, "region_change": 10.0} for _ in requests]


def _invert(request: EditRequest) -> EditResult:
    region = request.alpha
    image = np.where(region[..., None] > 0, 255 - request.image, request.image)
    return EditResult(image, region, None, (0, 0, 8, 8), (), {"steps": 1})
