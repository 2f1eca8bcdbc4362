"""Files by path or URL, so that a local folder and ``s3://`` behave alike (fsspec underneath).

Guarantees everything above this module relies on:

* ``put`` is atomic: a reader sees the old file, the new file or none, never half of one. Locally that is a
  temporary file in the same folder, fsync and rename; an object store's single PUT is atomic by itself.
* ``put_if_absent`` has one winner among any number of writers (hard link locally, ``If-None-Match: *`` on
S3).
* After ``put`` has returned, a power cut or ``kill -9`` does not take the file away again.

Not covered: stores that ignore ``If-None-Match`` (some S3 imitations do), and folders shared by NFS versions
without atomic rename.
"""

from __future__ import annotations

import contextlib
import os
import posixpath
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import fsspec
from fsspec.implementations.local import LocalFileSystem

TEMPORARY = ".vitrine-"
"""Prefix of half-written local files; ``listing`` hides them and ``sweep`` removes the ones a kill left."""


def is_local(path: str) -> bool:
    """Whether ``path`` names something on this machine's own file system."""
    return isinstance(_open_store(path)[0], LocalFileSystem)


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


def exists(path: str) -> bool:
    """Whether a file or folder is there now (never answered from a cached listing)."""
    store, inner = _open_store(path)
    return bool(store.exists(inner))


def read_bytes(path: str, limit: int | None = None) -> bytes:
    """Contents of a file; at most ``limit`` bytes of it when given."""
    store, inner = _open_store(path)
    return bytes(store.cat_file(inner) if limit is None else store.cat_file(inner, start=0, end=limit))


def chunks(path: str, size: int = 1 << 20) -> Iterator[bytes]:
    """Contents of a file, ``size`` bytes at a time, so that a big one never sits in memory whole."""
    store, inner = _open_store(path)
    with store.open(inner, "rb") as stream:
        while chunk := stream.read(size):
            yield chunk


def put(path: str, data: bytes) -> None:
    """Write or replace a file, atomically and durably; folders above it are made."""
    store, inner = _open_store(path)
    if not isinstance(store, LocalFileSystem):
        store.pipe_file(inner, data)
        return
    with _staged(Path(inner), data) as staged:
        os.replace(staged, inner)
    _sync_folder(Path(inner).parent)


def put_if_absent(path: str, data: bytes) -> bool:
    """Write a file only if there is none; says whether this caller was the one that wrote it."""
    store, inner = _open_store(path)
    if isinstance(store, LocalFileSystem):
        with _staged(Path(inner), data) as staged:
            try:
                os.link(staged, inner)
            except FileExistsError:
                return False
        _sync_folder(Path(inner).parent)
        return True
    try:
        store.pipe_file(inner, data, mode="create")
    except OSError:  # FileExistsError from most stores, a plain OSError for a 412 from others
        if store.exists(inner):
            return False
        raise
    return True


def remove(path: str) -> None:
    """Delete a file or a folder with all it holds; no error when it is not there."""
    store, inner = _open_store(path)
    with contextlib.suppress(FileNotFoundError):
        store.rm(inner, recursive=True)


def listing(folder: str, suffix: str = "") -> list[str]:
    """Names (not paths) of the files and folders directly in ``folder``, sorted; empty if it is not there."""
    store, inner = _open_store(folder)
    try:
        found = store.ls(inner, detail=False, refresh=True)
    except (FileNotFoundError, NotADirectoryError):
        return []
    names = {name_of(entry) for entry in found if entry.rstrip("/") != inner.rstrip("/")}
    return sorted(name for name in names if name.endswith(suffix) and not name.startswith(TEMPORARY))


def walk(folder: str) -> list[dict[str, str]]:
    """Every file below ``folder``: ``path`` (absolute or URL) and ``inner`` (below the folder), by path."""
    store, root = _open_store(folder)
    found = sorted(store.find(root, refresh=True))
    return [{"path": _full(store, name), "inner": name.removeprefix(root).strip("/")} for name in found]


def describe(path: str) -> dict[str, Any]:
    """``path``, ``size`` in bytes and ``version`` (ETag, or time of change) of a file; FileNotFoundError.

    A version that did not change means content that did not change.
    """
    store, inner = _open_store(path)
    info = store.info(inner)
    version = info.get("ETag") or info.get("mtime") or info.get("created") or info.get("LastModified") or ""
    size = int(info.get("size") or 0)
    return {"path": _full(store, info["name"]), "size": size, "version": str(version).strip('"')}


def sweep(folder: str) -> None:
    """Remove the temporary files that killed writers left in a local ``folder``; object stores have none."""
    if is_local(folder):
        for leftover in Path(_open_store(folder)[1]).rglob(f"{TEMPORARY}*"):
            leftover.unlink(missing_ok=True)


def _open_store(path: str) -> tuple[Any, str]:
    store, inner = fsspec.core.url_to_fs(path)
    if not isinstance(store, LocalFileSystem):
        store.invalidate_cache()
    return store, inner


def _full(store: Any, name: str) -> str:
    return name if isinstance(store, LocalFileSystem) else str(store.unstrip_protocol(name))


@contextlib.contextmanager
def _staged(target: Path, data: bytes) -> Iterator[Path]:
    target.parent.mkdir(parents=True, exist_ok=True)
    staged = target.parent / f"{TEMPORARY}{uuid.uuid4().hex}"
    try:
        with open(staged, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        yield staged
    finally:
        staged.unlink(missing_ok=True)


def _sync_folder(folder: Path) -> None:
    """Make a rename or link in ``folder`` durable; not every system can open a folder (Windows cannot)."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
