"""What the journal's entries come to: which decision stands for a picture, and what is to be made again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from editcore.decisions.entries import Decide, Undo


class Standing(NamedTuple):
    """A decision that counts."""

    number: int
    decision: Decide
    picture: str
    """The picture it is about."""


@dataclass
class Book:
    """The journal up to entry ``last``. One thread adds to it at a time, others may look: they go through copies."""

    last: int = 0
    entries: dict[int, Decide | Undo] = field(default_factory=dict)
    undone: dict[int, int] = field(default_factory=dict)
    """Number of the entry that undid a decision, by the decision's."""
    _about: dict[str, list[tuple[int, str]]] = field(default_factory=dict)
    """By row: numbers of its decisions and their pictures."""
    _touched: dict[str, int] = field(default_factory=dict)
    """By row: number of the last entry about it, undoing included."""
    _ids: dict[str, int] = field(default_factory=dict)

    def add(self, number: int, entry: Decide | Undo) -> None:
        """Take in the next entry."""
        self.entries[number], self.last = entry, number
        self._ids[entry.id] = number
        if isinstance(entry, Undo):
            self.undone[entry.entry] = number
            undone = self.entries.get(entry.entry)
            for subject in undone.rows if isinstance(undone, Decide) else ():
                self._touched[subject.row_id] = number
            return
        for subject in entry.rows:
            self._about.setdefault(subject.row_id, []).append((number, subject.picture))
            self._touched[subject.row_id] = number

    def number_of(self, entry_id: str) -> int:
        """Number of the entry with this id; 0 if there is none."""
        return self._ids.get(entry_id, 0)

    def touched(self, row_id: str) -> int:
        """Number of the last entry about a row; 0 if there is none."""
        return self._touched.get(row_id, 0)

    def latest(self, row_id: str, until: int | None = None) -> Standing | None:
        """The last decision about a row that was not undone, whatever picture it was about; as of entry ``until``."""
        until = self.last if until is None else until
        for number, picture in reversed(self._about.get(row_id, [])):
            decision = self.entries[number]
            counts = number <= until and not (0 < self.undone.get(number, 0) <= until)
            if counts and isinstance(decision, Decide):
                return Standing(number, decision, picture)
        return None

    def standing(self, row_id: str, picture: str) -> Standing | None:
        """The decision that counts for this picture of a row; one about an earlier picture does not."""
        found = self.latest(row_id)
        return found if found and found.picture == picture else None

    def again(self) -> dict[str, str | None]:
        """Rows that are to be made once more, with the words to use (None: those they had)."""
        found = ((row_id, self.latest(row_id)) for row_id in list(self._about))
        return {
            row_id: standing.decision.words
            for row_id, standing in found
            if standing and standing.decision.again
        }

    def rows_since(self, number: int) -> set[str]:
        """Rows for which another decision counts than after entry ``number``."""
        touched = (row_id for row_id, last in list(self._touched.items()) if last > number)
        return {row_id for row_id in touched if self.latest(row_id) != self.latest(row_id, number)}

    def decided_rows(self) -> list[str]:
        """Every row that was ever decided about."""
        return list(self._about)

    def decisions(self) -> Iterator[tuple[int, Decide]]:
        """Every decision, undone ones too, in order."""
        for number, entry in list(self.entries.items()):
            if isinstance(entry, Decide):
                yield number, entry
