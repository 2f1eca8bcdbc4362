"""What each named surface and wall finish is made of: its tile, its colours, its size and its gloss."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from editcore.studio.vocabulary import SURFACES, WALL_FINISHES

RGB = tuple[float, float, float]
Palette = NDArray[np.float32]
"""3 x 3: the three colours of a tile, sRGB in [0, 1]."""

WOOD_COLOURS: dict[str, tuple[RGB, RGB]] = {
    "oak": ((0.76, 0.59, 0.38), (0.57, 0.40, 0.23)),
    "light oak": ((0.88, 0.76, 0.59), (0.75, 0.60, 0.42)),
    "dark oak": ((0.45, 0.31, 0.19), (0.28, 0.18, 0.11)),
    "walnut": ((0.44, 0.29, 0.19), (0.25, 0.15, 0.09)),
    "pine": ((0.90, 0.75, 0.49), (0.78, 0.57, 0.31)),
    "birch": ((0.92, 0.84, 0.71), (0.82, 0.71, 0.55)),
    "maple": ((0.90, 0.77, 0.59), (0.80, 0.63, 0.43)),
    "cherry": ((0.69, 0.39, 0.24), (0.52, 0.26, 0.15)),
    "mahogany": ((0.47, 0.20, 0.13), (0.29, 0.10, 0.07)),
    "teak": ((0.66, 0.45, 0.25), (0.48, 0.29, 0.14)),
    "ebony": ((0.17, 0.14, 0.13), (0.08, 0.065, 0.06)),
    "bamboo": ((0.88, 0.75, 0.48), (0.74, 0.58, 0.31)),
}
"""Early and late wood."""

MARBLE_COLOURS: dict[str, tuple[RGB, RGB, RGB]] = {
    "white": ((0.95, 0.945, 0.935), (0.52, 0.53, 0.55), (0.82, 0.82, 0.83)),
    "black": ((0.075, 0.075, 0.085), (0.85, 0.84, 0.82), (0.17, 0.17, 0.18)),
    "green": ((0.10, 0.29, 0.21), (0.62, 0.76, 0.66), (0.05, 0.18, 0.13)),
    "grey": ((0.58, 0.59, 0.61), (0.92, 0.92, 0.92), (0.42, 0.43, 0.45)),
    "pink": ((0.91, 0.74, 0.71), (0.66, 0.42, 0.41), (0.96, 0.86, 0.83)),
    "beige": ((0.87, 0.78, 0.65), (0.70, 0.57, 0.43), (0.93, 0.87, 0.77)),
}
"""Ground, veins, clouds."""


@dataclass(frozen=True)
class Surface:
    """A material for a plane, before it is dyed."""

    tiles: tuple[str, ...]
    """Names of the tiles it may be painted with (one is drawn by the scene's seed)."""
    palette: tuple[RGB, RGB, RGB]
    """Natural colours of the first share, the second and the rest."""
    width: float = 2.4
    """Object units that one tile spans."""
    gloss: float = 0.0
    """Mirror reflection at normal incidence times smoothness, [0, 1]."""
    dye: Callable[[RGB, RGB], tuple[RGB, RGB, RGB]] | None = None
    """Palette from the colour asked for and a second one; None where the surface keeps its own colours."""

    def colours(self, first: RGB | None, second: RGB | None) -> Palette:
        """Palette for the colours asked for (sRGB [0, 1]); natural where none is given or taken."""
        if self.dye is None or first is None:
            return np.array(self.palette, np.float32)
        return np.array(self.dye(first, second or self.palette[1]), np.float32)


def _darker(colour: RGB, factor: float) -> RGB:
    return (colour[0] * factor, colour[1] * factor, colour[2] * factor)


def _toward(colour: RGB, other: RGB, share: float) -> RGB:
    mixed = [a + (b - a) * share for a, b in zip(colour, other, strict=True)]
    return (mixed[0], mixed[1], mixed[2])


def _contrast(colour: RGB, amount: float) -> RGB:
    """A clearly different brightness of the same colour."""
    light = sum(colour) / 3 > 0.5
    return _toward(colour, (0.05, 0.05, 0.05) if light else (1.0, 1.0, 1.0), amount)


WHITE: RGB = (0.95, 0.945, 0.93)
BLACK: RGB = (0.07, 0.07, 0.075)
GREY: RGB = (0.55, 0.55, 0.55)
CREAM: RGB = (0.93, 0.88, 0.78)


def plain(tile: str, natural: RGB, width: float = 2.4, gloss: float = 0.0, gap: float = 1.0) -> Surface:
    """One colour all over; joints and gaps take ``gap`` times that colour."""
    dye = lambda a, b: (a, _darker(a, 0.86), _darker(a, gap))  # noqa: E731
    return Surface((tile,), dye(natural, natural), width, gloss, dye)


def _wood(name: str) -> Surface:
    early, late = WOOD_COLOURS[name]
    return Surface(("planks", "table top", "planks"), (early, late, _darker(late, 0.35)), 2.4, 0.08)


def _tiled(tile: str, natural: RGB, width: float, gloss: float) -> Surface:
    dye = lambda a, b: (a, a, _toward(_contrast(a, 0.45), GREY, 0.35))  # noqa: E731
    return Surface((tile,), dye(natural, natural), width, gloss, dye)


SURFACE_TABLE: dict[str, Surface] = {
    **{f"{wood} wood": _wood(wood) for wood in WOOD_COLOURS},
    **{f"{stone} marble": Surface(("marble",), MARBLE_COLOURS[stone], 2.2, 0.3) for stone in MARBLE_COLOURS},
    "beige marble": Surface(("travertine",), MARBLE_COLOURS["beige"], 2.4, 0.2),
    "painted wood": plain("painted planks", WHITE, gap=0.42, gloss=0.05),
    "rustic wood": Surface(("planks",), ((0.56, 0.52, 0.47), (0.30, 0.27, 0.24), (0.11, 0.1, 0.09)), 2.4),
    "parquet": Surface(("parquet",), (*WOOD_COLOURS["oak"], (0.24, 0.15, 0.08)), 2.6, 0.12),
    "terrazzo": Surface(
        ("terrazzo",),
        (WHITE, (0.55, 0.36, 0.28), (0.42, 0.45, 0.46)),
        2.0,
        0.18,
        lambda a, b: (a, _contrast(a, 0.5), _toward(a, (0.97, 0.95, 0.92), 0.6)),
    ),
    "granite": Surface(("granite",), ((0.56, 0.55, 0.55), (0.22, 0.22, 0.24), (0.84, 0.82, 0.80)), 2.0, 0.2),
    "slate": Surface(("slate",), ((0.24, 0.26, 0.29), (0.42, 0.44, 0.47), (0.2, 0.2, 0.2)), 2.4, 0.06),
    "concrete": plain("concrete", (0.62, 0.62, 0.61), 2.8, 0.03),
    "linen": plain("linen", (0.86, 0.80, 0.69), 2.2),
    "cotton": plain("cotton", WHITE, 2.6),
    "velvet": plain("velvet", (0.45, 0.06, 0.15), 2.6),
    "gingham": Surface(
        ("gingham",), ((0.8, 0.12, 0.12), WHITE, WHITE), 2.2, 0.0, lambda a, b: (a, WHITE, WHITE)
    ),
    "carpet": plain("carpet", (0.58, 0.55, 0.52), 2.0),
    "rug": Surface(
        ("rug",),
        ((0.62, 0.16, 0.13), CREAM, (0.12, 0.17, 0.33)),
        2.6,
        0.0,
        lambda a, b: (a, CREAM if sum(a) < 2 else _darker(a, 0.4), _contrast(a, 0.55)),
    ),
    "fur": plain("fur", (0.93, 0.91, 0.87), 2.2),
    "leather": plain("leather", (0.42, 0.25, 0.14), 1.8, 0.12),
    "tiles": _tiled("tiles", (0.93, 0.93, 0.92), 2.6, 0.3),
    "checker": Surface(("checker",), (WHITE, BLACK, GREY), 2.6, 0.22, lambda a, b: (a, b, GREY)),
    "brick": Surface(
        ("bricks",),
        ((0.62, 0.29, 0.21), (0.36, 0.18, 0.14), (0.72, 0.68, 0.63)),
        2.4,
        0.0,
        lambda a, b: (a, _darker(a, 0.66), _toward(_contrast(a, 0.3), GREY, 0.5)),
    ),
    "cobblestone": Surface(
        ("cobblestone",), ((0.50, 0.49, 0.48), (0.40, 0.39, 0.39), (0.15, 0.14, 0.13)), 2.8
    ),
    "grass": Surface(("grass",), ((0.30, 0.52, 0.16), (0.52, 0.64, 0.24), (0.10, 0.24, 0.07)), 2.0),
    "sand": Surface(("sand",), ((0.87, 0.76, 0.57), (0.80, 0.67, 0.47), (0.7, 0.6, 0.4)), 2.6),
    "snow": Surface(("snow",), ((0.96, 0.97, 0.99), (0.68, 0.78, 0.92), (0.9, 0.9, 0.95)), 2.8),
    "pebbles": Surface(("pebbles",), ((0.66, 0.63, 0.59), (0.42, 0.41, 0.41), (0.16, 0.15, 0.14)), 2.4),
    "moss": Surface(("moss",), ((0.25, 0.38, 0.10), (0.42, 0.52, 0.16), (0.1, 0.2, 0.05)), 2.2),
    "soil": Surface(("soil",), ((0.28, 0.19, 0.13), (0.42, 0.33, 0.25), (0.15, 0.1, 0.08)), 2.4),
    "autumn leaves": Surface(("leaves",), ((0.85, 0.44, 0.10), (0.55, 0.24, 0.09), (0.90, 0.70, 0.22)), 2.6),
    "water": Surface(("water",), ((0.16, 0.47, 0.58), (0.75, 0.90, 0.93), (0.07, 0.30, 0.43)), 2.6, 0.35),
    "glass": plain("smooth", (0.80, 0.88, 0.88), gloss=0.5),
    "metal": Surface(("brushed",), ((0.72, 0.73, 0.75), (0.56, 0.57, 0.60), (0.5, 0.5, 0.5)), 2.4, 0.3),
    "cork": Surface(("cork",), ((0.79, 0.61, 0.41), (0.67, 0.48, 0.30), (0.36, 0.23, 0.14)), 1.8),
    "paper": plain("paper", (0.93, 0.90, 0.84)),
    "plaster": plain("plaster", (0.88, 0.86, 0.82), 3.0),
}

WALL_TABLE: dict[str, Surface] = {
    "plain": plain("smooth", GREY, 4.0),
    "brick": SURFACE_TABLE["brick"],
    "panelled": plain("panels", GREY, 4.0),
    "tiled": _tiled("wall tiles", WHITE, 2.4, 0.0),
    "plaster": plain("plaster", GREY, 4.0),
    "wooden": plain("painted planks", GREY, 2.8, gap=0.5),
}

assert set(SURFACE_TABLE) == set(SURFACES), set(SURFACE_TABLE) ^ set(SURFACES)
assert set(WALL_TABLE) == set(WALL_FINISHES)
