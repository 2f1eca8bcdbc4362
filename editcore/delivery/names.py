"""File names from customers' words, which can hold slashes, quotes, emoji or ``../``."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections import Counter
from collections.abc import Sequence

MAX_LENGTH = 80
"""Characters of one part; two parts and a suffix stay below the 255 bytes that file systems allow."""
_SAFE = re.compile(rf"(?![-.])[A-Za-z0-9._-]{{1,{MAX_LENGTH}}}(?<![-.])")


def safe_name(text: str) -> str:
    """``text`` as one ASCII path part of letters, digits, ``.``, ``_`` and ``-``.

    A name that had to be changed gets six hex digits of its original's hash, so that ``a/b`` and ``a:b`` stay
    two files. Names that are safe already come back as they are.
    """
    if _SAFE.fullmatch(text):
        return text
    ascii_text = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    cleaned = re.sub(r"[^A-Za-z0-9._-]+", "-", ascii_text).strip("-.")[:MAX_LENGTH].strip("-.")
    digest = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=3).hexdigest()
    return f"{cleaned or 'item'}-{digest}"


def delivery_names(skus: Sequence[str], recipes: Sequence[str], row_ids: Sequence[str]) -> list[str]:
    """``<sku>__<recipe>`` for every row; rows that would share a name also carry the start of their row_id.

    Names that differ in case only count as the same, because they are on many laptops' file systems.
    """
    stems = [f"{safe_name(sku)}__{safe_name(recipe)}" for sku, recipe in zip(skus, recipes, strict=True)]
    times = Counter(stem.casefold() for stem in stems)
    return [
        stem if times[stem.casefold()] == 1 else f"{stem}__{safe_name(row_id)[:16]}"
        for stem, row_id in zip(stems, row_ids, strict=True)
    ]
