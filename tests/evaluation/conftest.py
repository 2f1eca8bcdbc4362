"""``madeup`` is a module of its own, found by tests and by the entry points of rows alike."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from madeup import MadeUp, Ruler, made_up

from editcore.evaluation.cases import Case


@pytest.fixture
def case() -> Case:
    return made_up()


@pytest.fixture
def ruler() -> Ruler:
    return Ruler()


@pytest.fixture
def cases() -> MadeUp:
    return MadeUp()
