"""Siblings and opposites of words from WordNet 3.1 (Miller 1995), offline.

The extract ``data/wordnet.xml`` (see ``wordnet_extract``) is read with the library ``wn``. Every word has one
meaning in it, the thing a catalogue would show, so nothing has to be disambiguated.
"""

from __future__ import annotations

from collections import defaultdict
from functools import cache
from pathlib import Path
from typing import Any

DATA = Path(__file__).parent / "data" / "wordnet.xml"
TOO_GENERAL = 60
"""A hypernym with more words under it ("device") says too little: its words are no siblings."""


@cache
def siblings(noun: str) -> tuple[str, ...]:
    """Other kinds of the same thing (co-hyponyms), sorted: "stool" -> "bench", "chair", "couch" ...

    Empty for unknown words and for words whose hypernym is too general. Synonyms are no siblings."""
    words, parents, _ = _tables()
    if noun not in words:
        return ()
    own = words[noun]
    found = {
        w for p in parents[own] for w in _below()[p] if len(_below()[p]) <= TOO_GENERAL and words[w] != own
    }
    return tuple(sorted(found))


@cache
def opposite(adjective: str) -> str | None:
    """The direct antonym: "rough" -> "smooth"; None if the extract has none."""
    return _tables()[2].get(adjective)


@cache
def _below() -> dict[str, set[str]]:
    """Hypernym -> the words directly under it."""
    words, parents, _ = _tables()
    below: dict[str, set[str]] = defaultdict(set)
    for word, synset in words.items():
        for parent in parents[synset]:
            below[parent].add(word)
    return below


@cache
def _tables() -> tuple[dict[str, str], dict[str, list[str]], dict[str, str]]:
    """Noun -> synset; synset -> hypernyms; adjective -> antonym."""
    from wn import lmf

    lexicon: Any = lmf.load(DATA, progress_handler=None)["lexicons"][0]
    nouns, adjectives, sense_words = {}, {}, {}
    for entry in lexicon["entries"]:
        word, sense = entry["lemma"]["writtenForm"], entry["senses"][0]
        sense_words[sense["id"]] = word
        if entry["lemma"]["partOfSpeech"] == "n":
            nouns[word] = sense["synset"]
        else:
            adjectives[word] = sense["relations"][0]["target"]
    parents = {s["id"]: [r["target"] for r in s.get("relations", [])] for s in lexicon["synsets"]}
    return (
        nouns,
        parents,
        {word: sense_words[target] for word, target in adjectives.items() if target in sense_words},
    )
