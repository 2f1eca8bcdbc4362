from __future__ import annotations

import threading
import time
import uuid
from pathlib import Path
from typing import Any

import pytest
from object_store import REAL, STORES, place

from editcore import claims, storage, stores
from editcore.outcomes import judge


@pytest.fixture(params=STORES)
def root(request: pytest.FixtureRequest) -> str:
    return place(request.param, request)


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


def test_replace_if_has_one_winner_and_changes_only_what_it_knows(root: str) -> None:
    path, wins, start = storage.join(root, "pointer.json"), [], threading.Barrier(6)
    assert not storage.replace_if(path, b"old", b"new")
    storage.put(path, b"old")
    assert not storage.replace_if(path, b"other", b"new")

    def race(number: int) -> None:
        start.wait()
        if storage.replace_if(path, b"old", str(number).encode()):
            wins.append(number)

    racers = [threading.Thread(target=race, args=(number,)) for number in range(6)]
    for racer in racers:
        racer.start()
    for racer in racers:
        racer.join()
    assert wins == [int(storage.read_bytes(path))]


@pytest.fixture
def careless(monkeypatch: pytest.MonkeyPatch) -> str:
    """A place on a store that ignores the conditions of a PUT: memory, asked like an object store."""
    monkeypatch.setattr(stores, "is_memory", lambda _: False)
    monkeypatch.setattr(claims, "SETTLE", 0.05)
    return f"memory://{uuid.uuid4().hex}"


def test_claims_decide_where_the_store_does_not(careless: str) -> None:
    assert not stores.keeps_conditions(careless)
    test_put_if_absent_has_one_winner(careless)
    test_replace_if_has_one_winner_and_changes_only_what_it_knows(careless)
    assert not [entry for entry in storage.walk(careless) if storage.TEMPORARY in entry["path"]]


@pytest.mark.s3
def test_what_the_object_store_keeps_is_found_out(bucket: str) -> None:
    assert stores.keeps_conditions(f"{bucket}/a/file")
    assert storage.walk(bucket) == []


@pytest.mark.s3
def test_a_put_whose_answer_was_lost_counts_as_done(bucket: str, monkeypatch: pytest.MonkeyPatch) -> None:
    store, path = stores.open_store(bucket)[0], f"{bucket}/lease"
    assert stores.keeps_conditions(path)
    pipe = store.pipe_file

    def answer_lost(*arguments: Any, **named: Any) -> None:
        pipe(*arguments, **named)
        pipe(*arguments, **named)  # what the client does next: the same again, and is refused

    monkeypatch.setattr(store, "pipe_file", answer_lost)
    assert storage.put_if_absent(path, b"mine")
    assert storage.replace_if(path, b"mine", b"mine too")
    assert not storage.put_if_absent(path, b"theirs")
    assert storage.read_bytes(path) == b"mine too"


@pytest.mark.s3
def test_objects_say_what_they_are_and_commits_are_small(
    bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    storage.put(f"{bucket}/report.html", b"<p>")
    assert stores.open_store(bucket)[0].info(f"{bucket}/report.html")["ContentType"] == "text/html"
    monkeypatch.setattr(storage, "ONE_PUT", 3)
    with pytest.raises(ValueError, match="at most 3"):
        storage.put_if_absent(f"{bucket}/big", b"1234")


def test_no_network_is_the_worlds_fault_and_no_credentials_are_told(
    s3: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from botocore.exceptions import EndpointConnectionError, NoCredentialsError

    for error, text in (
        (EndpointConnectionError(endpoint_url="http://nowhere"), "AWS_ENDPOINT_URL"),
        (NoCredentialsError(), "AWS_ACCESS_KEY_ID"),
    ):

        def raises(*_: object, error: Exception = error, **__: object) -> None:
            raise error

        with monkeypatch.context() as patch:
            patch.setattr(stores.open_store("s3://any/file")[0], "cat_file", raises)
            with pytest.raises(stores.Unreachable, match=text) as caught:
                storage.read_bytes("s3://any/file")
        assert judge(caught.value).outcome == "retryable"


@pytest.mark.parametrize("path", ["http://127.0.0.1/x", "ftp://a/b", "simplecache::s3://a/b", "a\0b"])
def test_other_protocols_are_refused(path: str) -> None:
    with pytest.raises(ValueError, match=r"found a path|null character"):
        storage.read_bytes(path)


def test_walk_names_files_by_path_below_the_folder(root: str) -> None:
    storage.put(storage.join(root, "x", "one.jpg"), b"1")
    storage.put(storage.join(root, "two.jpg"), b"22")
    found = storage.walk(root)
    assert [entry["inner"] for entry in found] == ["two.jpg", "x/one.jpg"]
    assert [storage.read_bytes(entry["path"]) for entry in found] == [b"22", b"1"]
    assert [storage.describe(entry["path"]) | {"inner": entry["inner"]} for entry in found] == found


def test_version_changes_with_the_content(root: str) -> None:
    path = storage.join(root, "file")
    storage.put(path, b"1")
    first = storage.describe(path)
    assert (first["size"], storage.describe(path)) == (1, first)
    time.sleep(0.02)  # the clock of a file system is coarse
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


@pytest.mark.s3
@pytest.mark.skipif(not REAL, reason="moto takes every key")
def test_wrong_keys_are_refused_in_words(bucket: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "wrong")
    stores._store.cache_clear()
    try:
        with pytest.raises(PermissionError, match="check keys and rights"):
            storage.put(f"{bucket}/file", b"1")
    finally:
        stores._store.cache_clear()
