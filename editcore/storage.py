"""Files by path or URL, so that a local folder and ``s3://`` behave alike.

Guarantees everything above this module relies on:

* ``put`` is atomic: a reader sees the old file, the new file or none, never half of one. Locally that is a
  temporary file in the same folder, fsync and rename; an object store shows an object when it is complete.
* ``put_if_absent`` has one winner among any number of writers, and ``replace_if`` too: a hard link and a file lock
  locally; one small PUT with ``If-None-Match`` or ``If-Match`` on S3, never a multipart upload, whose conditions
  Ceph ignores; ``claims`` on stores that ignore conditions.
* After any of them has returned, a power cut or ``kill -9`` does not take the file away again.
* Failures of the world are ``OSError``: ``FileNotFoundError``, ``PermissionError``, ``stores.Unreachable`` ...

Not covered: folders shared by NFS versions without atomic rename or locks.
"""

from __future__ import annotations

import contextlib
import mimetypes
import os
import posixpath
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from fsspec.implementations.local import LocalFileSystem

from editcore import claims, folders, stores
from editcore.stores import TEMPORARY, is_local, open_store, reaching

__all__ = ["TEMPORARY", "is_local"]

ONE_PUT = 64 << 20
"""Bytes a conditional write may have at most: it must be a single PUT."""


def join(root: str, *parts: str) -> str:
    """``root`` and ``parts`` with single slashes between, for folders and URLs alike."""
    return "/".join([root.rstrip("/") if root != "/" else "", *(part.strip("/") for part in parts)])


def name_of(path: str) -> str:
    """Last part of a path or URL."""
    return posixpath.basename(path.replace(os.sep, "/").rstrip("/"))


def absolute(path: str, base: str = "") -> str:
    """``path`` made absolute against the local folder ``base`` (default: the working folder); URLs stay."""
    if "://" in path:
        return path.rstrip("/")
    return os.path.abspath(os.path.join(base or os.getcwd(), os.path.expanduser(path)))


@reaching
def exists(path: str) -> bool:
    """Whether a file or folder is there now (never answered from a cached listing)."""
    store, inner = open_store(path)
    return bool(store.exists(inner))


@reaching
def read_bytes(path: str, limit: int | None = None) -> bytes:
    """Contents of a file; at most ``limit`` bytes of it when given."""
    store, inner = open_store(path)
    return _read(store, inner) if limit is None else bytes(store.cat_file(inner, start=0, end=limit))


def chunks(path: str, size: int = 1 << 20) -> Iterator[bytes]:
    """Contents of a file, ``size`` bytes at a time, so that a big one never sits in memory whole."""
    store, inner = open_store(path)
    with stores.answering(path), store.open(inner, "rb") as stream:
        while chunk := stream.read(size):
            yield chunk


@reaching
def put(path: str, data: bytes) -> None:
    """Write or replace a file, atomically and durably; folders above it are made."""
    store, inner = open_store(path)
    if not isinstance(store, LocalFileSystem):
        store.pipe_file(inner, data, **_headers(store, inner))
        return
    with _staged(inner, data) as staged:
        os.replace(staged, inner)
    _sync_folder(os.path.dirname(inner))


@reaching
def put_if_absent(path: str, data: bytes) -> bool:
    """Write a file only if there is none; says whether this caller was the one that wrote it.

    Finding one's own bytes there counts as having written them: a PUT that succeeded and whose answer was lost
    is tried again by the client. Give the data something unique where the winner matters.
    """
    store, inner = open_store(path)
    if isinstance(store, LocalFileSystem):
        with _staged(inner, data) as staged:
            try:
                os.link(staged, inner)
            except FileExistsError:
                return False
        _sync_folder(os.path.dirname(inner))
        return True
    return _exchange(store, path, inner, None, data)


@reaching
def replace_if(path: str, expected: bytes, data: bytes) -> bool:
    """Replace a small file only while its content is ``expected``; says whether it was. The same rule for own
    bytes."""
    store, inner = open_store(path)
    if isinstance(store, LocalFileSystem):
        with _alone_in(Path(inner).parent):
            if not Path(inner).exists() or Path(inner).read_bytes() != expected:
                return False
            put(path, data)
        return True
    return _exchange(store, path, inner, expected, data)


def _exchange(store: Any, path: str, inner: str, expected: bytes | None, data: bytes) -> bool:
    """Write ``data`` if the object holds ``expected`` (None: is absent), one winner among all writers."""
    if len(data) > ONE_PUT:
        raise ValueError(
            f"found {len(data)} bytes for a conditional write of {path}, expected at most {ONE_PUT}"
        )
    if stores.is_memory(store) or not stores.keeps_conditions(path):
        turn = stores.lock_of(path) if stores.is_memory(store) else claims.turn(store, inner)
        with turn:
            if _content(store, inner) != expected:
                return False
            store.pipe_file(inner, data, **_headers(store, inner))
        return True
    condition = {"mode": "create"}
    if expected is not None:
        if not (tag := _tag_of(store, inner)) or _content(store, inner) != expected:
            return False
        condition = {"IfMatch": tag}
    try:
        store.pipe_file(inner, data, **condition, **_headers(store, inner))
    except OSError:  # a 412, or an answer that got lost: what lies there now decides
        found = _content(store, inner)
        if found == data:
            return True
        if found != expected:
            return False
        raise
    return True


