"""Cases: a pair, a picture that is to follow it, and a photograph of the right answer.

All from specimens and changes that no training saw (``studio.groups``: seeds from 860,000). Pictures are
(3, 128, 128) uint8, what the bundled model sees; pair and query show different products in different poses, light and
scenes, unless the case is an aligned one.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from editcore.studio.groups import (
    GROUPS_PER_CHUNK,
    HELD_OUT_SEED,
    LEAVE_OUT,
    LEAVE_OUT_PAIRS,
    SEEDS_PER_CHUNK,
    Chunk,
    Made,
    make_chunk,
)

Setting = Literal["known kind", "unseen kind", "aligned pair", "composed", "unseen composition"]
SETTINGS: tuple[Setting, ...] = (
    "known kind",
    "aligned pair",
    "composed",
    "unseen composition",
    "unseen kind",
)
"""``aligned pair``: a known kind shown on the query itself, which only copying its result could beat. ``composed``:
two pairs, a change each, both to be made; ``unseen composition``: two kinds that training never showed together."""
FOLLOWERS = 2
"""Pictures that follow each pair."""


@dataclass(frozen=True)
class ExemplarCase:
    """One picture to be edited."""

    case_id: str
    setting: Setting
    kind: str
    """Kind of change, or two with a plus."""
    words: str
    pairs: tuple[tuple[np.ndarray, np.ndarray], ...]
    """(before, after), one or two."""
    query: np.ndarray
    truth: np.ndarray
    pair_mattes: tuple[tuple[np.ndarray, np.ndarray], ...] = ()
    """The product in each pair's pictures, (128, 128) uint8."""
    query_matte: np.ndarray | None = None


def load_cases(folder: Path, groups: int) -> list[ExemplarCase]:
    """Cases of ``groups`` held-out groups, photographed into ``folder`` unless they are there."""
    folder.mkdir(parents=True, exist_ok=True)
    made: list[Made] = []
    for start in range(0, groups, GROUPS_PER_CHUNK):
        file = folder / f"cases-{start:05d}.npz"
        if not file.exists():
            first = HELD_OUT_SEED + start // GROUPS_PER_CHUNK * SEEDS_PER_CHUNK
            _keep(make_chunk(Chunk(first, LEAVE_OUT, LEAVE_OUT_PAIRS, held_out=True)), file)
        made += _kept(file)
    return list(cases_of(made[:groups]))


def cases_of(groups: Sequence[Made]) -> Iterator[ExemplarCase]:
    """Every group's cases."""
    for number, group in enumerate(groups):
        yield from _cases(number, group)


def _cases(group: int, made: Made) -> Iterator[ExemplarCase]:
    members = range(len(made.pictures))
    kinds, kind, words = made.kinds, "+".join(made.kinds), " and ".join(made.words)

    def case(setting: Setting, number: int, shown: list[tuple[int, int]], query: int) -> ExemplarCase:
        """shown: a member and its state after, for each pair. The truth is all changes made."""
        ends = lambda of: tuple((of[member, 0], of[member, state]) for member, state in shown)  # noqa: E731
        name = f"{group:05d}-{setting.replace(' ', '-')}-{number}"
        mattes = () if made.mattes is None else (ends(made.mattes), made.mattes[query, 0])
        pictures = made.pictures
        return ExemplarCase(
            name, setting, kind, words, ends(pictures), pictures[query, 0], pictures[query, -1], *mattes
        )

    if len(kinds) == 1:
        example, *others = members[: FOLLOWERS + 1]
        unseen = kinds[0] in LEAVE_OUT
        for number, other in enumerate(others):
            yield case("unseen kind" if unseen else "known kind", number, [(example, 1)], other)
        if not unseen:
            yield case("aligned pair", 0, [(others[0], 1)], others[0])
    elif len(members) > 2:
        unseen = any(set(kinds) == set(pair) for pair in LEAVE_OUT_PAIRS)
        for number, other in enumerate(members[2 : 2 + FOLLOWERS]):
            yield case("unseen composition" if unseen else "composed", number, [(0, 1), (1, 2)], other)


def _keep(groups: Sequence[Made], file: Path) -> None:
    """Pictures as arrays, the rest as JSON; put in place in one move."""
    facts = [{"kinds": group.kinds, "words": group.words, "products": group.products} for group in groups]
    part = file.with_suffix(".part.npz")
    arrays: dict[str, Any] = {}
    for n, group in enumerate(groups):
        arrays |= {str(n): group.pictures, f"{n}-mattes": group.mattes}
    np.savez(part, facts=np.array(json.dumps(facts)), **arrays)
    part.replace(file)


def _kept(file: Path) -> list[Made]:
    with np.load(file, allow_pickle=False) as kept:
        facts = json.loads(str(kept["facts"]))
        return [
            Made(
                tuple(one["kinds"]),
                tuple(one["words"]),
                tuple(one["products"]),
                kept[str(n)],
                kept[f"{n}-mattes"],
                held_out=True,
            )
            for n, one in enumerate(facts)
        ]
