"""Running a campaign file the way the command line does: progress, then the Prefect flow with the profile's
workers; an already finished night starts nothing."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

from editcore.campaign import Campaign
from editcore.profiles import load_profile
from flows.night import finished_already
from flows.progress import progress


def start(
    file: Path,
    campaign: Campaign,
    night: str | None = None,
    profile: str | None = None,
    limit: int | None = None,
) -> dict[str, Any]:
    """The fields of ``flows.night.Report``; ``campaign`` is what ``file`` says."""
    if done := finished_already(campaign, night, profile, limit):
        return asdict(done)
    from flows.restyle import restyle, workers

    flow = restyle.with_options(task_runner=workers(load_profile(profile or campaign.profile).max_workers))
    with progress():
        return flow(str(file), night, profile, limit)
