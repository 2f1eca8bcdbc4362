"""Running things the way the command line does: a campaign file (progress, then the Prefect flow)
and a data set of pairs; what is finished already starts nothing."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

from editcore.campaign import Campaign
from editcore.profiles import load_profile
from flows.crew import check_pool
from flows.night import finished_already
from flows.progress import progress
from flows.voice import voice


def start(
    file: Path,
    campaign: Campaign,
    night: str | None = None,
    profile: str | None = None,
    limit: int | None = None,
    yes: bool = False,
    pool: str | None = None,
) -> dict[str, Any]:
    """The fields of ``flows.night.Report``; ``campaign`` is what ``file`` says. ``yes``: pairs need no approval."""
    check_pool(load_profile(profile or campaign.profile).pool.of_kind(pool))
    if done := finished_already(campaign, night, profile, limit, voice().say, yes):
        return asdict(done)
    from flows.restyle import restyle

    with progress():
        return restyle(str(file), night, profile, limit, yes, pool)


def start_rerun(
    output: str, night: str | None, shards: str | None, pool: str | None = None
) -> dict[str, Any]:
    """The fields of ``flows.night.Report``; parameters: ``flows.restyle.rerun``."""
    from flows.restyle import rerun

    with progress():
        return rerun(output, night, shards, pool)


def start_pairs(
    catalogue: str, output: str, settings: str, columns: dict[str, str | None], limit: int | None = None
) -> list[str]:
    """Make a data set of pairs from a folder or table; returns the lines that say what became of it.

    ``settings``: a name or file (``editcore.training.pairs.settings``); ``columns``: as in a campaign's source."""
    from editcore import storage
    from editcore.campaign import CampaignError, Columns, Source
    from editcore.lease import lease
    from editcore.training.pairs.run import begin
    from editcore.training.pairs.settings import load_settings

    place = storage.absolute(catalogue)
    where = "table" if place.lower().endswith((".parquet", ".csv")) else "folder"
    source = Source.model_validate({where: place, "columns": Columns.model_validate(columns)})
    chosen, target = load_settings(settings), storage.absolute(output)
    if where == "folder" and target.startswith(f"{place}/"):
        raise CampaignError(
            f"found output {output} inside {catalogue}; its pictures would be taken for yours"
        )
    with lease(target):
        run = begin(source, target, chosen, limit)
        if run.finished:
            summary = run.read_json("summary.json")
        else:
            from flows.pairs import pairs

            summary = pairs(target)
    kinds = ", ".join(f"{count} {kind}" for kind, count in summary["pairs_by_kind"].items())
    asked = f"{sum(summary['edits'].values())} edit prompts; " if "edits" in summary else ""
    return [
        f"{summary['pictures']} pictures, {summary['pictures_ok']} usable; {asked}"
        f"{summary['pairs']} pairs ({kinds or 'none'})",
        f"data set: {target}/pairs, to look at: {target}/page.html",
    ]
