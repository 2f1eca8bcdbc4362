"""The canonical names that the studio can show; the lexicon maps people's words to them."""

from __future__ import annotations

from typing import NamedTuple

MATERIALS: tuple[str, ...] = (
    "ceramic",  # glazed, clear highlight
    "matte",  # no highlight, the plain colour
    "glossy",  # lacquer, sharp highlight
    "plastic",  # broad soft highlight
    "metal",  # coloured metal, reflects the room
    "wooden",  # natural wood of one of WOODS
    "marble",  # light or coloured stone with veins
    "stone",  # speckled granite-like stone
    "concrete",  # cast, cloudy, small pores
    "terracotta",  # unglazed, dusty; the natural clay colour unless a colour is named
    "fabric",  # woven cloth
    "knitted",  # wool, V stitches in rows
    "velvet",  # dark facing the camera, bright at the rim
    "leather",  # pebbled grain, soft highlight
    "denim",  # twill, diagonal threads
    "glass",  # tinted and translucent: the backdrop shines through
    "wicker",  # basket weave
    "cork",  # speckled cork
    "paper",  # plain card and kraft paper
    "rubber",  # dark, nearly matte, broad sheen
)
"""Surface of an object; "wooden", "marble" and "cork" have colours of their own unless one is named."""

WOODS: tuple[str, ...] = (
    "oak",  # golden
    "light oak",  # pale, Scandinavian
    "dark oak",  # brown, smoked
    "walnut",  # chocolate
    "pine",  # yellowish, with knots
    "birch",  # very pale
    "maple",  # pale, fine grain
    "cherry",  # reddish
    "mahogany",  # deep red-brown
    "teak",  # warm brown
    "ebony",  # nearly black
    "bamboo",  # straw, straight grain
)
"""Natural woods, for material "wooden" and as planks."""

METALS: tuple[str, ...] = (
    "gold",  # yellow
    "brass",  # dull yellow
    "copper",  # orange
    "rose gold",  # pinkish
    "bronze",  # brown
    "silver",  # bright grey
    "chrome",  # mirror
    "steel",  # brushed grey
)
"""Metals with a colour of their own, for material "metal"."""

PATTERNS: tuple[str, ...] = (
    "plain",
    "striped",  # horizontal bands
    "vertical striped",  # upright bands
    "polka dot",  # round dots, staggered
    "checked",  # two-colour squares (gingham)
    "plaid",  # tartan: crossing bands of three tones
    "two-tone",  # lower part in one colour, upper in the other
    "floral",  # scattered five-petalled flowers
    "zigzag",  # chevrons
    "herringbone",  # interlocking slanted bricks
)
"""Decoration of an object in its colour and its second colour."""

SURFACES: tuple[str, ...] = (
    "oak wood",  # boards in the woods of WOODS, natural colour
    "light oak wood",
    "dark oak wood",
    "walnut wood",
    "pine wood",
    "birch wood",
    "maple wood",
    "cherry wood",
    "mahogany wood",
    "teak wood",
    "ebony wood",
    "bamboo wood",
    "painted wood",  # boards painted in the colour asked for
    "rustic wood",  # grey weathered boards
    "parquet",  # herringbone oak
    "white marble",  # grey veins on white
    "black marble",  # white veins on black
    "green marble",
    "grey marble",
    "pink marble",
    "beige marble",  # travertine-like
    "terrazzo",  # chips in a light ground; takes a colour
    "granite",  # fine salt and pepper
    "slate",  # dark, layered
    "concrete",  # grey unless a colour is asked for
    "linen",  # coarse woven cloth, any colour
    "cotton",  # fine smooth tablecloth with folds, any colour
    "velvet",  # soft sheen, any colour
    "gingham",  # checked tablecloth: a colour and white
    "carpet",  # short pile, any colour
    "rug",  # bordered, patterned stripes, any colour
    "fur",  # long shaggy pile, any colour
    "leather",  # pebbled, any colour
    "tiles",  # square ceramic tiles, any colour
    "checker",  # chessboard tiles of two colours (black and white unless asked for)
    "brick",  # paving bricks, red unless asked for
    "cobblestone",  # rounded grey stones
    "grass",  # lawn
    "sand",  # ripples
    "snow",  # soft bluish shadows
    "pebbles",  # beach stones
    "moss",  # deep green, clumpy
    "soil",  # dark earth
    "autumn leaves",  # orange and brown leaves
    "water",  # ripples, reflecting
    "glass",  # smooth, mirror-like, any colour
    "metal",  # brushed steel
    "cork",  # speckled cork
    "paper",  # seamless craft paper, any colour
    "plaster",  # rough troweled, any colour
)
"""What an object can stand on when the setting is "floor"."""

COLOURED_SURFACES: frozenset[str] = frozenset(
    [
        "painted wood",
        "terrazzo",
        "concrete",
        "linen",
        "cotton",
        "velvet",
        "gingham",
        "carpet",
        "rug",
        "fur",
        "leather",
        "tiles",
        "checker",
        "brick",
        "glass",
        "paper",
        "plaster",
    ]
)
"""Surfaces that take any colour asked for; the others keep their natural one."""

OUTDOOR_SURFACES: frozenset[str] = frozenset(
    ["grass", "sand", "snow", "pebbles", "moss", "soil", "autumn leaves", "water", "cobblestone"]
)
"""Surfaces with a sky or a hazy distance behind them unless a wall colour is asked for."""

STYLES: tuple[str, ...] = ("", "warm", "cool", "bright", "dark", "light")
"""Mood of the light in a scene: colour temperature, or brightness, or a pale wash ("light")."""

WALL_FINISHES: tuple[str, ...] = ("plain", "brick", "panelled", "tiled", "plaster", "wooden")
"""Finish of the wall behind a floor."""

SETTINGS: tuple[str, ...] = ("studio", "floor")
"""A seamless coloured sweep, or a surface with a wall behind it."""


class Tone(NamedTuple):
    """A colour with the name it has in a caption."""

    name: str
    rgb: tuple[int, int, int]
    """sRGB, 0 to 255."""
