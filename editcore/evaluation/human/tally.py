"""Answers unblinded: who won how often, with an interval, and whether the raters simply liked one side.

Win rate: wins / (wins + losses), ties apart, with the exact binomial interval of 95 % (Clopper and Pearson 1934) and
the two-sided binomial test against one half. Every answer counts as independent: answers of several raters to one pair
are not quite, so the interval is then a little too narrow.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from pydantic import BaseModel, ValidationError
from scipy.stats import binomtest

CHOICES = ("left", "right", "tie")
MAX_BYTES = 10_000_000
"""A tally file is a few kilobytes; anything larger is something else."""


class _Answer(BaseModel):
    pair: str
    choice: str
    seconds: float | None = None


class _File(BaseModel):
    sheet: str
    rater: str = ""
    answers: list[_Answer]


@dataclass(frozen=True)
class Rate:
    """A share with its interval, each in [0, 1]; None without a case."""

    wins: int
    of: int

    def text(self) -> str:
        """ "62 % (45 to 77), p 0.18" """
        if not self.of:
            return "no answers"
        test = binomtest(self.wins, self.of, 0.5)
        low, high = test.proportion_ci(0.95, method="exact")
        return f"{self.wins / self.of:.0%} ({low:.0%} to {high:.0%}), p {test.pvalue:.2g}"


def read_answers(file: Path) -> _File:
    """A tally file as the page exports it, JSON or CSV. ``ValueError`` says what is wrong with it."""
    if not file.is_file():
        raise ValueError(f"no tally file {file}")
    if file.stat().st_size > MAX_BYTES:
        raise ValueError(f"{file} has {file.stat().st_size} bytes; a tally file has a few thousand")
    text = file.read_text("utf-8", errors="replace")
    try:
        raw = json.loads(text) if file.suffix == ".json" else _from_csv(text)
        return _File.model_validate(raw)
    except (ValueError, ValidationError) as error:
        raise ValueError(f"{file} is no tally of a sheet: {str(error).splitlines()[0]}") from None


def unblind(key_file: Path, files: Iterable[Path]) -> pd.DataFrame:
    """One line per answer: ``rater, pair, kind, case_id, left, right, choice, winner`` ("" for a tie), ``seconds``.

    A rater who answered a pair twice is counted once, with the last answer. Raises ``ValueError`` for answers to
    another sheet, unknown pairs and choices.
    """
    try:
        key = json.loads(key_file.read_text("utf-8"))
        pairs = {pair["pair"]: pair for pair in key["pairs"]}
        sheet = key["sheet"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ValueError(f"{key_file} is no key of a sheet: {error}") from None
    lines: dict[tuple[str, str], dict[str, Any]] = {}
    for number, file in enumerate(files):
        given = read_answers(file)
        if given.sheet != sheet:
            raise ValueError(f"{file} answers sheet {given.sheet}, the key is of sheet {sheet}")
        rater = given.rater or f"rater {number + 1}"
        for answer in given.answers:
            if answer.pair not in pairs or answer.choice not in CHOICES:
                raise ValueError(f"{file}: found {answer.pair}: {answer.choice}; expected a pair of the sheet and "
                                 f"one of {', '.join(CHOICES)}")  # fmt: skip
            pair = pairs[answer.pair]
            winner = "" if answer.choice == "tie" else pair[answer.choice]
            line = pair | {
                "rater": rater,
                "choice": answer.choice,
                "winner": winner,
                "seconds": answer.seconds,
            }
            lines[rater, answer.pair] = line
    if not lines:
        raise ValueError("no answers in the tally files")
    return pd.DataFrame(lines.values())


def tally(answers: pd.DataFrame) -> str:
    """Markdown: every two rows, together and per kind, and the raters' lean to a side."""
    head = ["pair of rows", "kind", "first wins", "second wins", "ties", "win rate of the first (95 %)"]
    body = []
    for (a, b), group in answers.groupby(answers.apply(_rows, axis=1), sort=True):
        kinds = sorted(group["kind"].unique())
        for kind in ["all", *(kinds if len(kinds) > 1 else [])]:
            part = group if kind == "all" else group[group["kind"] == kind]
            wins, losses = int((part["winner"] == a).sum()), int((part["winner"] == b).sum())
            ties = len(part) - wins - losses
            body.append(
                [f"{a} : {b}", kind, str(wins), str(losses), str(ties), Rate(wins, wins + losses).text()]
            )
    decided = answers[answers["winner"] != ""]
    left = Rate(int((decided["choice"] == "left").sum()), len(decided))
    table = "\n".join("| " + " | ".join(row) + " |" for row in [head, ["---"] * len(head), *body])
    return (
        f"{table}\n\n{len(answers)} answers of {answers['rater'].nunique()} rater(s); "
        f"the left side was chosen {left.text()}.\n"
    )


def _rows(line: pd.Series) -> tuple[str, str]:
    first, second = sorted((str(line["left"]), str(line["right"])))
    return first, second


def _from_csv(text: str) -> dict[str, Any]:
    lines: Sequence[dict[str, str]] = list(csv.DictReader(io.StringIO(text)))
    if not lines or not {"sheet", "rater", "pair", "choice"} <= set(lines[0]):
        raise ValueError("expected the columns sheet, rater, pair, choice, seconds")
    if len({(line["sheet"], line["rater"]) for line in lines}) > 1:
        raise ValueError("answers of several sheets or raters in one file; export one file per rater")
    answers = [
        {"pair": line["pair"], "choice": line["choice"], "seconds": line.get("seconds") or None}
        for line in lines
    ]
    return {"sheet": lines[0]["sheet"], "rater": lines[0]["rater"], "answers": answers}
