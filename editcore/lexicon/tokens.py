"""From what a merchandiser typed to tokens the tables know: clean, split, fold spelling and accents."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from editcore.lexicon.data import rows

MAX_LENGTH = 500
"""Longest instruction accepted, in characters."""

_WORD = re.compile(r"#[0-9a-fA-F]{6}\b|[^\W_]+(?:['’][^\W_]+)*|[,.;:!?]|[-/&+]")
_BREAKS = frozenset(",.;:!?")

_SPELLINGS: dict[str, str] = dict(rows("spellings.tsv"))
"""American and variant spellings; the lexicon is written in British English."""


@dataclass(frozen=True)
class Token:
    """One word as written, as looked up, and whether a hyphen ties it to the word before."""

    text: str
    key: str
    hyphenated: bool = False

    @property
    def is_break(self) -> bool:
        """Punctuation that ends a clause."""
        return self.key in _BREAKS


def clean(words: str) -> str:
    """Compose characters (NFKC), drop control and format characters, collapse blanks.

    Raises:
        ValueError: longer than ``MAX_LENGTH`` characters.
    """
    if len(words) > MAX_LENGTH:
        raise ValueError(
            f"The instruction has {len(words)} characters, at most {MAX_LENGTH} are read: shorten it."
        )
    spaced = re.sub(r"\s+", " ", unicodedata.normalize("NFKC", words))
    visible = "".join(c for c in spaced if unicodedata.category(c) not in ("Cc", "Cf", "Cs", "Co", "Cn"))
    return re.sub(r" +", " ", visible).strip()[:MAX_LENGTH]


def fold(word: str) -> str:
    """The key of a word: lower case, no accents, no possessive, British spelling."""
    decomposed = unicodedata.normalize("NFKD", word.lower().replace("’", "'"))
    plain = "".join(c for c in decomposed if not unicodedata.combining(c))
    plain = re.sub(r"'s$|'$", "", plain).replace("'", "")
    return _SPELLINGS.get(plain, plain)


def tokenise(words: str) -> list[Token]:
    """Tokens of cleaned words; hyphens, slashes and plus signs separate words and are not tokens."""
    tokens: list[Token] = []
    hyphen = False
    for match in _WORD.finditer(words):
        text = match.group()
        if text in "-/+":
            hyphen = text == "-"
        elif text == "&":
            tokens.append(Token("&", "and"))
        else:
            tokens.append(Token(text, fold(text), hyphen and bool(tokens)))
            hyphen = False
    return tokens


def keys(phrase: str) -> tuple[str, ...]:
    """The lookup keys of a phrase of the tables."""
    return tuple(token.key for token in tokenise(phrase))
