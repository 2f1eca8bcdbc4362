"""Four-panel samples as files, laid out as the paper does: a picture of 2 x 2 panels and a text beside it.

Above, an example before and after; below, a query and its target. The text is the caption sentence of
``lexicon/four_panels.py``. A file that cannot be used loses only itself and becomes a ``Problem``:

=================  ======================================================================
code               what was found
=================  ======================================================================
``no_caption``     no text beside the picture, under its name or its number
``bad_caption``    a text that is not UTF-8, too long, or names no transformation
``grid_size``      sides that are odd or differ, or panels smaller than ``SMALLEST``
``no_edit``        a row of a table that does not say which edit it shows
``pair_size``      a before and an after of different sizes
``one_pair``       an edit that only one usable row shows
others             those of ``editcore.images`` (``truncated``, ``not_an_image`` ...)
=================  ======================================================================
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np
from PIL import Image

from editcore import images, storage
from editcore.images import BadInput
from editcore.lexicon.four_panels import caption_of, phrase_of
from editcore.outcomes import judge

PICTURES = (".png", ".jpg", ".jpeg", ".webp")
MAX_BYTES, MAX_TEXT = 64 << 20, 10_000
Item = TypeVar("Item")
SMALLEST = 16
"""Shortest side of a panel, pixels."""


@dataclass(frozen=True)
class Grid:
    """One sample: four squares of one side S, (S, S, 3) uint8 sRGB, each to be encoded on its own."""

    before: np.ndarray
    after: np.ndarray
    query: np.ndarray
    target: np.ndarray
    caption: str
    """The whole text."""
    example_name: str = ""
    """Where before and after came from."""
    query_name: str = ""
    """Where query and target came from."""

    @property
    def phrase(self) -> str:
        """What names the transformation; grids of one phrase show the same edit."""
        return phrase_of(self.caption)


@dataclass(frozen=True)
class Problem:
    """A file or row that was left out."""

    name: str
    code: str
    message: str
    """In words for whoever made it."""


def read_grids(folder: str, side: int) -> tuple[list[Grid], list[Problem]]:
    """Every grid of a folder or bucket prefix, panels resized to ``side``, and what could not be used.

    FileNotFoundError if the folder holds no picture at all.
    """
    names = storage.listing(folder)
    pictures = [name for name in names if name.lower().endswith(PICTURES)]
    if not pictures:
        raise FileNotFoundError(
            f"found no grid in {folder}; expected pictures ({', '.join(PICTURES)}) with texts"
        )
    texts = {_number(name): name for name in names if name.lower().endswith(".txt")}
    texts |= {_stem(name): name for name in names if name.lower().endswith(".txt")}
    found = Found[Grid]()
    for name in pictures:
        found.attempt(name, lambda name=name: [_read(folder, name, texts, side)])  # type: ignore[misc]
    return found.items, found.problems


def write_grid(
    folder: str,
    name: str,
    before: np.ndarray,
    after: np.ndarray,
    query: np.ndarray,
    target: np.ndarray,
    phrase: str,
) -> None:
    """Write ``name``.png and ``name``.txt; panels (S, S, 3) uint8 of one side. ValueError for anything else."""
    panels = (before, after, query, target)
    side = before.shape[0]
    if any(panel.shape != (side, side, 3) or panel.dtype != np.uint8 for panel in panels):
        raise ValueError(
            f"found panels {[p.shape for p in panels]}, expected four squares of one side, uint8 RGB"
        )
    rows = [np.concatenate(row, axis=1) for row in ((before, after), (query, target))]
    storage.put(storage.join(folder, f"{name}.txt"), caption_of(phrase).encode())
    storage.put(storage.join(folder, f"{name}.png"), images.encode(np.concatenate(rows), "PNG"))


def resized(rgb: np.ndarray, side: int) -> np.ndarray:
    """A square at another side."""
    if rgb.shape[:2] == (side, side):
        return rgb
    return np.asarray(Image.fromarray(rgb).resize((side, side), Image.Resampling.LANCZOS))


class Found(Generic[Item]):
    """What was read, and what was left out and why."""

    def __init__(self) -> None:
        self.items: list[Item] = []
        self.problems: list[Problem] = []

    def attempt(self, name: str, read: Callable[[], list[Item]]) -> None:
        """Keep what ``read`` gives, or why it failed."""
        try:
            self.items += read()
        except Exception as error:  # whatever it is, it is this file's and not the others'
            verdict = judge(error)
            self.problems.append(Problem(name, verdict.code, verdict.message))


def _read(folder: str, name: str, texts: dict[str, str], side: int) -> Grid:
    text = texts.get(_stem(name)) or texts.get(_number(name))
    if not text:
        raise BadInput("no_caption", f"Found no text beside {name}; put the caption into {_stem(name)}.txt.")
    caption = _caption(storage.read_bytes(storage.join(folder, text), MAX_TEXT + 1), text)
    rgb = images.load(storage.read_bytes(storage.join(folder, name), MAX_BYTES + 1), max_bytes=MAX_BYTES).rgb
    high, wide = rgb.shape[:2]
    if high != wide or high % 2 or high < 2 * SMALLEST:
        raise BadInput(
            "grid_size",
            f"{name} has {wide} x {high} pixels; a grid is a square of an even side, at least {2 * SMALLEST}.",
        )
    half = high // 2
    cut = [rgb[y : y + half, x : x + half] for y in (0, half) for x in (0, half)]
    before, after, query, target = (resized(np.ascontiguousarray(panel), side) for panel in cut)
    return Grid(before, after, query, target, caption, _stem(name), _stem(name))


def _caption(data: bytes, name: str) -> str:
    if len(data) > MAX_TEXT:
        raise BadInput(
            "bad_caption", f"{name} has more than {MAX_TEXT} bytes; a caption is a sentence or two."
        )
    try:
        text = data.decode("utf-8-sig").strip()
        phrase_of(text)
    except ValueError as error:
        raise BadInput("bad_caption", f"{name}: {error}") from None
    return text


def _stem(name: str) -> str:
    return name.rsplit(".", 1)[0]


def _number(name: str) -> str:
    """ "0040" and "40" are one number: the published set has both for one grid."""
    return _stem(name).lstrip("0") if _stem(name).isdigit() else _stem(name)
