"""The stand-ins are modules of their own, found by tests, subprocesses and the profile's entry points
alike."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from editcore import fingerprint

HERE = str(Path(__file__).parent)
sys.path.insert(0, HERE)
os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [HERE, os.environ.get("PYTHONPATH", "")]))


@pytest.fixture(autouse=True, scope="session")
def code_stands_still() -> None:
    """Somebody editing editcore while the tests run must not turn one night into two."""
    os.environ["STANDIN_CODE"] = version = fingerprint.code_version()
    fingerprint.code_version = lambda: version  # type: ignore[assignment]
