"""The files that Prefect reads, against Prefect's own models; no server."""

from __future__ import annotations

import inspect
import re
import uuid
from pathlib import Path
from typing import Any

import pytest
import yaml

import flows  # noqa: F401 - sets Prefect's environment
from editcore.campaign import check_campaign

DEPLOY = Path(__file__).parents[2] / "deploy"
CAMPAIGN = check_campaign(
    {
        "name": "Spring & summer",
        "source": {"folder": "/photos"},
        "recipes": [{"id": "navy", "words": "make it navy"}],
        "output": "s3://results/spring",
    }
)


def read(name: str) -> Any:
    return yaml.safe_load((DEPLOY / name).read_text("utf-8"))


def test_deployments_are_what_prefect_and_the_flows_know() -> None:
    from prefect.cli.deploy._models import DeploymentConfig, RawScheduleConfig
    from prefect.flows import load_flow_from_entrypoint

    for entry in read("prefect.yaml")["deployments"]:
        assert set(entry) <= set(DeploymentConfig.model_fields)
        DeploymentConfig.model_validate(entry)
        for schedule in entry.get("schedules", []):
            assert set(schedule) <= set(RawScheduleConfig.model_fields)
        flow = load_flow_from_entrypoint(entry["entrypoint"], use_placeholder_flow=False)
        assert ":" not in entry["entrypoint"]  # a module: no path that would shadow others on sys.path
        taken = inspect.signature(flow.fn).parameters
        assert set(entry["parameters"]) <= set(taken)
        described = flow.parameters.properties
        assert all(described[name].get("description") for name in taken)


def test_the_review_page_s_event_starts_what_applies_reviews(monkeypatch: pytest.MonkeyPatch) -> None:
    from prefect.cli.deploy._triggers import _initialize_deployment_triggers
    from prefect.events import Resource
    from prefect.utilities.templating import apply_values

    from flows.deploy import environment_of
    from flows.deployed import EVENT, resource_of

    for name, value in environment_of(Path("spring.yaml"), CAMPAIGN, "", "").items():
        monkeypatch.setenv(name, value)
    (entry,) = (entry for entry in read("prefect.yaml")["deployments"] if "triggers" in entry)
    assert entry["entrypoint"] == "flows.restyle.apply"
    assert entry["concurrency_limit"]["collision_strategy"] == "ENQUEUE"
    # As `prefect deploy` does it.
    (trigger,) = _initialize_deployment_triggers(
        "spring-summer", [apply_values(spec, {}) for spec in entry["triggers"]]
    )
    trigger.set_deployment_id(uuid.uuid4())
    made = trigger.as_automation()
    assert made.name == "Vitrine: reviews of spring-summer"
    assert made.trigger.expect == {EVENT}
    for output, ours in ((CAMPAIGN.output, True), ("s3://results/summer", False)):
        resource = Resource({"prefect.resource.id": resource_of(output)})
        assert made.trigger.match.matches(resource) is ours
    assert not made.actions[0].parameters  # the deployment's own


def test_placeholders_are_those_that_deploying_fills_in() -> None:
    from flows.deploy import environment_of

    environment = environment_of(Path("spring.yaml"), CAMPAIGN, "", "")
    used = re.findall(r"\{\{ \$(\w+) \}\}", (DEPLOY / "prefect.yaml").read_text("utf-8"))
    assert set(used) == set(environment)
    assert environment["VITRINE_NAME"] == "spring-summer"
    assert environment["VITRINE_CAMPAIGN"] == str(Path("spring.yaml").resolve())


def test_automations_are_what_prefect_knows() -> None:
    from prefect.events.schemas.automations import AutomationCore

    for automation in read("automations.yaml"):
        for action in automation["actions"]:
            action["block_document_id"] = uuid.uuid4()
        made = AutomationCore.model_validate(automation)
        assert made.trigger.match_related  # not everybody's runs


def test_a_limit_s_name_is_one_prefect_takes_and_each_output_has_its_own() -> None:
    from prefect.types.names import BANNED_CHARACTERS

    from flows.deployed import limit_of

    outputs = ["s3://results/spring", "s3://results/spring-2", "/results/ärmel & <%>", "s3://results-spring"]
    names = [limit_of(output) for output in outputs]
    assert len(set(names)) == len(outputs)
    assert not set("".join(names)) & set(BANNED_CHARACTERS)
    assert all(len(name) < 100 for name in names)
