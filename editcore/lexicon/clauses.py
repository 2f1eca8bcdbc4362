"""Which spans of an instruction say what is wished, and which say what stays or what goes."""

from __future__ import annotations

from collections.abc import Sequence

from editcore.lexicon.tagging import Span

_KEEPING = frozenset(["keep", "keeping", "leave", "leaving", "dont", "except", "never"])
_EXCHANGES = (("replace", "with"), ("replace", "by"), ("swap", "for"), ("from", "to"), ("from", "into"))
_REJECTIONS = ("instead", "rather", "not")


def wished(spans: Sequence[Span]) -> list[Span]:
    """Without the clauses about what stays, and without what is replaced ("from red", "instead of red")."""
    kept: list[Span] = []
    for clause in filter(None, _clauses(spans)):
        rejects = any(span.key in _KEEPING for span in clause[:2]) or clause[0].key == "not"
        if not rejects:
            kept += _without_replaced(clause)
    return kept


def _clauses(spans: Sequence[Span]) -> list[list[Span]]:
    """Split at punctuation (kept, as the last span of its clause), "but", "then" and words of keeping."""
    clauses: list[list[Span]] = [[]]
    for span in spans:
        if span.key in ("but", "then") or (span.key in _KEEPING and clauses[-1]):
            clauses.append([])
        clauses[-1].append(span)
        if span.is_break:
            clauses.append([])
    return clauses


def _without_replaced(clause: list[Span]) -> list[Span]:
    words = [span.key for span in clause]
    for opening, closing in _EXCHANGES:
        if opening in words and closing in words[words.index(opening) :]:
            first = words.index(opening)
            return clause[:first] + clause[first + words[first:].index(closing) :]
    for opening in _REJECTIONS:
        if opening in words and any(span.options for span in clause[: words.index(opening)]):
            return clause[: words.index(opening)]
    return clause
