"""A delivered night that people are asked about, and a page over it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from night_on_disk import Night

from editcore.delivery.publish import deliver
from editcore.review.app import build
from editcore.review.desk import Desk
from editcore.review.door import ProxyDoor

SECRET = "a-secret-of-the-proxy"
PEOPLE = {"anna": "approver", "bertha": "reviewer", "carl": "viewer"}


def night_of(root: Path, waiting: int = 6, size: int = 96) -> Night:
    """``waiting`` rows for people (every third to rework), three published, one that failed."""
    night = Night(root, size)
    for number in range(waiting):
        route = "rework" if number % 3 == 2 else "review"
        night.add(f"MUG-{number}", ("mug-blue", "warm-studio")[number % 2], route)
    for number in range(3):
        night.add(f"OUT-{number}")
    night.fail("BAD-1", "ingest", "bad_input", "truncated", "The file ends early.")
    night.commit()
    (night.run / "summary.json").write_text("{}")
    deliver(str(root), f"runs/{night.run.name}")
    return night


class Quiet:
    """A hand-over that only counts."""

    about = "Decisions are published by the tests."

    def __init__(self) -> None:
        self.times = 0

    def decided(self) -> None:
        self.times += 1

    def ask(self) -> str:
        return "Published."

    def state(self) -> tuple[bool, str]:
        return False, ""


@pytest.fixture
def output(tmp_path: Path) -> Path:
    night_of(tmp_path / "out")
    return tmp_path / "out"


@pytest.fixture
def desk(output: Path) -> Desk:
    return Desk(str(output))


def headers(name: str) -> dict[str, str]:
    """What the proxy sends for a person."""
    return {"X-Forwarded-User": name, "X-Vitrine-Proxy": SECRET}


def application(desk: Desk) -> Any:
    return build(desk, ProxyDoor("X-Forwarded-User", SECRET, PEOPLE), Quiet())  # type: ignore[arg-type]


@pytest.fixture
def served() -> Iterator[Callable[[Desk], str]]:
    """Serves desks on this machine; gives their addresses. The browser sends ``headers`` itself."""
    import uvicorn

    running: list[tuple[uvicorn.Server, threading.Thread]] = []

    def start(desk: Desk) -> str:
        server = uvicorn.Server(uvicorn.Config(application(desk), port=0, log_level="warning"))
        thread = threading.Thread(target=server.run, daemon=True)
        thread.start()
        while not server.started:
            assert thread.is_alive()
        running.append((server, thread))
        return f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}/"

    yield start
    for server, thread in running:
        server.should_exit = True
        thread.join(10)
