from __future__ import annotations

import itertools
import json
import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from editcore import lease as leases
from editcore import storage
from editcore.lease import LeaseHeld, lease


def held_by(output: Path, **changes: object) -> None:
    card = leases._card() | {"token": "somebody else"} | changes
    (output / ".lease.json").write_text(json.dumps(card))


def test_second_process_is_refused_and_the_lease_goes_with_the_body(tmp_path: Path) -> None:
    with (
        lease(str(tmp_path)),
        pytest.raises(LeaseHeld, match=rf"process {os.getpid()}"),
        lease(str(tmp_path)),
    ):
        pass
    assert not (tmp_path / ".lease.json").exists()
    with lease(str(tmp_path)):
        pass


def test_lease_of_a_killed_process_is_taken_over(tmp_path: Path) -> None:
    code = (
        f"from editcore.lease import lease\nimport os\nwith lease({str(tmp_path)!r}): os.kill(os.getpid(), 9)"
    )
    subprocess.run([sys.executable, "-c", code], check=False)
    assert (tmp_path / ".lease.json").exists()
    with lease(str(tmp_path)):
        pass


def test_a_pid_given_to_another_process_does_not_keep_a_lease_alive(tmp_path: Path) -> None:
    held_by(tmp_path, started="another boot/1")
    with lease(str(tmp_path)):
        pass


def test_other_hosts_are_believed_while_their_heart_beats(tmp_path: Path) -> None:
    assert socket.gethostname() != "elsewhere"
    held_by(tmp_path, host="elsewhere", heartbeat=time.time() - 30)
    with pytest.raises(LeaseHeld, match="host elsewhere"), lease(str(tmp_path)):
        pass


WRONG_CLOCKS = [-leases.STALE_AFTER - 1, -86_400, leases.STALE_AFTER + 1, 86_400]


@pytest.mark.parametrize("clock", WRONG_CLOCKS)
def test_the_dead_of_other_hosts_are_watched_and_then_followed_whatever_their_clock_said(
    clock: float, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leases, "HEARTBEAT", 0.02)
    held_by(tmp_path, host="elsewhere", heartbeat=time.time() + clock)
    with lease(str(tmp_path)):
        pass


@pytest.mark.parametrize("clock", WRONG_CLOCKS)
def test_a_wrong_clock_ends_no_living_night(
    clock: float, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leases, "HEARTBEAT", 2.0)
    monkeypatch.setattr(leases, "_read", lambda path: held_by(tmp_path, **elsewhere()) or read(path))
    read, beats = storage.read_bytes, itertools.count()

    def elsewhere() -> dict[str, object]:
        return {"host": "elsewhere", "heartbeat": time.time() + clock + next(beats)}

    held_by(tmp_path, **elsewhere())
    with pytest.raises(LeaseHeld, match="host elsewhere"), lease(str(tmp_path)):
        pass


def test_whoever_lost_the_lease_finds_out_before_it_delivers(tmp_path: Path) -> None:
    with lease(str(tmp_path)) as held:
        held.confirm()
        held_by(tmp_path)
        with pytest.raises(LeaseHeld, match="took this output over"):
            held.confirm()
    assert json.loads((tmp_path / ".lease.json").read_text())["token"] == "somebody else"


def test_a_process_that_was_frozen_asks_before_it_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with lease(str(tmp_path)) as held:
        held_by(tmp_path)
        assert held.taken() == ""  # its last heartbeat got through; the next one will tell
        held.beaten -= leases.STALE_AFTER + 1
        assert "took this output over" in held.taken()
        with monkeypatch.context() as patch:
            patch.setattr(leases, "_read", lambda path: (_ for _ in ()).throw(OSError("no store")))
            assert held.taken() == ""  # a store that stays away is no taker
        storage.remove(held.path)
        storage.put(held.path, json.dumps({"token": held.token}).encode())
        assert held.taken() == "" and time.monotonic() - held.beaten < 5


def test_a_lease_taken_by_somebody_else_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leases, "HEARTBEAT", 0.01)
    told: list[str] = []
    with lease(str(tmp_path)) as held:
        held.when_lost.append(lambda: told.append("stop"))
        held_by(tmp_path)
        assert held.lost.wait(5)
    assert told == ["stop"]
    assert json.loads((tmp_path / ".lease.json").read_text())["token"] == "somebody else"


def test_a_torn_lease_is_no_lease(tmp_path: Path) -> None:
    (tmp_path / ".lease.json").write_text('{"host": ')
    with lease(str(tmp_path)):
        pass
