"""One module per step of the night. Each has ``run(night_path, shard) -> counts``: one editcore call, per
shard.

Tasks take paths and small numbers and return counts; what they make lies in the night's folder. They know
nothing of Prefect: ``flows.restyle`` makes the task runs, and tests call ``run`` directly."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def steps() -> dict[str, Callable[[str, int], dict[str, Any]]]:
    """The shard steps by name, in order."""
    from tasks import edit, ingest, route, score, segment

    return {
        "ingest": ingest.run,
        "segment": segment.run,
        "edit": edit.run,
        "score": score.run,
        "route": route.run,
    }
