"""What a recipe seems to ask for, in words and colours a merchandiser can check.

For a pair that is read from the pictures: where they differ, which colours went and came, and which words would ask
for the same. For words it is what the lexicon understood. Nothing here is certain, and the card says "seems".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from editcore.editors.base import Exemplar, Target
from editcore.editors.transfer.change import Change
from editcore.editors.transfer.plain import is_plain, typical_colour
from editcore.lexicon import COLOURS, askable_colours, parse, suggest
from editcore.lexicon.colour import delta_e

ELSEWHERE = 0.6
"""Share of the change on the product below which the background changes too."""


@dataclass(frozen=True)
class Swatch:
    """A colour and what the lexicon calls it."""

    label: str
    rgb: tuple[int, int, int]
    name: str

    @property
    def css(self) -> str:
        return "#{:02x}{:02x}{:02x}".format(*self.rgb)


@dataclass(frozen=True)
class Card:
    """See the module."""

    sentence: str
    """What seems to change."""
    swatches: tuple[Swatch, ...]
    suggestion: str
    """Words that would ask for the same; "" where none can be told."""
    figures: str
    """What was measured, or understood, in a line."""
    warnings: tuple[str, ...] = ()


def card_of_pair(exemplar: Exemplar, change: Change, warnings: Sequence[str] = ()) -> Card:
    """The card of a before/after pair."""
    product = np.maximum(exemplar.before_alpha, exemplar.after_alpha) > 127
    where = ~product if change.kind == "background" else product
    inside = where & (change.region > 127)
    inside = inside if inside.sum() > 50 else where
    was, now = (typical_colour(picture, inside) for picture in (exemplar.before, exemplar.after))
    swatches = (_swatch("before", was), _swatch("after", now))
    return Card(
        sentence=_sentence(change, exemplar, swatches),
        swatches=swatches,
        suggestion=_suggestion(change, exemplar.after, inside, swatches[1].name),
        figures=f"{change.share:.0%} of the picture differ, {change.inside:.0%} of that on the product; "
        f"mean difference {change.mean_delta_e:.0f} (CIEDE2000, 1 = just visible)",
        warnings=tuple(warnings),
    )


def card_of_words(words: str, target: Target, beside: Sequence[Change] = ()) -> Card:
    """The card of an instruction: what was understood of it. beside: what changes in the pairs that it goes with."""
    asked = parse(words, target)
    colours = {
        "colour": asked.colour,
        "wall": asked.wall,
        "surface": asked.surface_colour,
        "second": asked.second_colour,
    }
    swatches = {
        colour.name: Swatch(label, colour.rgb, colour.name) for label, colour in colours.items() if colour
    }
    kinds = {
        "recolour": "The colour of the product.", "background": "The background.", "material": "The material.",
        "pattern": "The pattern.", "part": "A part of the product.",
    }  # fmt: skip
    names = ("material", "variety", "pattern", "surface", "wall_finish", "part", "noun", "style")
    known = [f"{name.replace('_', ' ')}: {value}" for name in names if (value := getattr(asked, name))]
    nothing = asked.kind == "other" or not asked.words
    return Card(
        sentence="Nothing that the lexicon knows." if nothing else kinds[asked.kind],
        swatches=tuple(swatches.values()),
        suggestion="",
        figures="; ".join(known),
        warnings=(*_unheard(beside), *_unknown(asked.unknown)),
    )


def _unheard(beside: Sequence[Change]) -> tuple[str, ...]:
    if beside and all(change.grade or change.stance for change in beside):
        return ("Not followed: what the pair shows is reckoned, not painted, whatever words say.",)
    return ()


def _unknown(words: Sequence[str]) -> tuple[str, ...]:
    return tuple(
        f"Not understood: {word}" + (f"; did you mean {near}?" if (near := suggest(word)) else "")
        for word in words
    )


def _sentence(change: Change, exemplar: Exemplar, swatches: Sequence[Swatch]) -> str:
    was, now = (swatch.name for swatch in swatches)
    colours = f", from {was} to {now}" if was != now else ""
    if change.kind == "recolour":
        return f"The colour of the product{colours}."
    if change.kind == "background":
        return f"The background{colours}."
    if change.grade:
        return f"The tone of the whole picture: {change.grade}."
    if change.stance:
        return f"Where and how the product stands: {change.stance}."
    if change.inside < ELSEWHERE:
        return "Product and background at once."
    one, other = exemplar.before_alpha > 127, exemplar.after_alpha > 127
    if (one & other).sum() < 0.92 * (one | other).sum():
        return "The product's shape, place or parts."
    return f"The product's surface: material, pattern or a part{colours}."


def _suggestion(change: Change, after: np.ndarray, inside: np.ndarray, name: str) -> str:
    """Words for the same, only where they are a guess worth reading."""
    if change.kind == "recolour":
        return f"make it {name}"
    if change.kind == "background" and is_plain(after, inside):
        return f"{name} studio background"
    return ""


def _swatch(label: str, rgb: np.ndarray) -> Swatch:
    names = askable_colours()
    nearest = int(np.argmin(delta_e([COLOURS[name].rgb for name in names], rgb)))
    red, green, blue = (int(channel) for channel in rgb)
    return Swatch(label, (red, green, blue), names[nearest])
