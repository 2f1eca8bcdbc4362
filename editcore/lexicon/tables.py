"""The tables of the lexicon in memory: every phrase with the categories it may stand for."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from editcore.lexicon.data import rows
from editcore.lexicon.tokens import keys

Key = tuple[str, ...]


STOP_WORDS = frozenset(word for row in rows("stopwords.tsv") for word in row[0].split())
"""Words that carry no attribute of their own; known, never reported."""

FILLERS = frozenset(
    ["please", "kindly", "just", "simply", "really", "quite", "could", "would", "can", "you", "i", "we",
     "want", "like", "need", "lets", "let", "should"]
)  # fmt: skip
"""Stop words left out of the text for the encoder."""


@dataclass(frozen=True)
class Noun:
    """A product noun."""

    name: str
    """Canonical singular; a studio kind's own name for its synonyms ("couch" -> "sofa")."""
    kind: str
    """Coarse kind: a studio kind ("sofa") or a group ("cookware")."""


@cache
def terms() -> dict[Key, dict[str, str]]:
    """Phrase -> {category: canonical name}; nouns have the category "noun"."""
    table: dict[Key, dict[str, str]] = {}
    for category, canonical, phrases in rows("terms.tsv"):
        for phrase in phrases.split("|"):
            table.setdefault(keys(phrase), {}).setdefault(category, canonical)
    for key, noun in nouns().items():
        table.setdefault(key, {})["noun"] = noun.name
    return table


@cache
def canonical(category: str) -> tuple[str, ...]:
    """Canonical names of one category, in the order of the table."""
    return tuple(dict.fromkeys(name for group, name, _ in rows("terms.tsv") if group == category))


@cache
def nouns() -> dict[Key, Noun]:
    """Every product noun, singular and plural."""
    table: dict[Key, Noun] = {}
    for kind, entries in rows("nouns.tsv"):
        for entry in entries.split("|"):
            singular, _, irregular = entry.partition("=")
            noun = Noun(kind[:-1] if kind.endswith("*") else singular, kind.rstrip("*"))
            for form in (singular, irregular or plural(singular)):
                table.setdefault(keys(form), noun)
    return table


@cache
def kind_of(noun: str) -> str | None:
    """Coarse kind of a noun in singular or plural, None if the lexicon does not know it."""
    found = nouns().get(keys(noun))
    return found.kind if found else None


def plural(noun: str) -> str:
    """Regular English plural of the last word."""
    if noun.endswith(("s", "x", "z", "ch", "sh")):
        return noun + "es"
    if noun.endswith("y") and noun[-2:-1] not in "aeiou":
        return noun[:-1] + "ies"
    return noun + "s"


@cache
def longest() -> int:
    """Length of the longest phrase, in words."""
    return max(map(len, terms()))


@cache
def vocabulary() -> frozenset[str]:
    """Every single word the lexicon knows."""
    from editcore.lexicon.colours import colour_words

    return frozenset(word for phrase in terms() for word in phrase) | STOP_WORDS | colour_words()


def is_only_colour(name: str) -> bool:
    """Whether a colour's name is nothing else ("navy", not "walnut" or "slate")."""
    return keys(name) not in terms()
