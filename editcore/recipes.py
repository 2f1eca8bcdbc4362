"""What to make of the pictures: recipes in words, by one or more before/after pairs, or both."""

from __future__ import annotations

import fnmatch
import re
from typing import Any, Literal, Union

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

MOST_WORDS = 300
"""Characters of an instruction."""
Scalar = Union[bool, int, float, str]  # noqa: UP007 - order matters to pydantic


class ExemplarFiles(BaseModel):
    """A pair: one picture before and after the change that others are to follow."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    before: str = Field(
        min_length=1, description="Picture before the change; path from the campaign file, or s3://."
    )
    after: str = Field(min_length=1, description="The same picture after it, at the same size.")


class Recipe(BaseModel):
    """One change, in words or by example, for some or all of the pictures."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str = Field(
        pattern=r"^[a-z0-9][a-z0-9_-]{0,39}$",
        description="Short name; part of the output files' names. Lower-case letters, digits, - and _.",
    )
    words: str | None = Field(
        default=None,
        min_length=1,
        max_length=MOST_WORDS,
        description="The instruction, e.g. 'make it navy blue'; not needed with an exemplar, or if "
        "source.columns.words is set.",
    )
    exemplar: list[ExemplarFiles] = Field(
        default_factory=list,
        max_length=4,
        description="A before/after pair to follow, or a list of up to four: then all their changes are made.",
    )
    target: Literal["product", "background", "region"] | None = Field(
        default=None,
        description="What may change: the product, everything around it, or a named part. "
        "Default: the product, or what the exemplar changes.",
    )
    region: str | None = Field(
        default=None, description="Name of the part for target region, e.g. 'lampshade'."
    )
    where: dict[str, Scalar | list[Scalar]] = Field(
        default_factory=dict,
        description="Which pictures: column: value, column: [values] or column: 'glob*'; all must hold. "
        "sku works for every source.",
    )
    strength: float = Field(
        default=1.0, gt=0, le=1, description="How far to go; 1 is the instruction in full."
    )
    approved: bool = Field(
        default=False,
        description="Let a recipe with an exemplar run although nobody approved its preview.",
    )

    @field_validator("exemplar", mode="before")
    @classmethod
    def _one_or_several(cls, given: Any) -> Any:
        if isinstance(given, str):
            raise ValueError(f"found {given!r}, expected two pictures: {{before: a.jpg, after: b.jpg}}")
        return [given] if isinstance(given, dict) else given

    @model_validator(mode="before")
    @classmethod
    def _words_mean_the_product(cls, given: Any) -> Any:
        follows = isinstance(given, dict) and given.get("exemplar")
        return given if follows or not isinstance(given, dict) else {"target": "product", **given}

    @model_validator(mode="after")
    def _region_named(self) -> Recipe:
        if (self.target == "region") != (self.region is not None):
            raise ValueError("target region and the field region belong together: give both or neither")
        return self

    @model_validator(mode="after")
    def _pairs_differ(self) -> Recipe:
        for pair in self.exemplar:
            if pair.before == pair.after:
                raise ValueError(
                    f"found {pair.before} as before and as after; give the two pictures of a pair"
                )
        return self

    def selects(self, columns: dict[str, Any]) -> bool:
        """Whether the recipe applies to a picture with these column values."""
        return all(_matches(columns.get(name), wanted) for name, wanted in self.where.items())

    def words_for(self, words_of_row: str | None) -> str | None:
        """The instruction for one picture: the recipe's, else the row's; a pair alone needs none ("")."""
        return self.words or ("" if self.exemplar else words_of_row)


def _matches(found: Any, wanted: Scalar | list[Scalar]) -> bool:
    if isinstance(wanted, list):
        return any(_matches(found, one) for one in wanted)
    if isinstance(wanted, str) and re.search(r"[*?\[]", wanted):
        return fnmatch.fnmatchcase(str(found), wanted)
    return found == wanted or (found is not None and str(found) == str(wanted))
