"""The files that come out of an evaluation."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from editcore import storage
from editcore.evaluation.agreement import agreement
from editcore.evaluation.markdown import write_between
from editcore.evaluation.page import Circumstances, page
from editcore.evaluation.summary import summarise

__all__ = ["Circumstances", "report"]


def report(
    results: pd.DataFrame,
    editing: Sequence[str],
    about: Circumstances,
    output: Path,
    write: Path | None = None,
    part: str = "evaluate",
) -> list[Path]:
    """Write ``summary.csv``, ``agreement.csv`` and ``evaluation.md`` into ``output``, and into ``write`` between the
    markers of ``part``; gives the files. editing: names of the rows whose pictures an engine made.

    ValueError if ``write`` has no markers.
    """
    summary, agreed = summarise(results), agreement(results[results["row"].isin(editing)])
    text = page(summary, agreed, about)
    files = {"summary.csv": summary.to_csv(index=False), "agreement.csv": agreed.to_csv(index=False)}
    for name, content in (files | {"evaluation.md": text}).items():
        storage.put(str(output / name), content.encode())
    if write is not None:
        write_between(write, text, part)
    return [*(output / name for name in files), output / "evaluation.md", *([write] if write else [])]
