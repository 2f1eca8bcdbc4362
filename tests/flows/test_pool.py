"""A night on Ray: one cluster with two logical GPUs for all tests, two workers with the stand-in editor."""

from __future__ import annotations

import os
import secrets
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from catalogue import PROFILE, write_campaign, write_pictures
from test_kill import pictures, result

from editcore import fingerprint, manifest
from editcore.campaign import load_campaign
from editcore.shardwork import LANES
from flows import cli
from flows.night import Report, run_night
from flows.steps import NightFailed
from flows.worker import Worker, WorkerUnfit

HERE = Path(__file__).parent
BATCH, SHARD = 2, 4
pytestmark = pytest.mark.timeout(600)  # Ray starts in 4 seconds, or in a minute on a busy machine
pytest.importorskip("ray")


@pytest.fixture(scope="module")
def ray(code_stands_still: None) -> Iterator[Any]:
    import ray

    ray.init(
        address="local",
        num_gpus=2,
        num_cpus=2,
        include_dashboard=False,
        log_to_driver=False,
        logging_level="ERROR",
    )
    yield ray
    ray.shutdown()


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("catalogue") / "photos"
    write_pictures(folder, good=11)
    return folder


@pytest.fixture(scope="module")
def undisturbed(photos: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Report]:
    """The same night in this process."""
    home = tmp_path_factory.mktemp("undisturbed")
    return home, run_night(load_campaign(campaign_of(home, photos, pool=None)), say=lambda _: None)


def campaign_of(home: Path, photos: Path, pool: dict[str, Any] | None, **options: Any) -> Path:
    """A campaign of 28 rows in seven shards; every process writes to ``log`` and ``loads`` in ``home``."""
    options = {"batch_size": BATCH, "log": str(home / "log"), "loads": str(home / "loads"), **options}
    profile = {**PROFILE, "editor": "troubled:Editor", "options": options, **({"pool": pool} if pool else {})}
    (home / "troubled.yaml").write_text(yaml.safe_dump(profile))
    return write_campaign(home, source={"folder": str(photos)}, profile="troubled.yaml", shard_size=SHARD)


def loads(home: Path) -> list[int]:
    file = home / "loads"
    return [int(pid) for pid in file.read_text().split()] if file.exists() else []


def edits(home: Path) -> Counter[str]:
    file = home / "log"
    return Counter(file.read_text().split() if file.exists() else [])


def wait_for_edits(home: Path, count: int) -> None:
    deadline = time.monotonic() + 300
    while edits(home).total() < count and time.monotonic() < deadline:
        time.sleep(0.05)


def same(home: Path, report: Report, undisturbed: tuple[Path, Report]) -> bool:
    wanted = result(undisturbed[1])
    return bool(result(report).equals(wanted)) and pictures(home) == pictures(undisturbed[0])


def test_every_worker_loads_its_models_once_and_the_night_is_the_same(
    ray: Any, tmp_path: Path, photos: Path, undisturbed: tuple[Path, Report]
) -> None:
    said: list[str] = []
    campaign = load_campaign(campaign_of(tmp_path, photos, {"kind": "ray"}))
    report = run_night(campaign, say=said.append)
    assert same(tmp_path, report, undisturbed)
    assert len(loads(tmp_path)) == len(set(loads(tmp_path))) == 2
    assert os.getpid() not in loads(tmp_path)
    assert set(edits(tmp_path).values()) == {1} and len(edits(tmp_path)) == 24
    assert said[1] == "pool: 2 workers on Ray, 1 GPU each, 2 shards in hand each"
    assert "workers_replaced" not in report.summary["figures"]
    assert run_night(campaign, say=said.append).state == "nothing to do"


