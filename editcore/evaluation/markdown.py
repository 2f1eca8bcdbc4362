"""Markdown tables, and their place in a page."""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence
from pathlib import Path


def markers(name: str = "evaluate") -> tuple[str, str]:
    """The lines between which a page has a made part."""
    return f"<!-- {name}: begin -->", f"<!-- {name}: end -->"


def write_between(file: Path, text: str, name: str = "evaluate") -> None:
    """Put ``text`` between the markers of ``file``; a file that is not there is made. ValueError without markers."""
    begin, end = markers(name)
    old = file.read_text("utf-8") if file.exists() else f"# Evaluation\n\n{begin}\n{end}\n"
    if old.count(begin) != 1 or old.count(end) != 1 or old.index(begin) > old.index(end):
        raise ValueError(
            f"{file} has no place for the table: put the lines {begin} and {end} into it, once each"
        )
    before, rest = old.split(begin)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f"{before}{begin}\n\n{text}\n{end}{rest.split(end)[1]}", "utf-8")


def hardware() -> str:
    """Processor, cores and threads, and the GPU if torch sees one."""
    import torch

    name = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        models = [
            line.split(":")[1].strip()
            for line in info.read_text().splitlines()
            if line.startswith("model name")
        ]
        name = models[0] if models else name
    text = f"{os.cpu_count()} cores of {name}, {torch.get_num_threads()} thread(s)"
    return f"{text}, {torch.cuda.get_device_name()}" if torch.cuda.is_available() else text


def markdown_table(head: Sequence[str], body: Sequence[Sequence[str]]) -> str:
    """A table; bars inside cells are escaped."""
    rows = [head, ["---"] * len(head), *body]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows)
