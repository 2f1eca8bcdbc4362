"""The demo's campaign files, written as a person would write them: one for the studio's shop, one for
anybody's photos with the same words."""

from __future__ import annotations

import json
from dataclasses import dataclass

Where = dict[str, str | list[str]]


@dataclass(frozen=True)
class DemoRecipe:
    """A recipe and the comment above it."""

    id: str
    words: str
    target: str
    where: Where
    why: str
    region: str | None = None
    general: bool = True
    """Whether it suits any photo; the others need a product that is known."""


RECIPES = (
    DemoRecipe(
        "terracotta",
        "make it terracotta",
        "product",
        {"category": "drinkware"},
        "Cups and pots, in this season's clay.",
    ),
    DemoRecipe(
        "navy", "make it navy blue", "product", {"category": "bags"}, "A dark colour, also from white."
    ),
    DemoRecipe(
        "forest", "paint it forest green", "product", {"category": "furniture"}, "A dark green range."
    ),
    DemoRecipe("cream", "make it cream", "product", {"category": "home"}, "A light colour, also from dark."),
    DemoRecipe(
        "beige-studio",
        "warm beige studio background",
        "background",
        {"category": "bags"},
        "Backgrounds: a seamless sweep is 'studio background' ...",
    ),
    DemoRecipe(
        "pink-studio",
        "dusty pink studio background",
        "background",
        {"category": "decor"},
        "... in any colour ...",
    ),
    DemoRecipe(
        "grey-studio",
        "light grey studio background",
        "background",
        {"category": "wear"},
        "... also a quiet one.",
    ),
    DemoRecipe(
        "walnut",
        "on a walnut table in front of a cream wall",
        "background",
        {"sku": ["MUG-*", "COFFEE-*"]},
        "A floor or table: what it stands on, and the wall if you care. * stands for anything.",
    ),
    DemoRecipe(
        "marble",
        "on a white marble counter",
        "background",
        {"category": "tableware"},
        "Stone for the kitchen.",
    ),
    DemoRecipe(
        "oak",
        "on an oak floor in front of a white wall",
        "background",
        {"category": "furniture"},
        "A room for furniture; these pictures meet two recipes and become two pictures each.",
    ),
    DemoRecipe("lawn", "on grass", "background", {"category": "toys"}, "Outdoors."),
    DemoRecipe(
        "copper",
        "make it brushed copper",
        "product",
        {"sku": ["VASE-*", "BOWL-*"]},
        "Another material: harder than a colour, look closely.",
        general=False,
    ),
    DemoRecipe(
        "teal-stripes",
        "make it teal",
        "region",
        {"sku": "BALL-*"},
        "Only a part, named by its colour.",
        region="the red stripes",
        general=False,
    ),
)
"""Together they make about one and a half pictures of every product of the shop."""

HEAD = """\
# The demo's campaign: what to make of which pictures. Change it, then
#     vitrine plan campaign.yaml     says what would run
#     vitrine run campaign.yaml      runs it
# Paths count from this file. docs/running-a-night.md explains every field.

name: {name}

source:
{source}

output: results   # results/report.html; pictures to take in results/publish, to look at in results/review
shard_size: 12    # pictures a worker takes at once; leave it out (256) for a real catalogue
keep_raw: true    # the model's own output beside the finished picture, for the report

recipes:
"""
SHOP = """\
  table: catalogue/catalogue.csv   # one row per picture; a plain folder works too: "folder: photos/"
  columns:
    caption: description           # our words about each picture help the scores"""
OWN = """\
  table: photos.csv   # one row per photo; a plain folder works too: "folder: photos/"
                      # its columns colour and setting say which recipes a photo meets: change them freely"""


def shop_campaign() -> str:
    """YAML for the studio's shop: recipes select by category and SKU."""
    return HEAD.format(name="demo", source=SHOP) + "\n".join(
        _entry(recipe, recipe.where) for recipe in RECIPES
    )


def own_campaign() -> str:
    """YAML for anybody's photos: recipes select by the columns that ``turn`` fills."""
    general = [recipe for recipe in RECIPES if recipe.general]
    entries = [_entry(recipe, {_column(recipe): recipe.id}) for recipe in general]
    return HEAD.format(name="demo of your photos", source=OWN) + "\n".join(entries)


def turn(number: int) -> dict[str, str]:
    """Columns of photo ``number``: one recolour and one background, in turns, so that all are seen."""
    columns = {}
    for column in ("colour", "setting"):
        ids = [recipe.id for recipe in RECIPES if recipe.general and _column(recipe) == column]
        columns[column] = ids[number % len(ids)]
    return columns


def _column(recipe: DemoRecipe) -> str:
    return "setting" if recipe.target == "background" else "colour"


def _entry(recipe: DemoRecipe, where: Where) -> str:
    lines = [f"  # {recipe.why}", f"  - id: {recipe.id}", f"    words: {recipe.words}"]
    if recipe.target != "product":
        lines.append(f"    target: {recipe.target}")
    if recipe.region:
        lines.append(f"    region: {recipe.region}")
    selection = ", ".join(f"{column}: {_value(value)}" for column, value in where.items())
    return "\n".join([*lines, f"    where: {{{selection}}}", ""])


def _value(value: str | list[str]) -> str:
    """As YAML: plain words as they are, the rest quoted."""
    if isinstance(value, list):
        return f"[{', '.join(map(_value, value))}]"
    return json.dumps(value) if "*" in value else value
