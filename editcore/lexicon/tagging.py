"""Splitting an instruction into spans: the longest phrases of the tables, each with what it may mean."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache

from editcore.lexicon import colours
from editcore.lexicon.colours import Colour
from editcore.lexicon.tables import STOP_WORDS, longest, terms
from editcore.lexicon.tokens import Token

PRODUCT = frozenset({"material", "wood", "metal", "pattern", "motif", "part", "noun"})
SCENE = frozenset(
    {"material", "wood", "metal", "surface", "floor", "wall", "finish", "style", "place", "noun", "pattern"}
)
DETERMINERS = frozenset(["the", "this", "that", "these", "those", "a", "an", "my", "our", "your", "its"])
ATTRIBUTES = frozenset({"colour", "material", "wood", "metal", "pattern", "motif"})


@dataclass(frozen=True)
class Span:
    """A run of tokens and its possible meanings."""

    tokens: tuple[Token, ...]
    options: Mapping[str, str] = field(default_factory=dict)
    """Category -> canonical name. No options: punctuation, a stop word or an unknown word."""
    colour: Colour | None = None

    @property
    def key(self) -> str:
        """The words as looked up."""
        return " ".join(token.key for token in self.tokens)

    @property
    def is_break(self) -> bool:
        """Punctuation."""
        return self.tokens[0].is_break

    @property
    def is_attribute(self) -> bool:
        """Whether it can describe a thing: colour, material, pattern."""
        return bool(ATTRIBUTES & self.options.keys())

    @property
    def is_unknown(self) -> bool:
        """A word no table has."""
        key = self.tokens[0].key
        return not (self.options or self.is_break or _is_known(key))

    def has(self, *categories: str) -> bool:
        """Whether any of the categories is a possible meaning."""
        return any(category in self.options for category in categories)


def tag(tokens: Sequence[Token], categories: Collection[str]) -> list[Span]:
    """Spans that cover all tokens, longest phrases first; colours are always looked for."""
    spans, start = [], 0
    while start < len(tokens):
        span = _longest_span(tokens, start, categories)
        spans.append(span)
        start += len(span.tokens)
    return spans


def _longest_span(tokens: Sequence[Token], start: int, categories: Collection[str]) -> Span:
    options, length = _longest_term(tokens, start, categories)
    found = colours.match(tokens, start)
    if _is_verb(tokens, start, options):
        return Span(tuple(tokens[start : start + 1]))
    if found and found[0] >= length:
        merged = {"colour": found[1].name, **(options if found[0] == length else {})}
        return Span(tuple(tokens[start : start + found[0]]), merged, found[1])
    return Span(tuple(tokens[start : start + max(length, 1)]), options)


def _longest_term(
    tokens: Sequence[Token], start: int, categories: Collection[str]
) -> tuple[dict[str, str], int]:
    table = terms()
    for length in range(min(longest(), len(tokens) - start), 0, -1):
        entry = table.get(tuple(token.key for token in tokens[start : start + length]))
        options = {c: name for c, name in (entry or {}).items() if c in categories}
        if options:
            return options, length
    return {}, 0


def _is_verb(tokens: Sequence[Token], start: int, options: Mapping[str, str]) -> bool:
    """A noun that is a verb here: the can of "can you make ...", the set of "set it on ..."."""
    key = tokens[start].key
    if key == "can":
        following = tokens[start + 1].key if start + 1 < len(tokens) else ""
        return start == 0 or following in ("you", "we", "i", "it", "be")
    named = start > 0 and tokens[start - 1].key in DETERMINERS
    return bool(options) and key in STOP_WORDS and not named and options.keys() <= {"noun", "part"}


def _is_known(key: str) -> bool:
    return key in STOP_WORDS or key.isdecimal() or key in terms_words() or colours.is_modifier(key)


@cache
def terms_words() -> frozenset[str]:
    """Single words of the tables that are known in themselves, in any category."""
    return frozenset(phrase[0] for phrase in terms() if len(phrase) == 1)
