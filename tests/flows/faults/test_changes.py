"""What changed between a kill and the next run: refused with a list of what differs; put back, the night goes on."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import yaml
from timeless import PATIENCE, begin, different, files, finish, said
from undisturbed import Undisturbed

from flows.cli import Exit

pytestmark = [pytest.mark.faults, pytest.mark.timeout(900)]
MIDDLE = 25
"""A write in the middle of a night."""


@contextmanager
def changed(file: Path, content: bytes) -> Iterator[None]:
    before, times = file.read_bytes(), file.stat()
    file.write_bytes(content)
    try:
        yield
    finally:
        file.write_bytes(before)
        os.utime(file, ns=(times.st_atime_ns, times.st_mtime_ns))


def test_the_settings_weights_code_or_pictures_are_others(tmp_path: Path, undisturbed: Undisturbed) -> None:
    campaign, home = undisturbed.campaign(tmp_path), undisturbed.home
    process = begin(campaign, (MIDDLE, "before"))
    process.join(PATIENCE)
    assert process.exitcode == -signal.SIGKILL
    left = files(tmp_path / "out")
    left.pop(".lease.json")

    def refused(*words: str, **environment: str) -> None:
        said(campaign).write_text("")
        process = begin(campaign, **environment)
        process.join(PATIENCE)
        told = said(campaign).read_text()
        assert process.exitcode == Exit.REFUSED, told
        assert "refused: night tonight was started with something else and cannot be resumed:" in told
        assert all(word in told for word in words), told
        assert "Put it back as it was, or start a new night" in told

    fields = yaml.safe_load(campaign.read_text())
    fields["recipes"][0]["words"] = "make it red"
    with changed(campaign, yaml.safe_dump(fields | {"keep_raw": True}).encode()):
        refused(
            'settings.recipes.navy.words: was "make it navy blue", now "make it red"',
            "settings.keep_raw: was false, now true",
        )
    weights = home / "weights.safetensors"
    with changed(weights, b"other weights"):
        refused(f"models.weights.{weights}: was ")
    with changed(home / "photos" / "mug-0.png", (home / "photos" / "mug-1.png").read_bytes()):
        refused("inputs.sha256: was ")
    refused(f'code: was "{os.environ["STANDIN_CODE"]}", now "another"', STANDIN_CODE="another")
    assert different(files(tmp_path / "out"), left) == []
    finish(campaign)
    assert different(files(tmp_path / "out"), undisturbed.files) == []
