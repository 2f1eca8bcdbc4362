"""Cases: a pair, a picture that is to follow it, and a photograph of the right answer.

All from specimens and changes that no training saw (``training.transfer.store``: seeds from 860,000). Pictures are
(3, 128, 128) uint8, what the bundled model sees; pair and query show different products in different poses, light and
scenes, unless the case is an aligned one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from editcore.training.transfer.store import LEAVE_OUT, LEAVE_OUT_PAIRS, ChangeStore, build

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


def load_cases(folder: Path, groups: int) -> list[ExemplarCase]:
    """Cases of ``groups`` held-out groups, photographed into ``folder`` unless they are there (about 2 s a group)."""
    store_folder = folder / f"groups-{groups}"
    if not (store_folder / "store.json").exists():
        build(store_folder, 0, groups)
    return list(cases_of(ChangeStore(store_folder)))


def cases_of(store: ChangeStore) -> Iterator[ExemplarCase]:
    """Every held-out group's cases."""
    for row in store.groups:
        if row["held_out"]:
            yield from _cases(row, store.pictures)


def _cases(row: dict[str, Any], pictures: np.ndarray) -> Iterator[ExemplarCase]:
    members = np.array(row["pictures"])
    kinds, kind = tuple(row["kinds"]), "+".join(row["kinds"])
    words = " and ".join(row["words"])

    def case(
        setting: Setting, number: int, pairs: list[tuple[int, int]], ends: tuple[int, int]
    ) -> ExemplarCase:
        shown = tuple((pictures[before], pictures[after]) for before, after in pairs)
        name = f"{row['group']:05d}-{setting.replace(' ', '-')}-{number}"
        return ExemplarCase(name, setting, kind, words, shown, pictures[ends[0]], pictures[ends[1]])

    if len(kinds) == 1:
        example, *others = members[: FOLLOWERS + 1].tolist()
        unseen = kinds[0] in LEAVE_OUT
        for number, ends in enumerate(others):
            yield case("unseen kind" if unseen else "known kind", number, [example], ends)
        if not unseen:
            yield case("aligned pair", 0, [others[0]], others[0])
    elif len(members) > 2:
        unseen = any(set(kinds) == set(pair) for pair in LEAVE_OUT_PAIRS)
        first, second, *others = members.tolist()
        for number, (none, _, _, both) in enumerate(others[:FOLLOWERS]):
            pairs = [(first[0], first[1]), (second[0], second[2])]
            yield case("unseen composition" if unseen else "composed", number, pairs, (none, both))
