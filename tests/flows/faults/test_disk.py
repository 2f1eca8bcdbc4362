"""A disk that is full, a folder that may not be written: the night ends with a sentence, and the same command goes on.

On real file systems of their own (tmpfs, a read-only bind mount), which only root may mount."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from timeless import PATIENCE, begin, different, files, finish, said
from undisturbed import Undisturbed

from flows.cli import Exit

pytestmark = [pytest.mark.faults, pytest.mark.timeout(900)]


def mount(*arguments: str | Path) -> bool:
    return subprocess.run(["mount", *map(str, arguments)], capture_output=True).returncode == 0


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A small file system of its own."""
    folder = tmp_path / "home" / "out"
    folder.mkdir(parents=True)
    if os.geteuid() or not mount("-t", "tmpfs", "-o", "size=100m", "vitrine-tests", folder):
        pytest.skip("only root may mount file systems, and not in every container")
    yield folder
    subprocess.run(["umount", "--lazy", folder], check=True)


@pytest.mark.parametrize("room", [16, 64, 110, 150, 200, 250])
def test_a_full_disk_ends_the_night_and_room_lets_it_go_on(
    room: int, disk: Path, undisturbed: Undisturbed
) -> None:
    """``room`` in KiB: full while planning, editing, committing, delivering ..."""
    campaign = undisturbed.campaign(disk.parent)
    assert mount("-o", f"remount,size={room}k", disk)
    process = begin(campaign)
    process.join(PATIENCE)
    words = said(campaign).read_text()
    assert process.exitcode == Exit.FAILED, words
    assert "No space left on device" in words and "Traceback" not in words
    assert not (disk / "_SUCCESS").exists()
    assert mount("-o", "remount,size=100m", disk)
    finish(campaign)
    assert different(files(disk), undisturbed.files) == []


def test_an_output_that_may_not_be_written(disk: Path, undisturbed: Undisturbed) -> None:
    campaign = undisturbed.campaign(disk.parent)
    assert mount("-o", "remount,ro", disk)
    process = begin(campaign)
    process.join(PATIENCE)
    words = said(campaign).read_text()
    assert process.exitcode == Exit.FAILED and "Read-only file system" in words and "Traceback" not in words
    assert list(disk.iterdir()) == []
    assert mount("-o", "remount,rw", disk)
    finish(campaign)
    assert different(files(disk), undisturbed.files) == []


def test_an_output_that_cannot_be_written_any_more(
    disk: Path, undisturbed: Undisturbed, tmp_path: Path
) -> None:
    """As when a disk reports errors and the system makes it read-only."""
    campaign, log = undisturbed.campaign(disk.parent), tmp_path / "log"
    process = begin(campaign, STANDIN_LOG=str(log))
    until = time.monotonic() + PATIENCE
    while not (log.exists() and mount("-o", "remount,ro", disk)) and time.monotonic() < until:
        time.sleep(0.001)  # busy as long as a file is open for writing
    process.join(PATIENCE)
    words = said(campaign).read_text()
    assert process.exitcode == Exit.FAILED and "Read-only file system" in words and "Traceback" not in words
    assert mount("-o", "remount,rw", disk)
    finish(campaign)
    assert different(files(disk), undisturbed.files) == []


def test_pictures_in_a_folder_that_may_only_be_read(tmp_path: Path, undisturbed: Undisturbed) -> None:
    photos = undisturbed.home / "photos"
    if os.geteuid() or not mount("--bind", photos, photos):
        pytest.skip("only root may mount file systems, and not in every container")
    try:
        assert mount("-o", "remount,bind,ro", photos)
        with pytest.raises(OSError, match="Read-only"):
            (photos / "written").touch()
        finish(undisturbed.campaign(tmp_path))
    finally:
        subprocess.run(["umount", "--lazy", photos], check=True)
    assert different(files(tmp_path / "out"), undisturbed.files) == []
