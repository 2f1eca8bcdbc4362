"""What people do at the page: look at the line, decide, undo, hold. Knows nothing of HTTP."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from editcore.decisions import MOST_TRIES, Book, Decide, Journal, Subject, Undo
from editcore.decisions.entries import now
from editcore.review.holds import Holds
from editcore.review.line import VIEWS, Filter, lines, standings, told
from editcore.review.shown import Showing, Shown

Role = Literal["viewer", "reviewer", "approver"]


@dataclass(frozen=True)
class Person:
    """Somebody at the page. Viewers look, reviewers decide, approvers also decide on all that a filter shows."""

    name: str
    role: Role


class Conflict(RuntimeError):  # noqa: N818 - reads as what it says
    """Somebody was faster, or the picture is another one now; the text says it to the person."""

    def __init__(self, text: str, rows: Sequence[str] = ()) -> None:
        super().__init__(text)
        self.rows = list(rows)


class Forbidden(RuntimeError):  # noqa: N818 - reads as what it says
    """This person may not do that."""


@dataclass(frozen=True)
class Seen:
    """A row as the person saw it."""

    row_id: str
    picture: str
    last: int
    """Number of the last journal entry about it."""


class Desk:
    """The review of one output."""

    def __init__(self, output: str) -> None:
        self.output = output
        self.journal = Journal.read(output)
        self.showing, self.holds = Showing(output), Holds()

    def shown(self) -> Shown:
        """The delivery to look at now, the journal read up to its end."""
        self.journal.refresh()
        return self.showing.now(self.journal.book.decided_rows())

    def row(self, row_id: str, picture: str) -> tuple[Shown, dict[str, Any]] | None:
        """A row with the delivery that shows it; None for one that has another picture, or is not there. Asks the
        store only for what is not known already: pictures are asked for in dozens."""
        for look in (self.showing.last, self.shown):
            shown = look()
            if (row := shown.row(row_id)) and row["picture"] == picture:
                return shown, row
        return None

    def unapplied(self) -> int:
        """How many rows people decided on since the folders were delivered."""
        return len(self.journal.book.rows_since(self.shown().applied))

    def look(self, who: Person, wanted: Filter, offset: int, limit: int) -> dict[str, Any]:
        """A piece of the line, as the page gets it."""
        shown, book = self.shown(), self.journal.book
        decided = standings(shown, book)
        places = lines(shown, decided, wanted)
        chosen = places[wanted.view]
        return {
            "state": "ready" if shown.night else "empty",
            "night": shown.night,
            "journal": book.last,
            "counts": {view: len(places[view]) for view in VIEWS},
            "recipes": sorted(set(shown.rows["recipe_id"])),
            "unapplied": len(book.rows_since(shown.applied)),
            "total": len(chosen),
            "offset": offset,
            "rows": [
                told(shown, place, book, decided.get(place), self._held(shown, place, who))
                for place in chosen[offset : offset + limit]
            ],
        }

    def decide(self, who: Person, seen: Sequence[Seen], **decision: Any) -> int:
        """Write a decision; its number. ``decision``: further fields of ``decisions.Decide``.

        ``Conflict`` where somebody decided meanwhile or holds a row, or where it has another picture; ``ValueError``
        for a decision that does not hang together, or a row that was tried often enough; ``Forbidden``."""
        _require(who, "reviewer")
        shown = self.shown()
        subjects = [Subject(row_id=row.row_id, picture=row.picture) for row in seen]
        entry = Decide(by=who.name, at=now(), night=shown.night, rows=subjects, **decision)
        if entry.again and (spent := [s.row_id for s in subjects if _tries(shown, s.row_id) >= MOST_TRIES]):
            raise ValueError(
                f"found {len(spent)} pictures that were made {MOST_TRIES} times, which is the most; reject without "
                "making them again, or change the recipe"
            )

        def check(book: Book) -> None:
            others = [row.row_id for row in seen if self.holds.by_other(row.row_id, who.name)]
            if others:
                raise Conflict(
                    f"{self.holds.by_other(others[0], who.name)} is looking at this picture.", others
                )
            gone = [s.row_id for s in subjects if (shown.row(s.row_id) or {}).get("picture") != s.picture]
            if gone:
                raise Conflict("There is another picture now; look at it first.", gone)
            if late := [row.row_id for row in seen if book.touched(row.row_id) != row.last]:
                raise Conflict(_who_was_it(book, late[0]), late)

        return self.journal.append(entry, check)

    def approve_all(
        self, who: Person, wanted: Filter, total: int, journal: int, id: str, seconds: float
    ) -> tuple[int, int]:
        """Approve all that the filter shows, as one decision; its number, and of how many rows. Rows on other people's
        screens are left out. ``Conflict`` if it is not what the person saw: ``total`` rows after entry ``journal``."""
        _require(who, "approver")
        shown, book = self.shown(), self.journal.book
        if known := book.number_of(id):
            return known, len(book.entries[known].rows)  # type: ignore[union-attr]
        places = lines(shown, standings(shown, book), wanted)[wanted.view]
        if (len(places), book.last) != (total, journal):
            raise Conflict(
                f"The line has changed: there are {len(places)} pictures now. Look again, then approve."
            )
        free = [place for place in places if not self._held(shown, place, who)]
        rows = [(shown.rows.at[place, "row_id"], shown.rows.at[place, "picture"]) for place in free]
        seen = [Seen(row_id, picture, book.touched(row_id)) for row_id, picture in rows]
        if not seen:
            raise Conflict("There is nothing left to approve.")
        return self.decide(who, seen, verdict="approve", id=id, seconds=seconds), len(seen)

    def undo(self, who: Person, number: int, id: str) -> tuple[int, list[str]]:
        """Undo a decision of one's own (approvers: anybody's); number of the entry, and which rows it is about."""
        _require(who, "reviewer")
        self.journal.refresh()
        entry = self.journal.book.entries.get(number)
        if not isinstance(entry, Decide):
            raise Conflict(f"Entry {number} is no decision that could be undone.")
        if entry.by != who.name and who.role != "approver":
            raise Forbidden(f"{entry.by} decided that; approvers may undo what others decided.")
        rows = [subject.row_id for subject in entry.rows]

        def check(book: Book) -> None:
            if late := [row_id for row_id in rows if book.touched(row_id) != number]:
                raise Conflict(_who_was_it(book, late[0]), late)

        return self.journal.append(Undo(id=id, by=who.name, at=now(), entry=number), check), rows

    def hold(self, who: Person, row_id: str) -> str | None:
        """Hold a row for a person; or the name of who else does."""
        _require(who, "reviewer")
        return self.holds.take(row_id, who.name)

    def _held(self, shown: Shown, place: int, who: Person) -> str | None:
        return self.holds.by_other(shown.rows.at[place, "row_id"], who.name)


def _require(who: Person, role: Role) -> None:
    roles = ("viewer", "reviewer", "approver")
    if roles.index(who.role) < roles.index(role):
        raise Forbidden(f"{who.name} is {who.role} here; this takes the role {role}.")


def _tries(shown: Shown, row_id: str) -> int:
    row = shown.row(row_id)
    return int(row["attempt"]) if row else 0


def _who_was_it(book: Book, row_id: str) -> str:
    entry = book.entries[book.touched(row_id)] if book.touched(row_id) else None
    return f"{entry.by} has decided on it meanwhile." if entry else "The journal changed; look again."
