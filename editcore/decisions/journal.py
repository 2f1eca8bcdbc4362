"""The journal of an output: ``decisions/journal/00000001.json``, ``00000002.json`` ... - written once, never changed.

Whoever writes the next entry puts it under the next free number, if it is absent. So there is one order that all
writers agree on, whatever their clocks say, and no writer decides on something it has not read: if another entry came
first, the writer reads that, thinks again, and tries the number after it.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable

from pydantic import ValidationError

from editcore import storage
from editcore.decisions.book import Book
from editcore.decisions.entries import ENTRY, Decide, Undo
from editcore.manifest import Damaged
from editcore.threads import spread

FOLDER = "decisions/journal"
LATER = "later entries count on it"
_NAME = re.compile(r"^(\d{8})\.json$")


class Journal:
    """The journal of ``output`` as far as it was read, in order. Safe to share between threads."""

    def __init__(self, output: str) -> None:
        self.folder = storage.join(output, FOLDER)
        self.book = Book()
        self._lock = threading.RLock()

    @classmethod
    def read(cls, output: str) -> Journal:
        """The whole journal; an output without one has an empty book. ``Damaged`` says which entry and what to do."""
        journal = cls(output)
        names = storage.listing(journal.folder, ".json")
        numbers = sorted(int(found[1]) for name in names if (found := _NAME.match(name)))
        if numbers and numbers != list(range(1, len(numbers) + 1)):
            missing = min(set(range(1, numbers[-1] + 1)) - set(numbers))
            raise Damaged(f"found {journal.folder} without entry {missing}; put it back from a copy: {LATER}")
        for number, data in zip(numbers, spread(journal._load, numbers, 16), strict=True):
            journal.book.add(number, data)
        return journal

    def refresh(self) -> int:
        """Read what others have written since; number of the last entry."""
        with self._lock:
            while True:
                try:
                    entry = self._load(self.book.last + 1)
                except FileNotFoundError:
                    return self.book.last
                self.book.add(self.book.last + 1, entry)

    def append(self, entry: Decide | Undo, check: Callable[[Book], None]) -> int:
        """Write ``entry`` behind all others and return its number; the number it has when it is there already.

        ``check`` looks at the book just before and raises what forbids the entry; it is asked again when another
        writer was faster."""
        data = ENTRY.dump_json(entry, indent=1) + b"\n"
        with self._lock:
            while True:
                self.refresh()
                if known := self.book.number_of(entry.id):
                    return known
                check(self.book)
                number = self.book.last + 1
                if storage.put_if_absent(self._place(number), data):
                    self.book.add(number, entry)
                    return number

    def _load(self, number: int) -> Decide | Undo:
        place = self._place(number)
        try:
            return ENTRY.validate_json(storage.read_bytes(place))
        except ValidationError as error:
            problem = ValueError(error.errors(include_url=False)[0]["msg"])
            raise Damaged.at(place, problem, f"put it back from a copy: {LATER}") from error

    def _place(self, number: int) -> str:
        return storage.join(self.folder, f"{number:08d}.json")
