"""What people decided about pictures: a journal in the output, and what it means for a night's rows."""

from editcore.decisions.book import Book, Standing
from editcore.decisions.entries import MOST_TRIES, REASONS, Decide, Entry, Subject, Undo
from editcore.decisions.journal import Journal

__all__ = [
    "MOST_TRIES",
    "REASONS",
    "Book",
    "Decide",
    "Entry",
    "Journal",
    "Standing",
    "Subject",
    "Undo",
]
