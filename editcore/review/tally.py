"""What reviews say about a night: how much waits, what was rejected and why, and what the thresholds let through."""

from __future__ import annotations

from collections import Counter
from statistics import median
from typing import NamedTuple

from editcore.decisions import REASONS, Book, Standing
from editcore.night import picture_of
from editcore.review.shown import rows_for_people

COLUMNS = ("row_id", "outcome", "routed", "attempt", "image_path")


class Tally(NamedTuple):
    """Figures over the rows of one delivery that people are asked about; only decisions that count."""

    waiting: int
    """Rows routed to people that nobody decided on."""
    approved: int
    rejected: int
    """Of the rows routed to people."""
    first_pass: int
    """Of the approved ones: at their first attempt."""
    again: int
    """Of the rejected ones: to be made again."""
    checked: int
    escaped: int
    """Spot checks of pictures that went out without a person, and how many of them were rejected."""
    reasons: dict[str, int]
    """Rejections by reason, most frequent first; a picture may have several."""
    seconds: float | None
    """Median seconds a picture was looked at; decisions on several pictures at once count by their mean."""


def tally(output: str, night: str, book: Book) -> Tally:
    """The figures of ``night``, which the output shows."""
    rows = rows_for_people(output, book.decided_rows(), COLUMNS)
    about = rows.loc[rows["row_id"].isin(book.decided_rows()), ["row_id", "image_path"]]
    found = {
        place: book.standing(row_id, picture_of(night, path)) for place, row_id, path in about.itertuples()
    }
    decided = {place: standing for place, standing in found.items() if standing}
    routed, attempt = rows["routed"], rows["attempt"]
    checks = {place: found for place, found in decided.items() if routed[place] == "publish"}
    asked = {place: found for place, found in decided.items() if place not in checks}
    approved = [place for place, found in asked.items() if _verdict(found) == "approve"]
    rejected = [found.decision for found in decided.values() if _verdict(found) == "reject"]
    reasons = Counter(reason for decision in rejected for reason in decision.reasons)
    seconds = [found.decision.seconds / len(found.decision.rows) for found in decided.values()]
    return Tally(
        waiting=int((routed != "publish").sum()) - len(asked),
        approved=len(approved),
        rejected=len(asked) - len(approved),
        first_pass=sum(attempt[place] == 1 for place in approved),
        again=sum(decision.again for decision in rejected),
        checked=len(checks),
        escaped=sum(_verdict(found) == "reject" for found in checks.values()),
        reasons=dict(reasons.most_common()),
        seconds=median(seconds) if seconds else None,
    )


def sentences(figures: Tally) -> list[str]:
    """The figures in words, for people; empty where nobody is asked and nobody decided."""
    lines = []
    done = figures.approved + figures.rejected
    if figures.waiting or done:
        lines.append(f"{figures.waiting} pictures wait for people, {done} are decided")
    if done:
        lines.append(
            f"approved {figures.approved} of {done} ({figures.approved / done:.0%}), {figures.first_pass} of them at "
            f"the first attempt; {figures.again} rejected ones are to be made again"
        )
    if figures.checked:
        lines.append(
            f"spot checks of what went out by itself: {figures.escaped} of {figures.checked} rejected "
            f"({figures.escaped / figures.checked:.0%})"
        )
    if figures.reasons:
        counted = ", ".join(f"{REASONS[reason].lower()} {count}" for reason, count in figures.reasons.items())
        lines.append(f"reasons: {counted}")
    if figures.seconds is not None:
        lines.append(f"a picture was looked at for {figures.seconds:.1f} s (median)")
    return lines


def _verdict(found: Standing) -> str:
    return found.decision.verdict
