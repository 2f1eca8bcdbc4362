"""Publish: the night's deliverables, from its manifest alone."""

from __future__ import annotations

from typing import Any

from editcore.night import Night


def run(night_path: str) -> dict[str, Any]:
    """Write pictures, manifests, report and ``_SUCCESS``; returns what ``_SUCCESS`` says."""
    from editcore.delivery.publish import deliver

    night = Night.open(night_path)
    wanted = night.decisions["format"]
    settings = {"format": wanted["kind"], "quality": wanted["quality"], "title": night.info["campaign"]}
    return deliver(night.info["output"], night.path, settings)
