"""The sentence that captions a four-panel grid, as Edit Transfer's published set words it.

A fixed sentence names the panels (before and after above, query and target below); only the phrase naming the
transformation varies (Chen et al. 2025, arXiv 2503.13327, data set). The published captions differ in small ways
("the [TOP-LEFT] image", "[TOP-LEFT]", with or without the opening), so the phrase is found by what stands around it.
"""

from __future__ import annotations

import re

_PHRASE = re.compile(
    r"\[TOP-RIGHT\]:\s*An edited version of\s+(?:the\s+)?\[TOP-LEFT\](?:\s+image)?\s*,\s*(.+?)\.?\s*\[BOTTOM-LEFT\]",
    re.IGNORECASE | re.DOTALL,
)
_LEAD = re.compile(r"(?:transformed to (?:depict )?|where it is shown |where )", re.IGNORECASE)
_DOING = re.compile(r"(?:add|light|make|mirror|move|put|remove|take|tilt|turn|view)\b(?!-)", re.IGNORECASE)
_SOMEWHERE = re.compile(r"(?:against|from|in|lit|on|with)\b", re.IGNORECASE)


def caption_of(phrase: str) -> str:
    """The caption of a grid whose transformation is called ``phrase``: "make it navy", "a running motion"."""
    if not phrase.strip() or "[" in phrase:
        raise ValueError(f"found the phrase {phrase!r}, expected words that name a transformation")
    phrase = " ".join(phrase.split()).rstrip(".")
    lead = "transformed to" if _DOING.match(phrase) else "transformed to depict"
    lead = "where it is shown" if _SOMEWHERE.match(phrase) else lead
    return (
        "This is a four-panel image grid: [TOP-LEFT]: The original source image. [TOP-RIGHT]: An edited version of "
        f"the [TOP-LEFT] image, {lead} {phrase}. [BOTTOM-LEFT]: A second original source image. [BOTTOM-RIGHT]: An "
        f"edited version of the [BOTTOM-LEFT] image, {lead} {phrase}, applying the same transformation as used in "
        "[TOP-RIGHT]."
    )


def phrase_of(caption: str) -> str:
    """The phrase naming the transformation. ValueError if the text is no such caption."""
    found = _PHRASE.search(caption)
    phrase = _LEAD.sub("", " ".join(found[1].split()), count=1) if found else ""
    if not phrase:
        raise ValueError(
            "found no '[TOP-RIGHT]: An edited version of the [TOP-LEFT] image, ...' before [BOTTOM-LEFT]; "
            "write the caption as the published set does"
        )
    return phrase
