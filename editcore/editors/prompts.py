"""What a model is told: a text-to-image model wants a caption of the result, others the instruction."""

from __future__ import annotations

from typing import Literal, get_args

from editcore.editors.base import EditRequest
from editcore.lexicon import Instruction
from editcore.lexicon.describe import describe

Style = Literal["caption", "words", "canonical"]
"""``caption``: "a navy mug". ``words``: as the merchandiser wrote. ``canonical``: as the bundled model was taught."""


def check_style(style: str) -> None:
    """ValueError unless ``style`` is one of ``Style``."""
    if style not in get_args(Style):
        raise ValueError(f"found prompt {style!r}, expected one of {', '.join(get_args(Style))}")


def prompt(style: Style, request: EditRequest, instruction: Instruction) -> str:
    """The text for the model."""
    if style == "words":
        return request.words
    return instruction.words if style == "canonical" else describe(None, instruction)[1]


def prompt_before(instruction: Instruction) -> str:
    """A caption of the source, as far as the instruction tells."""
    return describe(None, instruction)[0]


def not_understood(instruction: Instruction) -> tuple[str, ...]:
    """The warning about words the lexicon does not know: a caption leaves them out, and no score looks for them."""
    return (f"not understood: {', '.join(instruction.unknown)}",) if instruction.unknown else ()
