"""Words of merchandise: colours, materials, surfaces, nouns; instructions in, typed meaning out.

The ground floor of the house: imports the standard library only (numpy when a colour is computed).
"""

from __future__ import annotations

from editcore.lexicon.colours import COLOURS, FAMILIES, Colour, colour_named
from editcore.lexicon.parse import Instruction, askable_colours, parse, suggest
from editcore.lexicon.tables import kind_of

__all__ = [
    "COLOURS",
    "FAMILIES",
    "Colour",
    "Instruction",
    "askable_colours",
    "colour_named",
    "kind_of",
    "parse",
    "suggest",
]
