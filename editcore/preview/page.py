"""``preview.html``: every recipe's card and what it makes of a few products, on one page that stands alone.

Pictures are data URIs; a Content-Security-Policy allows nothing else; Jinja escapes every word.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib import resources
from typing import Any

import numpy as np
from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from PIL import Image

from editcore.delivery.cards import full_card
from editcore.delivery.pictures import data_uri, shrink, tint_region
from editcore.editors.base import Exemplar
from editcore.preview.card import Card

SIDE = 480
"""Longest side of a pair's pictures, pixels."""


@dataclass(frozen=True)
class Shown:
    """A pair or an instruction with its card."""

    card: Card
    exemplar: Exemplar | None = None
    region: np.ndarray | None = None
    """(H, W) uint8, 255 where the pair differs."""

    @property
    def pictures(self) -> list[dict[str, Any]]:
        """Before, after and where they differ, for the page."""
        if self.exemplar is None or self.region is None:
            return []
        before, after = (
            Image.fromarray(np.ascontiguousarray(p)) for p in (self.exemplar.before, self.exemplar.after)
        )
        small = shrink(after, SIDE)
        three = (
            ("Before", before),
            ("After", after),
            ("Differs", tint_region(small, Image.fromarray(self.region))),
        )
        return [_picture(label, shrink(picture, SIDE)) for label, picture in three]


@dataclass(frozen=True)
class RecipePage:
    """One recipe on the page."""

    id: str
    words: str
    target: str
    shown: Sequence[Shown]
    rows: Sequence[Mapping[str, Any]]
    """Rows of ``manifest.merged``."""
    total: int
    """Pictures of the source that it selects."""
    approval: Mapping[str, Any] | None = None
    """Who approved exactly this, if anybody did."""
    cards: list[dict[str, Any]] = field(default_factory=list)


def render(
    title: str, command: str, recipes: Sequence[RecipePage], run: str, facts: Mapping[str, str]
) -> str:
    """The page as HTML. ``command``: what approves it; ``run``: the folder the rows' pictures lie in."""
    for recipe in recipes:
        recipe.cards.extend(full_card(n, dict(row), run, run) for n, row in enumerate(recipe.rows))
    environment = Environment(
        loader=PackageLoader("editcore.preview"),
        autoescape=select_autoescape(enabled_extensions=("html", "j2"), default=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    style = "\n".join(
        (resources.files(package) / "templates" / name).read_text("utf-8")
        for package, name in (("editcore.delivery", "report.css"), ("editcore.preview", "preview.css"))
    )
    return environment.get_template("preview.html.j2").render(
        title=title, command=command, recipes=recipes, facts=facts, style=style
    )


def _picture(label: str, picture: Image.Image) -> dict[str, Any]:
    return {"label": label, "src": data_uri(picture), "width": picture.width, "height": picture.height}
