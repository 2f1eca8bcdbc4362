"""Edit prompts by rule: the caption with one word swapped, grammatical, and recorded as (kind, from, to).

iEdit swaps a noun or adjective of the caption for a WordNet antonym or co-hyponym (Bodur et al., arXiv
2305.05947; how exactly is not published). Here the catalogue lexicon comes first, since colours, materials and
settings are what a shop changes. Words that the pool's captions hold are preferred: a colour that no picture
shows has no pseudo-target.
"""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from editcore.lexicon.tables import canonical, plural
from editcore.lexicon.wording import with_article
from editcore.training.pairs import siblings
from editcore.training.pairs.slots import Kind, Reading, Slot, read

Vocabulary = Mapping[str, Mapping[str, int]]
"""Slot.pool, and "product/Slot.pool" -> canonical word -> how many captions of the pool hold it."""
_ARTICLE = re.compile(r"\b(an?) $", re.IGNORECASE)
_PAIRED = re.compile(r" and [\w ]+? $")
"""The second colour of "navy and white striped", as it stands before the pattern."""


@dataclass(frozen=True)
class Edit:
    """One swap and the caption after it."""

    kind: Kind
    old: str
    """The words taken out, as written."""
    new: str
    """The words put in."""
    word: str
    """The same as a canonical name."""
    prompt: str
    noun: str
    """The product's noun in the source's caption, "" if none was found; for masks by words."""


def vocabulary(captions: Iterable[str]) -> dict[str, dict[str, int]]:
    """Count the swappable words of the pool, for each product and for all together."""
    counts: dict[str, Counter[str]] = {}
    for caption in captions:
        reading = read(caption)
        for slot in reading.slots:
            for pool in (slot.pool, f"{reading.product}/{slot.pool}"):
                counts.setdefault(pool, Counter())[slot.word] += 1
    return {pool: dict(sorted(words.items())) for pool, words in sorted(counts.items())}


def propose(caption: str, identity: str, pool: Vocabulary, limit: int) -> list[Edit]:
    """At most ``limit`` different edits of a caption, turn by turn over its swappable words.

    ``identity`` (the picture's) is the seed: the same picture and pool give the same edits everywhere. Empty for a
    caption without a swappable word."""
    rng = random.Random(f"{identity}\n{caption}")
    reading = read(caption)
    slots = [slot for slot in rng.sample(reading.slots, len(reading.slots)) if slot.options]
    queues = [_ranked(slot, reading.product, pool, rng) for slot in slots]
    edits: dict[str, Edit] = {}
    while len(edits) < limit and any(queues):
        for slot, queue in zip(slots, queues, strict=True):
            if queue and len(edits) < limit:
                edit = swap(reading, slot, queue.pop())
                edits.setdefault(edit.prompt, edit)
    return list(edits.values())


def swap(reading: Reading, slot: Slot, word: str) -> Edit:
    """The caption with ``slot`` said as ``word`` (canonical)."""
    caption = reading.caption
    old = caption[slot.start : slot.end]
    before, after = caption[: slot.start], caption[slot.end :]
    new = _written(slot, old, word)
    if slot.kind == "pattern" and word == siblings.PLAIN:
        prompt = _made_plain(reading, slot)
    else:
        prompt = _joined(before, new, after)
    return Edit(slot.kind, old, new, word, prompt, reading.noun)


def _ranked(slot: Slot, product: str, pool: Vocabulary, rng: random.Random) -> list[str]:
    """The options in random order, the best last: what the pool says of the same product, then of any; words it
    does not hold at all only if it holds none.

    Without a pool, colours are the basic ones: "mauve" and "puce" would say more than a picture can show."""
    near, seen = pool.get(f"{product}/{slot.pool}", {}), pool.get(slot.pool, {})
    known = [word for word in slot.options if word in seen]
    basic = slot.pool in ("colour", "backdrop")
    options = known or list(siblings.basic_colours(slot.word) if basic else slot.options)
    return sorted(rng.sample(options, len(options)), key=lambda word: word in near)


def _written(slot: Slot, old: str, word: str) -> str:
    """How the word is written in the place of the old one: plural, "oak wood" for "brass metal", capital."""
    new = plural(word) if slot.is_plural else word
    if slot.kind == "material" and old.lower().endswith((" wood", " metal")):
        tail = next((group for group in ("wood", "metal") if word in canonical(group)), None)
        new = f"{new} {tail}" if tail else new
    return new[:1].upper() + new[1:] if old[:1].isupper() else new


def _made_plain(reading: Reading, slot: Slot) -> str:
    """A pattern taken away: its second colour goes with it, and "plain" stands before the first."""
    caption = reading.caption
    before, after = caption[: slot.start], caption[slot.end :].lstrip()
    colours = [s for s in reading.slots if s.kind == "colour" and s.end <= slot.start]
    if len(colours) >= 2 and _PAIRED.search(before):
        before = before[: colours[-2].end] + " "
        colours = colours[:-1]
    if not colours:
        return _joined(before, siblings.PLAIN, f" {after}")
    first = colours[-1].start
    return _joined(before[:first], siblings.PLAIN, f" {before[first:]}{after}")


def _joined(before: str, new: str, after: str) -> str:
    """The three in a row, with the article before ("a", "an") that the new word wants."""
    article = _ARTICLE.search(before)
    if article:
        right = with_article(new.lower()).split(" ")[0]
        right = right.capitalize() if article[1][0].isupper() else right
        before = f"{before[: article.start()]}{right} "
    return before + new + after
