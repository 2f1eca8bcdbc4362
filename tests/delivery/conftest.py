"""A finished night with every outcome and route."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest
from night_on_disk import EVIL, Night


@pytest.fixture
def new_night(tmp_path: Path) -> Callable[..., Night]:
    return lambda **options: Night(tmp_path / "out", **options)


@pytest.fixture
def night(tmp_path: Path) -> Night:
    """Nine rows: three to publish, two to review, one to rework, three failed."""
    night = Night(tmp_path / "out")
    night.add("MUG-1")
    night.add("MUG-2", "warm-studio")
    night.add("MUG-3")
    night.add(EVIL, route="review", warnings_json=json.dumps(["The model does not know 'glorp'."]))
    night.add("MUG-5", "warm-studio", route="review", mask_doubt="touches the border")
    night.add("MUG-6", route="rework")
    night.fail("BAD-1", "ingest", "bad_input", "truncated", f"The file ends early {EVIL}")
    night.fail("BAD-2", "ingest", "bad_input", "empty_file", "The file has no content (0 bytes).")
    night.fail("BAD-3", "edit", "model_error", "RuntimeError", "It broke.", "warm-studio")
    return night.commit()


@pytest.fixture
def expected() -> SimpleNamespace:
    return SimpleNamespace(planned=9, ok=6, skipped=0, failed=3, publish=3, review=2, rework=1)
