from __future__ import annotations

import threading
import time
import uuid
from pathlib import Path

import pytest

from editcore import storage


@pytest.fixture(params=["local", "memory"])
def root(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return str(tmp_path) if request.param == "local" else f"memory://{uuid.uuid4().hex}"


def test_put_replaces_and_makes_folders(root: str) -> None:
    path = storage.join(root, "a", "b", "c.txt")
    assert not storage.exists(path)
    storage.put(path, b"one")
    storage.put(path, b"two")
    assert storage.read_bytes(path) == b"two"
    assert b"".join(storage.chunks(path, 2)) == b"two"
    assert storage.read_bytes(path, limit=1) == b"t"
    assert storage.listing(storage.join(root, "a", "b")) == ["c.txt"]


def test_put_if_absent_has_one_winner(root: str) -> None:
    path, wins, start = storage.join(root, "lease"), [], threading.Barrier(8)

    def race(number: int) -> None:
        start.wait()
        if storage.put_if_absent(path, str(number).encode()):
            wins.append(number)

    racers = [threading.Thread(target=race, args=(number,)) for number in range(8)]
    for racer in racers:
        racer.start()
    for racer in racers:
        racer.join()
    assert wins == [int(storage.read_bytes(path))]


def test_walk_names_files_by_path_below_the_folder(root: str) -> None:
    storage.put(storage.join(root, "x", "one.jpg"), b"1")
    storage.put(storage.join(root, "two.jpg"), b"22")
    found = storage.walk(root)
    assert [entry["inner"] for entry in found] == ["two.jpg", "x/one.jpg"]
    assert [storage.read_bytes(entry["path"]) for entry in found] == [b"22", b"1"]


def test_version_changes_with_the_content(root: str) -> None:
    path = storage.join(root, "file")
    storage.put(path, b"1")
    first = storage.describe(path)
    assert (first["size"], storage.describe(path)) == (1, first)
    time.sleep(0.02)
    storage.put(path, b"2")
    assert storage.describe(path)["version"] != first["version"]


def test_absent_folders_are_empty_and_removing_them_is_fine(root: str) -> None:
    assert storage.listing(storage.join(root, "nowhere")) == []
    storage.remove(storage.join(root, "nowhere"))
    storage.put(storage.join(root, "d", "e", "f"), b"")
    storage.remove(storage.join(root, "d"))
    assert not storage.exists(storage.join(root, "d", "e", "f"))


def test_a_failed_write_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = str(tmp_path / "file")
    storage.put(path, b"old")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(storage.os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        storage.put(path, b"new")
    assert storage.read_bytes(path) == b"old"
    assert [file.name for file in tmp_path.iterdir()] == ["file"]


def test_leftovers_of_a_kill_are_hidden_and_swept(tmp_path: Path) -> None:
    (tmp_path / "step").mkdir()
    torn = tmp_path / "step" / f"{storage.TEMPORARY}1"
    torn.write_bytes(b"half")
    assert storage.listing(str(tmp_path / "step")) == []
    storage.sweep(str(tmp_path))
    assert not torn.exists()


def test_paths() -> None:
    assert storage.join("s3://bucket/out/", "/runs/", "a") == "s3://bucket/out/runs/a"
    assert storage.join("/", "a") == "/a"
    assert storage.absolute("s3://bucket/x/", "/base") == "s3://bucket/x"
    assert storage.absolute("photos", "/base") == "/base/photos"
