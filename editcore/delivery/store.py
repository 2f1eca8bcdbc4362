"""Reading and writing paths that are local folders or bucket URLs, through fsspec."""

from __future__ import annotations

import os
import uuid

import fsspec


def join(*parts: str) -> str:
    return "/".join([parts[0].rstrip("/"), *(part.strip("/") for part in parts[1:])])


def read(path: str) -> bytes:
    with fsspec.open(path, "rb") as file:
        return file.read()


def write(path: str, data: bytes) -> None:
    """Put ``data`` at ``path`` in one move: a reader sees the old file or the new one, never half of it."""
    fs, name = fsspec.url_to_fs(path)
    if "file" not in (fs.protocol if isinstance(fs.protocol, tuple) else (fs.protocol,)):
        fs.pipe_file(name, data)
        return
    os.makedirs(os.path.dirname(name), exist_ok=True)
    part = f"{name}.{uuid.uuid4().hex[:8]}.part"
    with open(part, "wb") as file:
        file.write(data)
    os.replace(part, name)


def exists(path: str) -> bool:
    fs, name = fsspec.url_to_fs(path)
    return fs.exists(name)


def names(folder: str) -> list[str]:
    """Names of the files right under ``folder``, sorted; empty when the folder is not there."""
    fs, name = fsspec.url_to_fs(folder)
    try:
        entries = fs.ls(name, detail=True, refresh=True)
    except FileNotFoundError:
        return []
    return sorted(entry["name"].rsplit("/", 1)[-1] for entry in entries if entry["type"] == "file")


def remove(path: str) -> None:
    fs, name = fsspec.url_to_fs(path)
    if fs.exists(name):
        fs.rm_file(name)
