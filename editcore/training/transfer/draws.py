"""Batches of four-panel samples from groups: which member shows the change, and who is to follow.

A batch has pairs and, for each, ``queries`` other members of its group, so that a pair's keys and values are computed
once for all of them, as at work. A composed batch has two pairs a sample, each showing one of two changes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

Steps = tuple[tuple[int, int], ...]
"""Changes a sample shows, as (state before, state after) each; states are bit masks of changes made."""


@dataclass(frozen=True)
class Group:
    """One change, or two, made to several members."""

    pictures: np.ndarray
    """Rows of pictures, (members, states) int; states as in ``Steps``."""
    words: tuple[str, ...]
    """What each change is called."""
    kinds: tuple[str, ...]


class Sample(NamedTuple):
    """Rows of pictures."""

    pairs: list[tuple[int, int]]
    """One (before, after), or two."""
    queries: list[tuple[int, int]]
    """(query, target) each."""
    words: str


def draw(group: Group, queries: int, composed: bool, rng: np.random.Generator) -> Sample:
    """One sample of ``group``. ValueError if it has too few members, or one change only and two are asked for."""
    members, states = group.pictures.shape
    if members < 2 or (composed and states < 4):
        raise ValueError(
            f"{members} members and {states} states; expected 2 members, and 4 states to compose"
        )
    shown, asked, words = _both(group) if composed else _one(group, states, rng)
    example, *others = rng.permutation(members)
    second = int(others[0]) if len(others) > 1 else int(example)
    pairs = [(int(example), shown[0])] + ([(second, shown[1])] if composed else [])
    rest = [int(m) for m in others if not (composed and m == second)] or [int(others[0])]
    followers = rng.choice(rest, queries, replace=len(rest) < queries)
    rows: Any = lambda member, step: tuple(int(group.pictures[member, state]) for state in step)  # noqa: E731
    starts = [asked[int(rng.integers(len(asked)))] for _ in range(queries)]
    return Sample(
        [rows(*pair) for pair in pairs], [rows(m, s) for m, s in zip(followers, starts, strict=True)], words
    )


def _one(group: Group, states: int, rng: np.random.Generator) -> tuple[Steps, Steps, str]:
    """One pair: a change alone, or on top of the other, or both at once."""
    if states == 2:
        return ((0, 1),), ((0, 1),), group.words[0]
    first, second = ((0, 1), (2, 3)), ((0, 2), (1, 3))
    which = int(rng.integers(3))
    if which == 2:
        return ((0, 3),), ((0, 3),), " and ".join(group.words)
    steps = (first, second)[which]
    return (steps[int(rng.integers(2))],), steps, group.words[which]


def _both(group: Group) -> tuple[Steps, Steps, str]:
    """Two pairs, a change each."""
    return ((0, 1), (0, 2)), ((0, 3),), " and ".join(group.words)
