"""A campaign as deployments of a Prefect server: work pool, schedules, the limit of its output, notifications.

What is deployed stands in ``deploy/prefect.yaml`` and ``deploy/automations.yaml``; this only fills in the campaign and
calls Prefect. Doing it again replaces what is there."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml
from prefect import get_client
from prefect.client.schemas.actions import WorkPoolCreate
from prefect.events.schemas.automations import AutomationCore
from prefect.exceptions import ObjectNotFound
from prefect.workers.process import ProcessWorker

from editcore.campaign import Campaign, CampaignError
from flows.deployed import limit_of, make_limit

AUTOMATIONS = "automations.yaml"
"""Beside the file of deployments."""


class DeployFailed(RuntimeError):  # noqa: N818 - reads as what it says
    """Prefect did not take something; the text says what."""


def deploy(
    file: Path, campaign_file: Path, campaign: Campaign, pages: str, pool: str, notify: str | None
) -> list[str]:
    """Create or replace the deployments of ``file`` for a campaign; lines that say what there is now.

    ``pages``: web address of the output, ``pool``: where to work, both perhaps empty; ``notify``: block to send
    notifications with, ``type/name``.
    Raises ``CampaignError`` for files that cannot be used, ``DeployFailed``."""
    wanted, environment = _read(file), environment_of(campaign_file, campaign, pages, pool)
    pools = {entry["work_pool"]["name"] for entry in wanted["deployments"]}
    lines = [_pool(name) for name in sorted(pools)]
    _prefect("deploy", "--all", "--prefect-file", str(file), environment=environment)
    name = environment["VITRINE_NAME"]
    lines += [
        f"deployment {entry['entrypoint'].rsplit('.', 1)[-1]}/{name}" for entry in wanted["deployments"]
    ]
    lines.append(f"concurrency limit {make_limit(campaign.output)}: 1, for {campaign.output}")
    if notify is None:
        return [*lines, "nobody is told of failures: name a block with --notify (deploy/README.md)"]
    return lines + _automations(_read(file.with_name(AUTOMATIONS)), notify)


def environment_of(file: Path, campaign: Campaign, pages: str, pool: str) -> dict[str, str]:
    """What the placeholders in the file of deployments stand for."""
    return {
        "VITRINE_NAME": re.sub(r"[^a-z0-9]+", "-", campaign.name.lower()).strip("-") or "nightly",
        "VITRINE_CAMPAIGN": str(file.resolve()),
        "VITRINE_OUTPUT": campaign.output,
        "VITRINE_LIMIT": limit_of(campaign.output),
        "VITRINE_PAGES": pages,
        "VITRINE_POOL": pool,
    }


def _read(file: Path) -> Any:
    try:
        return yaml.safe_load(file.read_text("utf-8"))
    except (OSError, yaml.YAMLError) as error:
        raise CampaignError(f"{file}: cannot be read ({error}); say --file deploy/prefect.yaml") from None


def _pool(name: str) -> str:
    with get_client(sync_client=True) as client:
        try:
            found = client.read_work_pool(name)
            return f"work pool {name}, of type {found.type}, was there"
        except ObjectNotFound:
            template = ProcessWorker.get_default_base_job_template()
            client.create_work_pool(WorkPoolCreate(name=name, type="process", base_job_template=template))
            return f"work pool {name}, of type process; start a worker: prefect worker start --pool {name}"


def _automations(wanted: list[dict[str, Any]], notify: str) -> list[str]:
    kind, _, name = notify.partition("/")
    lines = []
    with get_client(sync_client=True) as client:
        try:
            block = client.read_block_document_by_name(name, kind)
        except ObjectNotFound:
            raise DeployFailed(
                f"found no block {notify}, expected type/name, e.g. slack-webhook/night-shift: create it in Prefect's "
                "pages under Blocks (first `prefect block register -m prefect.blocks.notifications`)"
            ) from None
        for automation in wanted:
            for action in automation["actions"]:
                action["block_document_id"] = block.id
            for old in client.read_automations_by_name(automation["name"]):
                client.delete_automation(old.id)
            client.create_automation(AutomationCore.model_validate(automation))
            lines.append(f"automation {automation['name']!r}, by {notify}")
    return lines


def _prefect(*arguments: str, environment: dict[str, str] | None = None) -> None:
    """Run Prefect's own command; it is where deploying is implemented."""
    command = [sys.executable, "-m", "prefect", "--no-prompt", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, **(environment or {})})
    if done.returncode:
        raise DeployFailed(
            f"prefect {' '.join(arguments[:2])} failed:\n{(done.stdout + done.stderr).strip()}"
        )
