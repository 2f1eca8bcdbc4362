"""``vitrine review`` as people start it: a link that lets in, a page, and an end without complaints."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import httpx


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def test_the_command_serves_whoever_has_its_link(output: Path) -> None:
    command = [sys.executable, "-m", "flows.cli", "review", str(output), "--port", str(free_port())]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as page:
        assert page.stdout
        try:
            link = re.search(r"http://\S+", page.stdout.readline())
            assert (
                link and page.stdout.readline().strip() == "Decisions are published 2 min after the last one."
            )
            address = link[0].split("?")[0]
            with httpx.Client(transport=httpx.HTTPTransport(retries=8), follow_redirects=True) as person:
                assert person.get(f"{address}health").text == "ok\n"
                assert person.get(f"{address}queue").status_code == 401
                assert "Spring range" in person.get(link[0]).text
                assert person.get(f"{address}queue").json()["total"] == 6
        finally:
            page.send_signal(signal.SIGINT)
        assert page.stdout.read() == ""
    assert page.returncode == 0
