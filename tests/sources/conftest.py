from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from web import Server, serving


@pytest.fixture
def web() -> Iterator[Server]:
    with serving() as server:
        yield server
