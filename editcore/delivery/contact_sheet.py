"""A sheet of before/after pairs as one picture, for a README, a mail or a slide.

    python -m editcore.delivery.contact_sheet OUTPUT --to sheet.jpg --pairs 12 --columns 3

takes pairs of a routed night, best first and spread over its recipes; ``contact_sheet`` draws any pairs.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from PIL import Image, ImageDraw, ImageFont

from editcore import storage
from editcore.delivery.night import load_rows
from editcore.delivery.pictures import locate, locate_source, open_picture, shrink
from editcore.delivery.ranking import rank_rows, spread_choice

PAPER, INK, SOFT, WELL = (247, 246, 243), (31, 29, 26), (107, 102, 94), (239, 236, 230)


@dataclass(frozen=True)
class Pair:
    """One cell of the sheet."""

    before: Image.Image
    after: Image.Image
    words: str
    """Caption under the pair."""


def contact_sheet(pairs: Sequence[Pair], columns: int = 3, cell: int = 300, title: str = "") -> Image.Image:
    """Draw ``pairs`` in rows of ``columns``; every picture gets a square of ``cell`` pixels. Returns RGB."""
    if not pairs or columns < 1:
        raise ValueError(f"expected at least one pair and one column, got {len(pairs)} and {columns}")
    margin, gap, inner, line = cell // 8, cell // 8, max(4, cell // 60), cell // 7
    head = int(cell * 0.3) if title else 0
    columns = min(columns, len(pairs))
    lines = -(-len(pairs) // columns)
    width = 2 * margin + columns * (2 * cell + inner) + (columns - 1) * gap
    height = 2 * margin + head + lines * (cell + line) + (lines - 1) * gap // 2
    sheet = Image.new("RGB", (width, height), PAPER)
    draw = ImageDraw.Draw(sheet)
    if title:
        draw.text((margin, margin), title, INK, ImageFont.load_default(cell * 0.15))
    font = ImageFont.load_default(cell * 0.062)
    for k, pair in enumerate(pairs):
        x = margin + (k % columns) * (2 * cell + inner + gap)
        y = margin + head + (k // columns) * (cell + line + gap // 2)
        for offset, picture in ((0, pair.before), (cell + inner, pair.after)):
            sheet.paste(_square(picture, cell), (x + offset, y))
        caption = _fit(draw, pair.words, font, 2 * cell + inner)
        draw.text((x, y + cell + line // 5), caption, SOFT, font)
    return sheet


def night_pairs(output: str, run: str, limit: int = 12) -> list[Pair]:
    """Pairs of a routed night: rows to publish before rows to review, spread over recipes, best first."""
    rows = load_rows(run)
    rows = rows[rows["route"].isin(["publish", "review"]) & (rows["outcome"] == "ok")]
    best_first = pd.Series(range(len(rows)), index=rank_rows(rows)[::-1])
    chosen = spread_choice(rows, best_first.index.tolist(), limit)
    pairs = []
    for row in rows.loc[chosen].to_dict("records"):
        places = [locate_source(row, output), locate(row["image_path"], run, output)]
        if all(places):
            before, after = (open_picture(storage.read_bytes(str(place))) for place in places)
            pairs.append(Pair(before, after, str(row["words"])))
    return pairs


def _square(picture: Image.Image, cell: int) -> Image.Image:
    """``picture`` whole, in the middle of a square."""
    small = shrink(picture, cell)
    square = Image.new("RGB", (cell, cell), WELL)
    square.paste(small, ((cell - small.width) // 2, (cell - small.height) // 2))
    return square


def _fit(
    draw: ImageDraw.ImageDraw, text: str, font: ImageFont.FreeTypeFont | ImageFont.ImageFont, width: int
) -> str:
    """``text`` on one line, cut with an ellipsis where it would be wider than ``width`` pixels."""
    text = " ".join(text.split())
    if draw.textlength(text, font) <= width:
        return text
    while text and draw.textlength(text + "…", font) > width:
        text = text[:-1]
    return text.rstrip() + "…"


def main(arguments: Sequence[str] | None = None) -> None:
    """Command line; see the module's docstring."""
    parser = argparse.ArgumentParser(prog="python -m editcore.delivery.contact_sheet", description=__doc__)
    parser.add_argument("output", help="output folder or bucket prefix of a campaign")
    parser.add_argument("--night", help="name of the night under runs/; the last one by default")
    parser.add_argument("--to", default="contact_sheet.jpg", help="file to write, .jpg or .png")
    parser.add_argument("--pairs", type=int, default=12)
    parser.add_argument("--columns", type=int, default=3)
    parser.add_argument("--cell", type=int, default=300, help="side of one picture, pixels")
    parser.add_argument("--title", default="")
    chosen = parser.parse_args(arguments)
    nights = storage.listing(storage.join(chosen.output, "runs"))
    if not nights:
        parser.error(f"{chosen.output} has no runs/ folder with a night in it; run a campaign first")
    run = storage.join(chosen.output, "runs", chosen.night or nights[-1])
    pairs = night_pairs(chosen.output, run, chosen.pairs)
    sheet = contact_sheet(pairs, chosen.columns, chosen.cell, chosen.title)
    Path(chosen.to).parent.mkdir(parents=True, exist_ok=True)
    sheet.save(chosen.to, quality=90, subsampling=0)


if __name__ == "__main__":
    main()
