"""What the picture was called before, and what it should be called now: the two texts of the CLIP scores."""

from __future__ import annotations

from editcore.lexicon import Instruction, parse


def describe(caption: str | None, instruction: Instruction) -> tuple[str, str]:
    """(source text, target text), as short as the studio's captions: "a grey mug", "a navy mug".

    Only what the instruction names differs between the two, so that their difference points along the edit.
    """
    known = parse(caption[:500], "product") if caption else None
    noun = instruction.noun or (known.noun if known else None) or "product"
    was = [known.colour.name] if known and known.colour else []
    source = _a([*was, noun])
    colour = instruction.colour.name if instruction.colour else None
    if instruction.kind == "recolour" and colour:
        return source, _a([colour, noun])
    if instruction.kind == "material" and instruction.material:
        return source, _a([*([colour] if colour else was), instruction.material, noun])
    if instruction.kind == "pattern" and instruction.pattern:
        return source, _a([*([colour] if colour else was), instruction.pattern, noun])
    if instruction.kind == "background":
        place = instruction.words if instruction.setting == "floor" else f"on {_a([instruction.words])}"
        return source, f"{source} {place}"
    return source, f"{source}, {instruction.words}"


def _a(words: list[str]) -> str:
    text = " ".join(words)
    return f"{'an' if text[:1] in 'aeiou' else 'a'} {text}"
