"""The bundled model follows pairs it has never seen: new specimens, exact right answers."""

from __future__ import annotations

from random import Random

import numpy as np
import pytest
import torch
from torch import Tensor

from editcore.editors.bundled import BUNDLED as TEXT
from editcore.editors.transfer.bundled import load_painter
from editcore.editors.transfer.engine import BUNDLED, STEPS
from editcore.editors.transfer.painter import Painter, PairPanels
from editcore.studio.changes import sample_change
from editcore.studio.photograph import photograph, sample_setup

SEED = 890_000
"""Of groups to measure on; no training sees them."""
PAIRS = 4


@pytest.fixture(scope="module")
def painter() -> Painter:
    return load_painter(BUNDLED, TEXT)


def share_of_copy(painter: Painter, kind: str, words: bool = False) -> float:
    """Root mean square error over ``PAIRS`` new pairs, one query each, as a share of copying the query."""
    ours, copied = [], []
    for number in range(PAIRS):
        change = sample_change(kind, Random(number))
        before, query = (
            sample_setup(SEED + 2 * number + n, product) for n, product in enumerate(("mug", "ball"))
        )
        (old, new), (asked, truth) = (_states(setup, change) for setup in (before, query))
        panels = PairPanels(f"{kind}{number}", old, new)
        said = change.words if words else ""
        painted = painter.decode(
            painter.paint([panels], painter.encode(asked[None]), [[number]], STEPS, said)
        )
        small = torch.nn.functional.avg_pool2d(painted, 2)[0]
        ours.append(float((small - truth).square().mean()))
        copied.append(float((asked - truth).square().mean()))
    return float(np.sqrt(np.mean(ours) / np.mean(copied)))


def _states(setup, change) -> Tensor:
    """(2, 3, 128, 128): before and after."""
    setup = change.prepare(setup)
    return photograph([setup, change.apply(setup)], 128).rgb_B3HW.clamp(0, 1)


def test_a_new_background_is_followed(painter) -> None:
    assert share_of_copy(painter, "background") < 0.7


def test_words_help_and_a_colour_is_followed(painter) -> None:
    assert share_of_copy(painter, "recolour") < 0.95
    assert share_of_copy(painter, "recolour", words=True) < 0.9
