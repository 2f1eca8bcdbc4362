"""The tables beside this file: tab-separated, "#" starts a comment line."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path


def rows(name: str) -> Iterator[list[str]]:
    """Columns of every line of a table of the lexicon."""
    # Not importlib.resources: it would be a third of the time this package takes to import.
    for line in Path(__file__).with_name(name).read_text("utf-8").splitlines():
        if line.strip() and not line.startswith("#"):
            yield line.split("\t")
