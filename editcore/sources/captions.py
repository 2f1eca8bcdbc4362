"""Words about the pictures of a source: a table's column, or the text file beside each picture."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from editcore import storage
from editcore.campaign import Source
from editcore.lexicon.tokens import clean
from editcore.sources import Item, list_items
from editcore.sources.contents import HASHERS

MAX_TEXT = 4096
"""Bytes of a text file beside a picture that are read."""
MAX_CAPTION = 300
"""Characters of a caption that are read: CLIP reads 77 tokens at most."""


def captioned(source: Source) -> list[Item]:
    """The pictures of a source with their words, tidied: a table's column ``caption``, or for a folder the text
    file beside each picture (``mug.txt`` for ``mug.jpg``). Pictures without words have None."""
    items = list_items(source)
    texts = _texts_in(source.folder) if source.folder else {}
    given = {item.item_id: item.caption or texts.get(_stem(item.uri)) for item in items}
    return [replace(item, caption=tidy(given[item.item_id] or "") or None) for item in items]


def tidy(text: str) -> str:
    """A customer's description as a caption: one line, its first sentence, at most ``MAX_CAPTION`` characters."""
    line = clean(" ".join(text[: 4 * MAX_CAPTION].split())[:MAX_CAPTION])
    sentence = line.split(". ")[0].rstrip(" .!?")
    return sentence if len(sentence) < MAX_CAPTION else sentence.rsplit(" ", 1)[0]


def _texts_in(folder: str) -> dict[str, str]:
    """Path without ending -> contents, for every text file below a folder."""
    paths = [entry["path"] for entry in storage.walk(folder) if entry["path"].lower().endswith(".txt")]
    with ThreadPoolExecutor(HASHERS) as pool:
        texts = pool.map(
            lambda path: storage.read_bytes(path, MAX_TEXT).decode("utf-8-sig", "replace"), paths
        )
        return {_stem(path): text for path, text in zip(paths, texts, strict=True)}


def _stem(path: str) -> str:
    return path.rsplit(".", 1)[0] if "." in storage.name_of(path) else path