def test_a_worker_killed_in_mid_shard_costs_its_batches_in_hand_and_nothing_else(
    ray: Any, tmp_path: Path, photos: Path, undisturbed: tuple[Path, Report]
) -> None:
    def kill() -> None:
        wait_for_edits(tmp_path, 3 * BATCH)
        os.kill(loads(tmp_path)[0], signal.SIGKILL)

    killer = threading.Thread(target=kill)
    killer.start()
    said: list[str] = []
    report = run_night(
        load_campaign(campaign_of(tmp_path, photos, {"kind": "ray"}, seconds=0.3)), say=said.append
    )
    killer.join()
    assert same(tmp_path, report, undisturbed)
    assert report.summary["figures"]["workers_replaced"] == 1
    assert "pool: a worker died; replacing it (1 of at most 4)" in said
    assert len(edits(tmp_path)) == 24
    assert edits(tmp_path).total() - 24 <= BATCH * LANES * 2, "two shards in hand"


@pytest.mark.faults
def test_the_driver_killed_and_run_again(
    ray: Any, tmp_path: Path, photos: Path, undisturbed: tuple[Path, Report], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RAY_ADDRESS", ray.get_runtime_context().gcs_address)
    campaign = campaign_of(tmp_path, photos, {"kind": "ray://auto"}, seconds=0.1)
    driver = subprocess.Popen([sys.executable, str(HERE / "pooled.py"), str(campaign)])
    try:
        wait_for_edits(tmp_path, 3 * BATCH)
    finally:
        driver.kill()
        driver.wait()
    report = run_night(load_campaign(campaign), say=lambda _: None)
    assert same(tmp_path, report, undisturbed)
    assert len(edits(tmp_path)) == 24
    assert edits(tmp_path).total() - 24 <= BATCH * LANES * 4, "two shards in hand of two workers"


@pytest.mark.faults
def test_a_night_without_workers_fails_in_a_sentence_and_can_be_finished_elsewhere(
    ray: Any, tmp_path: Path, photos: Path, undisturbed: tuple[Path, Report]
) -> None:
    def kill() -> None:
        wait_for_edits(tmp_path, 2 * BATCH)
        for pid in loads(tmp_path):
            os.kill(pid, signal.SIGKILL)

    killer = threading.Thread(target=kill)
    killer.start()
    campaign = load_campaign(campaign_of(tmp_path, photos, {"kind": "ray", "respawns": 0}, seconds=0.3))
    with pytest.raises(NightFailed, match=r"no worker is left: 2 died.*run the same command again"):
        run_night(campaign, say=lambda _: None)
    killer.join()
    report = run_night(campaign, say=lambda _: None, pool="process")
    assert same(tmp_path, report, undisturbed)


def test_a_cluster_without_gpus_to_spare_is_waited_for_no_longer_than_allowed(
    ray: Any, tmp_path: Path, photos: Path
) -> None:
    pool = {"kind": "ray", "gpus_per_actor": 3, "actors": 1, "patience_seconds": 2}
    with pytest.raises(NightFailed, match="1 wait for a free GPU"):
        run_night(load_campaign(campaign_of(tmp_path, photos, pool)), say=lambda _: None)
    pool = {"kind": "ray", "gpus_per_actor": 3}
    with pytest.raises(NightFailed, match="found 2 GPUs in the Ray cluster and 3 for each worker"):
        run_night(load_campaign(campaign_of(tmp_path, photos, pool)), say=lambda _: None)


@pytest.mark.faults
def test_an_error_storm_in_a_worker_stops_the_night(
    ray: Any, tmp_path: Path, photos: Path, undisturbed: tuple[Path, Report]
) -> None:
    campaign = campaign_of(tmp_path, photos, {"kind": "ray"}, broken=True)
    fields = yaml.safe_load(campaign.read_text()) | {"limits": {"storm_window": 3}}
    campaign.write_text(yaml.safe_dump(fields))
    with pytest.raises(
        NightFailed, match=r"of the last 3 rows failed with RuntimeError.*no kernel image"
    ) as failed:
        run_night(load_campaign(campaign), say=lambda _: None)
    assert "ray::" not in str(failed.value), "as the worker said it, without the remote traceback"


@pytest.mark.faults
def test_a_shard_that_ends_every_worker_is_named(ray: Any, tmp_path: Path, photos: Path) -> None:
    campaign = load_campaign(campaign_of(tmp_path, photos, {"kind": "ray"}, deadly="navy"))
    with pytest.raises(
        NightFailed, match=r"3 workers died with .* of shard . in hand|no worker is left: 5 died"
    ):
        run_night(campaign, say=lambda _: None)


@pytest.mark.faults
def test_a_cluster_that_is_gone_fails_the_night_and_the_next_run_finishes_it(
    tmp_path: Path, photos: Path, undisturbed: tuple[Path, Report]
) -> None:
    campaign = campaign_of(tmp_path, photos, {"kind": "ray", "gpus_per_actor": 0, "actors": 2}, seconds=4)
    log = tmp_path / "driver.log"
    with open(log, "wb") as stream:
        driver = subprocess.Popen(
            [sys.executable, str(HERE / "pooled.py"), str(campaign)], stdout=stream, stderr=stream
        )
    wait_for_edits(tmp_path, 2 * BATCH)
    assert driver.poll() is None, log.read_text()
    everybody = subprocess.run(
        ["ps", "-wweo", "pid=,args="], capture_output=True, text=True, check=True
    ).stdout
    session = f"_{driver.pid}/"  # Ray names its session's folder after the driver
    head = [int(p.split()[0]) for p in everybody.splitlines() if "/gcs_server" in p and session in p]
    os.kill(head[0], signal.SIGKILL)
    assert driver.wait(timeout=200) == cli.Exit.FAILED
    assert "has not answered for 5 s; what is finished is kept" in log.read_text()
    report = run_night(load_campaign(campaign), say=lambda _: None, pool="process")
    assert same(tmp_path, report, undisturbed)


@pytest.mark.faults
def test_a_cluster_of_other_machines_by_its_client_port(
    tmp_path: Path, photos: Path, undisturbed: tuple[Path, Report], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RAY_AUTH_MODE", "token")
    monkeypatch.setenv("RAY_AUTH_TOKEN", secrets.token_hex(32))
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    command = Path(sys.executable).with_name("ray")
    options = (
        "--num-gpus=2",
        "--num-cpus=2",
        "--include-dashboard=false",
        "--disable-usage-stats",
        "--port=6411",
    )
    head = subprocess.Popen(
        [command, "start", "--head", "--block", *options, "--ray-client-server-port=10001"]
    )
    try:
        campaign = campaign_of(tmp_path, photos, {"kind": "ray://127.0.0.1:10001"})
        deadline = time.monotonic() + 300
        while not answers("127.0.0.1", 10001) and time.monotonic() < deadline:
            time.sleep(0.2)
        done = subprocess.run(
            [sys.executable, str(HERE / "pooled.py"), str(campaign)],
            capture_output=True,
            text=True,
            timeout=400,
        )
    finally:
        head.terminate()
        head.wait()
    assert done.returncode == cli.Exit.OK, done.stderr
    assert len(set(loads(tmp_path))) == 2
    assert set(edits(tmp_path).values()) == {1}
    assert same(tmp_path, run_night(load_campaign(campaign), pool="process", say=lambda _: None), undisturbed)


def answers(host: str, port: int) -> bool:
    try:
        socket.create_connection((host, port), timeout=1.0).close()
    except OSError:
        return False
    return True


def test_a_machine_with_other_code_or_without_the_night_is_unfit(tmp_path: Path, photos: Path) -> None:
    report = run_night(load_campaign(campaign_of(tmp_path, photos, None)), say=lambda _: None)
    with pytest.raises(WorkerUnfit, match=r"expected 0\.0\.9.*install the same version there"):
        Worker(report.path).ready("0.0.9+00000000")
    with pytest.raises(WorkerUnfit, match=r"sees no night at .*a shared folder or s3://"):
        Worker(str(tmp_path / "elsewhere")).ready(fingerprint.code_version())
    assert manifest.committed(report.path, "route") == set(range(7))