def _read(store: Any, inner: str) -> bytes:
    """A file in one request: several ranges of an object that is replaced meanwhile would not fit together."""
    return bytes(store.cat_file(inner, **({"max_concurrency": 1} if _is_s3(store) else {})))


def _content(store: Any, inner: str) -> bytes | None:
    try:
        return _read(store, inner)
    except FileNotFoundError:
        return None


def _tag_of(store: Any, inner: str) -> str:
    """ETag of an object, without the quotes that Ceph does not take back; read before the content."""
    try:
        return str(store.info(inner).get("ETag") or "").strip('"')
    except FileNotFoundError:
        return ""


@reaching
def remove(path: str) -> None:
    """Delete a file or a folder with all it holds; no error when it is not there."""
    store, inner = open_store(path)
    with contextlib.suppress(FileNotFoundError):
        store.rm(inner, recursive=True)


@reaching
def listing(folder: str, suffix: str = "") -> list[str]:
    """Names (not paths) of the files and folders directly in ``folder``, sorted; empty if it is not there."""
    store, inner = open_store(folder)
    try:
        found = store.ls(inner, detail=False, refresh=True)
    except (FileNotFoundError, NotADirectoryError):
        return []
    names = {name_of(entry) for entry in found if entry.rstrip("/") != inner.rstrip("/")}
    return sorted(name for name in names if name.endswith(suffix) and not name.startswith(TEMPORARY))


@reaching
def walk(folder: str) -> list[dict[str, Any]]:
    """Every file below ``folder``: what ``describe`` says, and ``inner``, its path below the folder; by path.

    On an object store this takes one request per thousand files, not one per file.
    """
    store, root = open_store(folder)
    if isinstance(store, LocalFileSystem) and os.path.isdir(root):
        return folders.walk(root)
    found = store.find(root, detail=True, refresh=True)
    return [
        {**_about(store, info), "inner": name.removeprefix(root).strip("/")}
        for name, info in sorted(found.items())
        if not name.endswith("/")  # the empty objects that stand for folders
    ]


@reaching
def describe(path: str) -> dict[str, Any]:
    """``path``, ``size`` in bytes and ``version`` (ETag, or time of change) of a file; FileNotFoundError.

    A version that did not change means content that did not change.
    """
    store, inner = open_store(path)
    if isinstance(store, LocalFileSystem):
        return folders.describe(inner)
    return _about(store, store.info(inner))


def _about(store: Any, info: dict[str, Any]) -> dict[str, Any]:
    version = info.get("ETag") or info.get("mtime") or info.get("created") or info.get("LastModified") or ""
    version = version.timestamp() if hasattr(version, "timestamp") else version  # memory mixes the two
    size = int(info.get("size") or 0)
    return {"path": stores.full_name(store, info["name"]), "size": size, "version": str(version).strip('"')}


def sweep(folder: str, spare: str = "") -> None:
    """Remove the temporary files that killed writers left in a local ``folder``; object stores hide theirs. ``spare``:
    a folder below it that has living writers."""
    if is_local(folder):
        root = Path(open_store(folder)[1])
        for leftover in root.rglob(f"{TEMPORARY}*"):
            if not (spare and leftover.is_relative_to(root / spare)):
                leftover.unlink(missing_ok=True)


def _headers(store: Any, inner: str) -> dict[str, str]:
    """Headers of an object, so that a browser shows what it gets from the bucket."""
    kind = mimetypes.guess_type(inner)[0]
    return {"ContentType": kind} if kind and _is_s3(store) else {}


def _is_s3(store: Any) -> bool:
    return "s3" in store.protocol


@contextlib.contextmanager
def _staged(target: str, data: bytes) -> Iterator[str]:
    """A file with ``data`` beside ``target``. Plain strings: ``pathlib`` would cost as much as the system calls."""
    folder = os.path.dirname(target)
    os.makedirs(folder, exist_ok=True)
    staged = os.path.join(folder, f"{TEMPORARY}{uuid.uuid4().hex}")
    try:
        with open(staged, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        yield staged
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(staged)


@contextlib.contextmanager
def _alone_in(folder: Path) -> Iterator[None]:
    """Among the processes of this machine; closing the folder (also by a kill) lets the next one in."""
    import fcntl

    folder.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _sync_folder(folder: str) -> None:
    """Make a rename or link in ``folder`` durable; not every system can open a folder (Windows cannot)."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
