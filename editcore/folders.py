"""Local folders, listed fast: a million files in seconds, with one system call each."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any


def describe(path: str) -> dict[str, Any]:
    """``path``, ``size`` in bytes and ``version`` (time of change) of a file; OSError where there is none."""
    return _about(path, os.stat(path))


def walk(folder: str) -> list[dict[str, Any]]:
    """Every file below ``folder``: what ``describe`` says, and ``inner``, its path below the folder; by path.

    Folders behind links are not entered, and count as files; so do links that lead nowhere."""
    found = sorted((entry.path, entry) for entry in _below(folder))
    return [
        _about(path, _stat(entry)) | {"inner": path.removeprefix(folder).strip("/")} for path, entry in found
    ]


def _below(folder: str) -> Iterator[os.DirEntry[str]]:
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                yield from _below(entry.path)
            else:
                yield entry


def _stat(entry: os.DirEntry[str]) -> os.stat_result:
    try:
        return entry.stat()
    except OSError:
        return entry.stat(follow_symlinks=False)


def _about(path: str, facts: os.stat_result) -> dict[str, Any]:
    return {"path": path, "size": facts.st_size, "version": str(facts.st_mtime)}
