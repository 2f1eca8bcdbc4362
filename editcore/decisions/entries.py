"""What stands in the journal: one entry per decision or undo, by one person, about one or more pictures."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Literal

from pydantic import (
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    TypeAdapter,
    field_validator,
    model_validator,
)

from editcore.recipes import MOST_WORDS

REASONS: dict[str, str] = {
    "product_changed": "Product changed",
    "colour_wrong": "Colour wrong",
    "logo_or_text": "Logo or text damaged",
    "edge": "Edge or halo",
    "shadow_or_light": "Shadow or light wrong",
    "background": "Background off brand",
    "prop": "Prop unsuitable",
    "crop_or_scale": "Crop or scale",
    "artefact": "Artefact",
    "rule": "A rule is broken",
    "other": "Other",
}
"""Why a picture can be rejected, and what people read. The order is that of the page's keys."""
MOST_TRIES = 4
"""How often a picture and recipe may be made in all; a person who wants more needs another recipe."""
MOST_ROWS = 100_000
"""Rows of one decision."""

Id = Annotated[str, Field(pattern=r"^[0-9a-f]{32}$", description="Made by whoever decides; once is enough.")]
RowId = Annotated[str, Field(pattern=r"^[0-9a-f]{16}$")]
_CONTROL = re.compile(r"[\x00-\x1f\x7f]+")


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Subject(_Strict):
    """A picture that was decided about."""

    row_id: RowId
    picture: str = Field(min_length=1, max_length=1000)
    """From the output's folder on (``night.picture_of``): another picture needs another decision."""


class Decide(_Strict):
    """Pictures may go out, or may not."""

    kind: Literal["decide"] = "decide"
    id: Id
    by: str = Field(min_length=1, max_length=200)
    at: AwareDatetime
    night: str
    verdict: Literal["approve", "reject"]
    rows: list[Subject] = Field(min_length=1, max_length=MOST_ROWS)
    reasons: list[str] = Field(default_factory=list, max_length=len(REASONS))
    note: str = Field(default="", max_length=1000)
    again: bool = False
    """Make it once more in the next night: with ``words``, or with other noise."""
    words: str | None = Field(default=None, max_length=MOST_WORDS)
    """Instruction in place of the recipe's."""
    seconds: float = Field(default=0.0, ge=0)
    """How long the pictures were looked at."""

    @field_validator("note", "words")
    @classmethod
    def _plain(cls, text: str | None) -> str | None:
        return " ".join(_CONTROL.sub(" ", text).split()) if text is not None else None

    @model_validator(mode="after")
    def _hangs_together(self) -> Decide:
        if strange := sorted(set(self.reasons) - set(REASONS)):
            raise ValueError(f"found reasons {', '.join(strange)}, expected some of {', '.join(REASONS)}")
        if self.verdict == "reject" and not self.reasons:
            raise ValueError("found a rejection without a reason, expected at least one")
        if self.verdict == "approve" and (self.again or self.words or self.reasons):
            raise ValueError("an approved picture takes no reasons and is not made again")
        if self.words is not None and not (self.words and self.again):
            raise ValueError("new words are for pictures that are made again; leave them out, or give some")
        return self


class Undo(_Strict):
    """An earlier decision does not count."""

    kind: Literal["undo"] = "undo"
    id: Id
    by: str = Field(min_length=1, max_length=200)
    at: AwareDatetime
    entry: int = Field(ge=1)
    """Number of the decision in the journal."""


Entry = Annotated[Decide | Undo, Field(discriminator="kind")]
ENTRY: TypeAdapter[Decide | Undo] = TypeAdapter(Entry)


def in_words(decided: Mapping[str, int]) -> str:
    """How many rows were decided how, e.g. ``12 approved, 3 rejected``; empty for none."""
    words = {"approve": "approved", "reject": "rejected"}
    return ", ".join(f"{decided[verdict]} {word}" for verdict, word in words.items() if decided.get(verdict))


def now() -> datetime:
    return datetime.now().astimezone().replace(microsecond=0)
