"""What edits the cases: nobody, the truth itself, or any engine of a profile."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import cv2
import numpy as np

from editcore.editors.base import Editor, EditRequest, EditResult
from editcore.evaluation.cases import Case


@dataclass(frozen=True)
class Edited:
    """What a method made of one case, or why it made nothing."""

    image: np.ndarray | None = None
    """(H, W, 3) uint8 at the source's size; None after a failure."""
    region: np.ndarray | None = None
    """(H, W) uint8, where the method allowed itself to change something; None: where the case allows it."""
    raw: np.ndarray | None = None
    """The model's own output brought back to the source's frame, (H, W, 3) uint8; None if there is none."""
    failure: str = ""
    warnings: tuple[str, ...] = ()
    seconds: float = 0.0


class Method(Protocol):
    """One row of the table."""

    name: str
    identity: dict[str, str]
    """Weights and settings; enters the fingerprint of its results."""
    seeded: bool
    """Whether another seed gives another picture."""
    batch_size: int

    def edit(self, cases: Sequence[Case], seed: int) -> list[Edited]:
        """Edit a batch, with the ``seed``-th noise of each case. Failures come back in their place."""
        ...


class Copy:
    """No edit: the source is handed back. What any method has to beat."""

    seeded, batch_size = False, 16

    def __init__(self, name: str = "no edit") -> None:
        self.name, self.identity = name, {"method": "copy of the source"}

    def edit(self, cases: Sequence[Case], seed: int) -> list[Edited]:
        """See ``Method``."""
        return [Edited(case.image) for case in cases]


class Truth:
    """The exact result: the best any method can reach, and the floor of every column."""

    seeded, batch_size = False, 16

    def __init__(self, name: str = "exact target") -> None:
        self.name, self.identity = name, {"method": "the exact result"}

    def edit(self, cases: Sequence[Case], seed: int) -> list[Edited]:
        """See ``Method``; cases without an exact result fail."""
        return [
            Edited(case.truth) if case.truth is not None else Edited(failure="no exact result is known")
            for case in cases
        ]


class Engine:
    """An editing engine (``editors.base.Editor``)."""

    seeded = True

    def __init__(self, name: str, editor: Editor, identity: dict[str, str]) -> None:
        self.name, self._editor, self.identity = name, editor, identity
        self.batch_size = editor.batch_size

    def edit(self, cases: Sequence[Case], seed: int) -> list[Edited]:
        """See ``Method``. If a batch fails, its cases are tried one by one, so that only the culprit is lost."""
        requests = [self._request(case, seed) for case in cases]
        started = time.perf_counter()
        try:
            results = self._editor.edit(requests)
        except Exception as error:
            if len(cases) == 1:
                return [Edited(failure=f"{type(error).__name__}: {error}")]
            return [edited for case in cases for edited in self.edit([case], seed)]
        seconds = (time.perf_counter() - started) / len(cases)
        return [
            Edited(
                result.image, result.region, raw_picture(case.image, result),
                warnings=result.warnings, seconds=seconds,
            )
            for case, result in zip(cases, results, strict=True)
        ]  # fmt: skip

    def _request(self, case: Case, seed: int) -> EditRequest:
        return EditRequest(
            row_id=f"{case.case_id}-{seed}",
            image=case.image,
            alpha=case.alpha,
            words=case.words,
            target=case.target,
            seed=noise_seed(case.case_id, seed),
        )


def noise_seed(case_id: str, seed: int) -> int:
    """Seed of a case's ``seed``-th noise, the same for every method; 0 <= seed < 2**31."""
    digest = hashlib.sha256(f"{case_id}/{seed}".encode()).digest()
    return int.from_bytes(digest[:4], "big") & 0x7FFFFFFF


def raw_picture(source: np.ndarray, result: EditResult) -> np.ndarray | None:
    """The model's own output in the source's frame, (H, W, 3) uint8; None if the engine kept none.

    ``result.raw`` covers ``result.crop``, which may reach outside the picture; where it does not reach, the source
    is shown.
    """
    if result.raw is None:
        return None
    left, top, right, bottom = result.crop
    size = (right - left, bottom - top)
    method = cv2.INTER_AREA if result.raw.shape[0] > size[1] else cv2.INTER_CUBIC
    crop = (
        result.raw if result.raw.shape[1::-1] == size else cv2.resize(result.raw, size, interpolation=method)
    )
    height, width = source.shape[:2]
    x0, y0, x1, y1 = max(left, 0), max(top, 0), min(right, width), min(bottom, height)
    picture = source.copy()
    picture[y0:y1, x0:x1] = crop[y0 - top : y1 - top, x0 - left : x1 - left]
    return picture
