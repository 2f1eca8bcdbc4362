"""Bodies of the page's posts."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from editcore.decisions.entries import Id, RowId
from editcore.review.line import View


class _Post(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class SeenRow(_Post):
    row_id: RowId
    picture: str
    last: int = Field(ge=0)


class Decision(_Post):
    """Fields of ``decisions.Decide``, which checks how they hang together."""

    id: Id
    verdict: Literal["approve", "reject"]
    rows: list[SeenRow] = Field(min_length=1, max_length=5000)
    reasons: list[str] = Field(default_factory=list)
    note: str = ""
    again: bool = False
    words: str | None = None
    seconds: float = Field(default=0.0, ge=0, le=86_400)


class ApproveAll(_Post):
    id: Id
    view: View
    recipe: str = ""
    find: str = ""
    total: int = Field(ge=1)
    """How many pictures the person saw the filter let through ..."""
    journal: int = Field(ge=0)
    """... after which entry of the journal."""
    seconds: float = Field(default=0.0, ge=0, le=86_400)


class UndoOf(_Post):
    id: Id
    entry: int = Field(ge=1)


class Hold(_Post):
    row_id: RowId


class Apply(_Post):
    """Nothing to say."""
