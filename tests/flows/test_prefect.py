"""The night in Prefect, on a server of the tests: what people see, what is deployed, the command line's JSON."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from catalogue import write_campaign
from typer.testing import CliRunner

from flows import cli, voice

PREFECT_YAML = Path(__file__).parents[2] / "deploy" / "prefect.yaml"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A Prefect client; the server takes the seconds, so there is one."""
    home = tmp_path_factory.mktemp("prefect")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PREFECT_HOME", str(home))
        from prefect import get_client
        from prefect.settings import PREFECT_API_URL
        from prefect.testing.utilities import prefect_test_harness

        with prefect_test_harness(server_startup_timeout=170):
            patch.setenv("PREFECT_API_URL", PREFECT_API_URL.value())  # for Prefect's own command
            with get_client(sync_client=True) as client:
                yield client


@pytest.fixture(autouse=True)
def plain_voice() -> Iterator[None]:
    yield
    voice.choose(voice.LogFormat.TEXT)


def vitrine(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(cli.app, list(arguments))
    return result.exit_code, result.output


def artifacts(server: Any, run: str) -> dict[str, Any]:
    from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterFlowRunId

    wanted = ArtifactFilter(flow_run_id=ArtifactFilterFlowRunId(any_=[run]))
    return {artifact.key: artifact for artifact in server.read_artifacts(artifact_filter=wanted)}


def test_what_people_see_of_a_night(server: Any, tmp_path: Path) -> None:
    from prefect.client.schemas.filters import FlowFilter, FlowFilterName

    from flows.restyle import restyle

    file = write_campaign(tmp_path, name="Seen range", thresholds={"min_region_change": 50})
    report = restyle(str(file), pages="https://pictures.example/seen/")
    assert report["summary"]["routes"] == {"rework": 12}
    (run,) = [
        run
        for run in server.read_flow_runs(flow_filter=FlowFilter(name=FlowFilterName(any_=["restyle"])))
        if run.parameters.get("campaign") == str(file)
    ]
    assert run.name.startswith("campaign 20")
    shown = artifacts(server, run.id)
    steps = ["ingest", "segment", "edit", "score", "route"]
    assert set(shown) == {f"seen-range-{name}" for name in [*steps, "books", "worst-rows", "report"]}
    for step in steps:
        assert shown[f"seen-range-{step}"].data == 100
        assert "16 of 16 rows" in shown[f"seen-range-{step}"].description
    assert "https://pictures.example/seen/report.html" in shown["seen-range-report"].data
    assert "| bad_input/empty_file | 2 |" in shown["seen-range-books"].data
    rows = json.loads(shown["seen-range-worst-rows"].data)
    assert [row["became"].split("/")[0] for row in rows] == ["bad_input"] * 4 + ["rework"] * 12
    assert all(row["why"] for row in rows)


def test_a_night_as_json_then_its_failed_rows_again(
    server: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, out = str(write_campaign(tmp_path)), str(tmp_path / "out")
    monkeypatch.setenv("STANDIN_FAIL", "navy=ZeroDivisionError")
    code, text = vitrine("run", file, "--night", "tonight", "--log-format", "json")
    lines = [json.loads(line) for line in text.splitlines()]
    assert code == 0
    assert [line["event"] for line in lines] == ["note", *["progress"] * 5, "finished"]
    assert {"time", "level", "event", "text"} <= set.intersection(*map(set, lines))
    assert (lines[-1]["planned"], lines[-1]["ok"], lines[-1]["failed"]) == (16, 6, 10)
    assert lines[-1]["codes"]["model_error/ZeroDivisionError"] == 6
    told = vitrine("status", out, "latest")[1]
    assert "  6 x model_error/ZeroDivisionError (edit)" in told
    assert f"`vitrine rerun {out} --failed` tries 6 failed rows again" in told

    monkeypatch.delenv("STANDIN_FAIL")
    code, text = vitrine("rerun", out, "--failed")
    assert code == 0, text
    assert "night tonight: trying 6 failed rows of 3 shards again" in text
    assert "16 planned = 12 ok + 0 skipped + 4 failed" in text
    assert vitrine("status", out, "latest")[1].strip().endswith("next: nothing")
    code, text = vitrine("rerun", out, "--shards", "7", "--log-format", "json")
    assert code == cli.Exit.REFUSED
    (line,) = [json.loads(line) for line in text.splitlines()]
    assert (line["level"], line["event"], line["exit_code"]) == ("error", "refused", 3)
    assert "found shards 7, expected numbers from 0 to 2" in line["text"]


def test_runs_of_deployments_take_turns_and_fail_when_the_night_did(
    server: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from flows.deployed import alone, ends_well, limit_of
    from flows.night import Report
    from flows.steps import NightFailed

    def taken() -> int:
        return int(server.read_global_concurrency_limit_by_name(limit_of("/out")).active_slots)

    bad = Report("tonight", "/out/runs/tonight", "finished", {"codes": {"bad_input/empty_file": 2}}, False)
    with alone("/out"):
        ends_well(bad)  # a command says so itself
    monkeypatch.setenv("PREFECT__RUNTIME__DEPLOYMENT__ID", "some")
    for _ in range(2):
        with alone("/out"):
            assert taken() == 1
        assert taken() == 0
    with pytest.raises(NightFailed, match="night tonight ended, but not well"):
        ends_well(bad)


def test_deploying_makes_and_replaces_what_is_deployed(server: Any, tmp_path: Path) -> None:
    from prefect.blocks.notifications import CustomWebhookNotificationBlock

    CustomWebhookNotificationBlock(name="night-shift", url="https://hooks.example/x").save("night-shift")
    file = write_campaign(tmp_path, name="Deployed range")
    command = ["deploy", str(file), "--file", str(PREFECT_YAML), "--pages", "https://pictures.example"]
    for _ in range(2):
        code, text = vitrine(*command, "--notify", "custom-webhook/night-shift")
        assert code == 0, text
    night = server.read_deployment_by_name("restyle/deployed-range")
    assert night.entrypoint == "flows.restyle.restyle"
    assert night.parameters == {"campaign": str(file), "pages": "https://pictures.example", "pool": ""}
    assert [schedule.schedule.cron for schedule in night.schedules] == ["0 1 * * *"]
    assert {"vitrine", "nightly", "deployed-range"} == set(night.tags)
    assert night.work_pool_name == "vitrine"
    again = server.read_deployment_by_name("rerun/deployed-range")
    assert again.parameters["output"] == str(tmp_path / "out")
    for name in ("Vitrine: a night failed", "Vitrine: a night starts late", "Vitrine: a night is silent"):
        assert len(server.read_automations_by_name(name)) == 1
    from flows.deployed import limit_of

    assert server.read_global_concurrency_limit_by_name(limit_of(str(tmp_path / "out"))).limit == 1
    code, text = vitrine(*command, "--notify", "slack-webhook/nobody")
    assert code == cli.Exit.FAILED
    assert "found no block slack-webhook/nobody" in text
    code, text = vitrine("deploy", str(file), "--file", str(tmp_path / "absent.yaml"))
    assert code == cli.Exit.BAD_CAMPAIGN


def test_what_people_decided_starts_the_run_that_applies_it(server: Any, tmp_path: Path) -> None:
    from prefect.client.schemas.filters import DeploymentFilter, DeploymentFilterId

    from editcore.review.desk import Desk
    from flows.review import tell_prefect

    file = write_campaign(tmp_path, name="Reviewed range")
    code, text = vitrine("deploy", str(file), "--file", str(PREFECT_YAML))
    assert code == 0, text
    deployment = server.read_deployment_by_name("apply/reviewed-range")
    ours = DeploymentFilter(id=DeploymentFilterId(any_=[deployment.id]))
    output = str(tmp_path / "out")
    tell_prefect(str(tmp_path / "another"), Desk(output))
    assert tell_prefect(output, Desk(output)).startswith("Handed to Prefect")
    until = time.monotonic() + 60
    while not (runs := server.read_flow_runs(deployment_filter=ours)) and time.monotonic() < until:
        time.sleep(0.5)
    (run,) = runs
    assert run.parameters == {"output": output, "pages": ""}
