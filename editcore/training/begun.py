"""What a run was begun with, so that a rerun never goes on with something else."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

FILE = "config.json"


class BegunOtherwise(ValueError):  # noqa: N818 - says what happened
    """The folder's run was begun with other settings; the message names them."""


def begin(folder: Path, facts: dict[str, Any]) -> None:
    """Note what the run in ``folder`` is about, or check that it is about the same. ``facts`` are JSON values."""
    file = folder / FILE
    if file.exists():
        before = json.loads(file.read_text("utf-8"))
        if differing := sorted(key for key in before | facts if before.get(key) != facts.get(key)):
            raise BegunOtherwise(
                f"the run in {folder} was begun with other settings for {', '.join(differing)}; "
                "give this one another output, or delete that folder to start anew"
            )
        return
    folder.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(facts, indent=2) + "\n", "utf-8")
