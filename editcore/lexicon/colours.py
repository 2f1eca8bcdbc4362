"""Colour names of merchandise, and modifiers that compose with any ("dark green", "pale warm grey")."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache

from editcore.lexicon.data import rows
from editcore.lexicon.tokens import Token, clean, keys, tokenise

FAMILIES = (
    "red", "orange", "yellow", "green", "turquoise", "blue", "purple", "pink", "brown", "beige", "white",
    "grey", "black",
)  # fmt: skip
"""Basic colour families, the values of ``Colour.base``."""


@dataclass(frozen=True)
class Colour:
    """A colour with a name."""

    name: str
    """Canonical, lower case, modifiers kept: "dark sage"."""
    rgb: tuple[int, int, int]
    """sRGB, 0..255."""
    base: str
    """One of ``FAMILIES``."""


# OKLab adjustments: (L, a, b) -> (L, a, b).  Amounts were set by eye on the basic colours.
_Change = Callable[[float, float, float], tuple[float, float, float]]


def _shift(
    scale: float = 1.0, lift: float = 0.0, chroma: float = 1.0, a: float = 0.0, b: float = 0.0
) -> _Change:
    """Scale lightness, lift it towards 1 by a share, scale chroma, then move towards a hue."""
    return lambda L, x, y: (L * scale + (1 - L * scale) * lift, x * chroma + a, y * chroma + b)


_CHANGES: dict[str, _Change] = {
    "light": _shift(lift=0.45, chroma=0.75),
    "pale": _shift(lift=0.62, chroma=0.5),
    "dark": _shift(scale=0.68, chroma=0.85),
    "deep": _shift(scale=0.78, chroma=1.1),
    "rich": _shift(scale=0.92, chroma=1.2),
    "bright": _shift(lift=0.12, chroma=1.3),
    "vivid": _shift(chroma=1.4),
    "neon": _shift(lift=0.25, chroma=1.7),
    "warm": _shift(a=0.012, b=0.028),
    "cool": _shift(a=-0.012, b=-0.028),
    "pastel": _shift(lift=0.6, chroma=0.55),
    "muted": _shift(lift=0.06, chroma=0.55),
    "dusty": _shift(lift=0.15, chroma=0.5),
    "soft": _shift(lift=0.25, chroma=0.7),
    "smoky": _shift(scale=0.88, chroma=0.45),
    "medium": _shift(),
}
_MODIFIERS = {name: name for name in _CHANGES} | {
    "lighter": "light", "paler": "pale", "darker": "dark", "deeper": "deep", "brighter": "bright",
    "warmer": "warm", "cooler": "cool", "cold": "cool", "vibrant": "vivid", "intense": "vivid",
    "saturated": "vivid", "fluorescent": "neon", "faded": "muted", "washed": "muted", "subdued": "muted",
    "desaturated": "muted", "dull": "muted", "smokey": "smoky", "dusky": "smoky", "mid": "medium",
    "icy": "pale", "delicate": "pale", "strong": "vivid", "bold": "vivid", "electric": "vivid",
}  # fmt: skip
_EMPHASIS = frozenset({"very", "really", "extra", "super"})
_TINTS = {
    "reddish": "red", "orangey": "orange", "orangeish": "orange", "yellowish": "yellow", "yellowy": "yellow",
    "greenish": "green", "bluish": "blue", "blueish": "blue", "purplish": "purple", "pinkish": "pink",
    "pinky": "pink", "brownish": "brown", "whitish": "white", "greyish": "grey", "blackish": "black",
    "goldish": "gold", "beigeish": "beige", "silverish": "silver", "violetish": "violet",
}  # fmt: skip


def _read_table() -> tuple[dict[str, Colour], dict[tuple[str, ...], str]]:
    colours: dict[str, Colour] = {}
    phrases: dict[tuple[str, ...], str] = {}
    for row in rows("colours.tsv"):
        name, value, base, others = [*row, ""][:4]
        colours[name] = Colour(name, (int(value[:2], 16), int(value[2:4], 16), int(value[4:], 16)), base)
        for phrase in [name, *filter(None, others.strip().split("|"))]:
            phrases.setdefault(keys(phrase), name)
    return colours, phrases


COLOURS, PHRASES = _read_table()
_LONGEST = max(map(len, PHRASES))


def colour_words() -> frozenset[str]:
    """Every single word that can take part in a colour."""
    words = {key for phrase in PHRASES for key in phrase}
    return frozenset(words | _MODIFIERS.keys() | _TINTS.keys())


def is_modifier(key: str) -> bool:
    """Whether the word changes the colour after it ("dark")."""
    return key in _MODIFIERS or key in _EMPHASIS


def match(tokens: Sequence[Token], start: int) -> tuple[int, Colour] | None:
    """The longest colour that begins at ``start``: how many tokens it takes, and the colour."""
    if tokens[start].key.startswith("#"):
        return 1, _from_hex(tokens[start].key)
    named = _match_named(tokens, start)
    named = _match_mixture(tokens, start, named) if named else None
    modified = _match_modified(tokens, start)
    return max(filter(None, [named, modified]), key=lambda found: found[0], default=None)


def colour_named(name: str) -> Colour | None:
    """The colour of a whole phrase, modifiers composed; None if the phrase is not just a colour."""
    tokens = tokenise(clean(name))
    found = match(tokens, 0) if tokens else None
    return found[1] if found and found[0] == len(tokens) else None


@cache
def modify(modifier: str, colour: Colour, name: str | None = None) -> Colour:
    """Apply a modifier in OKLab; a name of the table wins over the rule ("dark green", "warm grey")."""
    name = name or f"{modifier} {colour.name}"
    if PHRASES.get(keys(name)):
        return COLOURS[PHRASES[keys(name)]]
    from editcore.lexicon.colour import oklab_to_srgb, srgb_to_oklab

    lab = _CHANGES[modifier](*(float(v) for v in srgb_to_oklab(colour.rgb)))
    return Colour(name, _bytes(oklab_to_srgb(lab)), _shifted_base(modifier, colour, lab[0]))


@cache
def mix(first: Colour, second: Colour, share: float = 0.5, name: str | None = None) -> Colour:
    """Mix in OKLab with ``share`` of the first; the second gives the family ("bluish grey" is a grey)."""
    from editcore.lexicon.colour import oklab_to_srgb, srgb_to_oklab

    lab = share * srgb_to_oklab(first.rgb) + (1 - share) * srgb_to_oklab(second.rgb)
    return Colour(name or f"{first.name} {second.name}", _bytes(oklab_to_srgb(lab)), second.base)


@cache
def _from_hex(value: str) -> Colour:
    """A colour given as "#1a2b3c": exactly that, under the nearest name."""
    from editcore.lexicon.colour import nearest_name

    rgb = (int(value[1:3], 16), int(value[3:5], 16), int(value[5:7], 16))
    nearest = COLOURS[nearest_name(rgb)]
    return Colour(nearest.name, rgb, nearest.base)


def _match_named(tokens: Sequence[Token], start: int) -> tuple[int, Colour] | None:
    for length in range(min(_LONGEST, len(tokens) - start), 0, -1):
        name = PHRASES.get(tuple(token.key for token in tokens[start : start + length]))
        if name:
            return length, COLOURS[name]
    return None


def _match_modified(tokens: Sequence[Token], start: int) -> tuple[int, Colour] | None:
    key = tokens[start].key
    if not (key in _TINTS or is_modifier(key)) or start + 1 >= len(tokens):
        return None
    rest = match(tokens, start + 1)
    if rest is None:
        return None
    length, colour = rest
    if key in _EMPHASIS:
        again = _MODIFIERS.get(tokens[start + 1].key)
        return length + 1, modify(again, colour, f"very {colour.name}") if again else colour
    if key in _TINTS:
        return length + 1, mix(COLOURS[_TINTS[key]], colour, 0.2, f"{key} {colour.name}")
    return length + 1, modify(_MODIFIERS[key], colour)


def _match_mixture(tokens: Sequence[Token], start: int, named: tuple[int, Colour]) -> tuple[int, Colour]:
    """Two names tied by a hyphen are one colour: "red-brown", "grey-lilac"."""
    length, colour = named
    after = start + length
    if after < len(tokens) and tokens[after].hyphenated:
        second = _match_named(tokens, after)
        if second:
            return length + second[0], mix(colour, second[1])
    return named


def _shifted_base(modifier: str, colour: Colour, lightness: float) -> str:
    if colour.base == "brown" and lightness > 0.8:
        return "beige"
    if colour.base == "red" and modifier in ("pale", "pastel", "light"):
        return "pink"
    return colour.base


def _bytes(rgb: Iterable[float]) -> tuple[int, int, int]:
    red, green, blue = (round(float(value) * 255) for value in rgb)
    return red, green, blue
