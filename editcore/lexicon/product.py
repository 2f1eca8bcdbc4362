"""What a merchandiser says about a product: a colour, a material, a pattern, a part."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import takewhile

from editcore.lexicon.colours import Colour
from editcore.lexicon.tables import FILLERS
from editcore.lexicon.tagging import DETERMINERS, Span
from editcore.lexicon.wording import material_words

_REMOVING = frozenset(
    ["remove", "removes", "removing", "delete", "without", "erase", "drop", "lose", "detach", "no", "rid"]
)
_ADDING = frozenset(["add", "adds", "adding", "attach", "insert", "give", "with", "open", "close"])
_INTO = frozenset(["into", "of", "from", "brushed", "polished", "made", "out", "as", "hammered", "aged"])
_DEFINITE = DETERMINERS - {"a", "an"}
_COLOUR_FIRST = frozenset(
    ["gold", "golden", "silver", "rose gold", "rosegold", "terracotta", "cherry", "ebony",
     "sandstone", "slate", "linen", "cotton", "platinum", "titanium", "nickel", "clay", "pewter",
     "zinc", "iron", "gunmetal"]
)  # fmt: skip
"""Words that are a colour unless something says they are a material ("turn it into gold", "linen sofa")."""
_COLOUR_NOUNS = frozenset(["colour", "coloured", "colours", "paint", "shade", "tone"])
_COLOURING = frozenset(["paint", "painted", "recolour", "recoloured", "dye", "dyed", "tint", "colour"])
_DECORATING = frozenset(["add", "give", "with", "in", "remove", "without", "no", "pattern", "of"])
_FINISHES = frozenset({"matte", "glossy"})


@dataclass
class Look:
    """What the words ask of the product; None where they do not say."""

    colour: Colour | None = None
    second_colour: Colour | None = None
    material: str | None = None
    variety: str | None = None
    """The wood or the metal."""
    pattern: str | None = None
    part: str | None = None
    adds_or_removes: bool = False

    @property
    def kind(self) -> str:
        """The kind of edit, as in ``Instruction.kind``."""
        if self.part and self.adds_or_removes:
            return "part"
        if self.pattern and (self.pattern != "plain" or not self.colour):
            return "pattern"
        if self.material and not (self.colour and self.material in _FINISHES):
            return "material"
        return "recolour" if self.colour else "other"


def read_product(spans: Sequence[Span]) -> Look:
    """Interpret the wished spans of a product instruction."""
    spans = _without_accessory(spans)
    asked = _asked(spans)
    look = Look()
    _read_part(spans, asked, look)
    for i in asked:
        _read_attribute(spans, i, look)
    _read_removed_pattern(spans, look)
    return look


def _without_accessory(spans: Sequence[Span]) -> Sequence[Span]:
    """Without the detail after the wish: "white" of "make it white with a red sole"."""
    for i, span in enumerate(spans):
        wish_before = any(s.is_attribute for s in spans[:i])
        if (
            span.key == "with"
            and wish_before
            and any(_role(spans, j) == "part" for j in range(i, len(spans)))
        ):
            return spans[:i]
    return spans


def product_words(spans: Sequence[Span]) -> str:
    """Canonical text for the encoder: synonyms mapped, fillers and punctuation left out."""
    chosen = [_words_of(spans, i) for i, span in enumerate(spans) if not span.is_break]
    return " ".join(filter(None, chosen))


def product_noun(spans: Sequence[Span]) -> str | None:
    """The product named, canonical singular."""
    for i, span in enumerate(spans):
        if _role(spans, i) == "noun":
            return span.options["noun"]
    return None


def _asked(spans: Sequence[Span]) -> list[int]:
    """Attributes that are asked for rather than describing which product is meant.

    In "make the orange mug blue" orange stands between a definite article and the noun: it describes.
    """
    attributes = [i for i, span in enumerate(spans) if span.is_attribute]
    described: list[int] = []
    for i in attributes:
        if i == 0 or spans[i - 1].key not in _DEFINITE:
            continue
        chain = [i, *takewhile(lambda j: _continues(spans, j), range(i + 1, len(spans)))]
        after = chain[-1] + 1
        if after < len(spans) and (spans[after].has("noun", "part") or spans[after].key in ("one", "ones")):
            described += chain
        elif len(attributes) > 1 and not spans[i].has("motif"):
            described.append(i)  # the thing is called by it: "make the orange blue", "make the glass blue"
    return [i for i in attributes if i not in described] or attributes


def _continues(spans: Sequence[Span], i: int) -> bool:
    span = spans[i]
    joins = span.key == "and" and i + 1 < len(spans) and spans[i + 1].is_attribute
    return joins or (span.is_attribute and not (span.has("noun") and not span.colour))


def _role(spans: Sequence[Span], i: int) -> str:
    """The meaning of a span here, "" for words without one."""
    span, before = spans[i], spans[i - 1] if i else None
    following = spans[i + 1] if i + 1 < len(spans) else None
    verbs = {s.key for s in spans[:i]}
    if span.has("motif") and span.has("part", "noun"):
        in_vase = any(s.options.get("noun") == "vase" for s in spans)
        if verbs & _DECORATING and not in_vase:
            return "motif"
        return "part" if span.has("part") else "noun"
    pointed_at = before is not None and before.key in _DEFINITE
    if span.has("part") and (
        not span.has("noun") or verbs & _REMOVING or (verbs & _ADDING and not pointed_at)
    ):
        named = span.key != "back" or verbs & (_ADDING | _REMOVING) or pointed_at
        return "part" if named else ""
    if span.has("noun") and not span.colour:
        is_head = not span.is_attribute or (_after_determiner(spans, i) and not _before_noun(following))
        return "noun" if is_head else _substance(span)
    if span.has("noun") and pointed_at and not _before_noun(following):
        return "colour" if i in _asked(spans) else "noun"
    if span.colour and span.has("material", "wood", "metal"):
        return _substance(span) if _is_substance(spans, i) else "colour"
    return "colour" if span.colour else _substance(span)


def _is_substance(spans: Sequence[Span], i: int) -> bool:
    """Whether a word that is a colour and a material is the material: "turn it into gold", "linen sofa"."""
    before, following = spans[i - 1] if i else None, spans[i + 1] if i + 1 < len(spans) else None
    verbs = {s.key for s in spans[:i]}
    if following and (following.key in _COLOUR_NOUNS or following.has("pattern", "motif")):
        return False
    if before and before.colour:
        return True
    if following and (following.key in ("and", "with") or _role(spans, i + 1) == "material"):
        return False
    if "material" in verbs or (before and before.key in _INTO):
        return True
    if verbs & _COLOURING or (before and before.key in ("and", "to", "plain")):
        return False
    return _before_noun(following) or spans[i].key not in _COLOUR_FIRST


def _after_determiner(spans: Sequence[Span], i: int) -> bool:
    """Whether an article opens the chain of attributes before: "a dusty blue glass"."""
    while i and (spans[i - 1].is_attribute or spans[i - 1].key in ("and", "coloured")):
        i -= 1
        if spans[i].has("noun") and not spans[i].colour:
            return False
    return i > 0 and spans[i - 1].key in DETERMINERS


def _before_noun(span: Span | None) -> bool:
    return span is not None and span.has("noun", "part")


def _substance(span: Span) -> str:
    order = ("wood", "metal", "motif", "pattern", "material", "colour", "part")
    return next((category for category in order if span.has(category)), "")


def _read_attribute(spans: Sequence[Span], i: int, look: Look) -> None:
    span, role = spans[i], _role(spans, i)
    if role == "colour":
        if look.colour is None:
            look.colour = span.colour
        elif look.second_colour is None:
            look.second_colour = span.colour
    elif role in ("wood", "metal"):
        look.material = look.material or ("wooden" if role == "wood" else "metal")
        look.variety = look.variety or span.options[role]
    elif role == "material" and (look.material is None or look.material in _FINISHES):
        look.material = span.options["material"]
    elif role == "pattern" and look.pattern in (None, "plain"):
        look.pattern = span.options["pattern"]
    elif role == "motif":
        look.pattern = span.options["motif"]
        _give_colour_to_motif(spans, i, look)


def _give_colour_to_motif(spans: Sequence[Span], i: int, look: Look) -> None:
    """ "blue stripes": blue is the second colour; "black and white stripes" name both."""
    if i == 0 or not spans[i - 1].colour:
        return
    both = i >= 3 and spans[i - 2].key == "and" and spans[i - 3].colour
    if not both and look.second_colour is None:
        look.colour, look.second_colour = None, spans[i - 1].colour


def _read_part(spans: Sequence[Span], asked: Sequence[int], look: Look) -> None:
    for i, span in enumerate(spans):
        if _role(spans, i) == "part":
            look.part = span.options["part"]
            verbs = {s.key for s in spans[:i]}
            look.adds_or_removes = bool(verbs & (_ADDING | _REMOVING)) or {"take", "off"} <= verbs
            return


def _read_removed_pattern(spans: Sequence[Span], look: Look) -> None:
    words = {span.key for span in spans}
    if words & _REMOVING and (look.pattern or "pattern" in words or "print" in words) and not look.part:
        look.pattern, look.second_colour = "plain", None


def _words_of(spans: Sequence[Span], i: int) -> str:
    span, role = spans[i], _role(spans, i)
    if role == "colour" and span.colour:
        return span.colour.name
    if role in ("wood", "metal"):
        return material_words("wooden" if role == "wood" else "metal", span.options[role])
    if role == "material":
        return material_words(span.options["material"])
    if role == "motif":
        return span.key
    if role:
        return span.options[role]
    return "" if span.key in FILLERS else span.key
