"""The journal: one order for all writers, on folders and buckets; what is wrong with it is said."""

from __future__ import annotations

import threading
import uuid
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from editcore import storage
from editcore.decisions import Book, Decide, Journal, Subject, Undo
from editcore.decisions.entries import now
from editcore.manifest import Damaged


def decide(row: int, verdict: str = "approve", by: str = "anna", **more: Any) -> Decide:
    reasons = ["colour_wrong"] if verdict == "reject" else []
    subject = Subject(row_id=f"{row:016x}", picture=f"runs/n/images/{row}.png")
    fields = {"reasons": reasons, "night": "n", "at": now(), "by": by, "id": uuid.uuid4().hex, **more}
    return Decide.model_validate({"verdict": verdict, "rows": [subject], **fields})


def anything(book: Book) -> None:
    """Forbids nothing."""


def test_entries_are_read_back_in_order_and_by_others(tmp_path: Path) -> None:
    ours, theirs = Journal.read(str(tmp_path)), Journal.read(str(tmp_path))
    assert [ours.append(decide(row), anything) for row in range(3)] == [1, 2, 3]
    assert theirs.append(decide(9), anything) == 4
    assert ours.refresh() == 4
    assert Journal.read(str(tmp_path)).book.entries == theirs.book.entries == ours.book.entries


def test_the_same_entry_sent_twice_is_written_once(tmp_path: Path) -> None:
    journal, entry = Journal.read(str(tmp_path)), decide(1)
    assert journal.append(entry, anything) == journal.append(entry, anything) == 1
    assert Journal.read(str(tmp_path)).append(entry, anything) == 1
    assert len(storage.listing(journal.folder)) == 1


def race(output: str, writers: int = 4, rows: int = 6) -> list[int]:
    """Numbers that ``writers`` got, each with a journal of its own, all deciding on the same rows, once a row."""
    got: list[int] = []

    def write(name: str) -> None:
        journal = Journal.read(output)
        for row in range(rows):
            with suppress(TakenError):
                got.append(journal.append(decide(row, by=name), partial(untouched, row)))

    threads = [threading.Thread(target=write, args=(f"writer-{n}",)) for n in range(writers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sorted(got)


class TakenError(Exception):
    """Somebody else was faster."""


def untouched(row: int, book: Book) -> None:
    if book.touched(f"{row:016x}"):
        raise TakenError


def test_writers_at_once_agree_on_one_order_and_nothing_is_decided_twice(tmp_path: Path) -> None:
    assert race(str(tmp_path)) == list(range(1, 7))
    decided = [decision.rows[0].row_id for _, decision in Journal.read(str(tmp_path)).book.decisions()]
    assert sorted(decided) == [f"{row:016x}" for row in range(6)]


@pytest.mark.s3
def test_on_a_bucket_too(bucket: str) -> None:
    assert race(f"{bucket}/out", 3, 4) == [1, 2, 3, 4]


def test_an_entry_that_is_missing_or_damaged_is_named(tmp_path: Path) -> None:
    journal = Journal.read(str(tmp_path))
    for row in range(3):
        journal.append(decide(row), anything)
    second = tmp_path / "decisions" / "journal" / "00000002.json"
    second.write_text(second.read_text().replace("approve", "applaud"))
    with pytest.raises(Damaged, match=r"00000002.json damaged \(Input should be 'approve' or 'reject'\)"):
        Journal.read(str(tmp_path))
    second.unlink()
    with pytest.raises(Damaged, match="without entry 2; put it back"):
        Journal.read(str(tmp_path))


@pytest.mark.parametrize(
    "fields, problem",
    [
        ({"verdict": "reject", "reasons": []}, "a rejection without a reason"),
        ({"verdict": "reject", "reasons": ["ugly"]}, "found reasons ugly, expected some of product_changed"),
        ({"verdict": "approve", "again": True}, "not made again"),
        ({"verdict": "reject", "words": "navy"}, "new words are for pictures that are made again"),
        ({"verdict": "reject", "again": True, "words": " "}, "new words are for"),
        ({"verdict": "reject", "again": True, "words": "x" * 301}, "at most 300 characters"),
        ({"id": "../../x"}, "should match pattern"),
        ({"rows": []}, "at least 1 item"),
    ],
)
def test_decisions_that_do_not_hang_together_are_refused(fields: dict[str, Any], problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        decide(1, **{"verdict": "approve", **fields})


def test_text_of_people_is_one_line_without_control_characters() -> None:
    said = decide(1, "reject", note="too\x00 grey\r\n  really", again=True, words=" make it\tnavy ")
    assert (said.note, said.words) == ("too grey really", "make it navy")


def test_what_stands_after_undoing_and_for_another_picture() -> None:
    book = Book()
    first, second = decide(1, "reject", again=True, words="navy"), decide(1)
    book.add(1, first)
    row, picture = first.rows[0].row_id, first.rows[0].picture
    assert book.again() == {row: "navy"}
    book.add(2, second)
    assert book.standing(row, picture) == (2, second, picture)
    assert (book.again(), book.touched(row)) == ({}, 2)
    book.add(3, Undo(id=uuid.uuid4().hex, by="anna", at=now(), entry=2))
    assert book.standing(row, picture) == (1, first, picture)
    assert (book.again(), book.touched(row)) == ({row: "navy"}, 3)
    assert (book.rows_since(0), book.rows_since(1), book.rows_since(2)) == ({row}, set(), {row})
    assert book.standing(row, "runs/n+1/images/1.png") is None
