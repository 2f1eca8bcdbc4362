"""What a picture was called before an edit, and what it should be called after it."""

from __future__ import annotations

from editcore.lexicon.parse import Instruction, parse
from editcore.lexicon.wording import look_words, placed, with_article


def describe(caption: str | None, instruction: Instruction) -> tuple[str, str]:
    """(source text, target text) in the studio's wording: "a grey mug", "a navy mug".

    Only what the instruction names differs between the two, so that their difference points along the edit; without
    words nothing does.
    """
    known = parse(caption[:500], "product") if caption else None
    noun = instruction.noun or (known.noun if known else None) or "product"
    was = known.colour.name if known and known.colour else None
    source = with_article(look_words(noun, colour=was))
    if not instruction.words:  # a pair asks without words
        return source, source
    if instruction.kind == "background":
        return source, f"{source} {placed(instruction.words)}"
    if instruction.kind not in ("recolour", "material", "pattern"):
        return source, f"{source}, {instruction.words}"
    look = look_words(
        noun,
        colour=instruction.colour.name if instruction.colour else was,
        material=instruction.material,
        variety=instruction.variety,
        pattern=instruction.pattern,
        second=instruction.second_colour.name if instruction.second_colour else None,
    )
    return source, with_article(look)
