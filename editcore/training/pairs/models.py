"""The models of a run, loaded once per process and handed out one caller at a time."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

from editcore.training.pairs.captions import Captioner, load_captioner
from editcore.training.pairs.masks import Masker, load_masker
from editcore.training.pairs.settings import PairSettings

_turn = threading.RLock()


@contextmanager
def borrow(settings: PairSettings) -> Iterator[Models]:
    """The models of these settings, for this thread alone while the body runs."""
    with _turn:
        yield _models(settings)


class Models:
    """CLIP, captioner and masker, each loaded when first asked for."""

    def __init__(self, settings: PairSettings) -> None:
        self._settings = settings
        self._loaded: dict[str, Any] = {}

    @property
    def clip(self) -> Any:
        """``scoring.clip.Clip``; raises its ``ScorerMissing``."""
        if "clip" not in self._loaded:
            from editcore.scoring import BUNDLED_CLIP
            from editcore.scoring.clip import Clip

            s = self._settings
            model = BUNDLED_CLIP if s.clip == "bundled" else s.clip
            self._loaded["clip"] = Clip(model, s.clip_pretrained, s.device)
        return self._loaded["clip"]

    @property
    def captioner(self) -> Captioner:
        if "captioner" not in self._loaded:
            self._loaded["captioner"] = load_captioner(self._settings, self.clip)
        return self._loaded["captioner"]

    @property
    def masker(self) -> Masker:
        if "masker" not in self._loaded:
            self._loaded["masker"] = load_masker(self._settings)
        return self._loaded["masker"]


@lru_cache(maxsize=2)
def _models(settings: PairSettings) -> Models:
    return Models(settings)
