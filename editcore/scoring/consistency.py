"""Does a picture stand out from its range: another background, another size, the light from another side?

Measured on every result (``appearance``), then compared within the rows of one recipe (``range_of``, ``deviation``),
which needs no picture and no model. A row stands out when its modified z-score is above 3.5 (Iglewicz & Hoaglin 1993,
"How to Detect and Handle Outliers": |x - median| / (1.4826 MAD)) and the difference is one that people see. Only what
the edit itself can have caused is held against it: the background's colour and the shadow where it made a background
or followed a pair, the size where it followed a pair.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from skimage.color import deltaE_ciede2000

SIDE = 256
"""Longer side at which appearance is measured, pixels."""
LEAST_ROWS = 5
"""Rows of a recipe below which it is no range."""
OUTLIER = 3.5
"""Modified z-score above which a row stands out."""
SPREADS = {"delta_e": 1.0, "scale": 0.1, "shadow": 8.0}
"""Standard deviations that every range is granted: CIEDE2000, log2 of the ratio, degrees."""
SEEN = {"delta_e": 3.0, "scale": 0.35, "shadow": 45.0}
"""Differences below these are not noticed between pictures side by side; same units."""
PLAIN = 0.05
"""Spread of the background's log luminance around a smooth surface above which no shadow can be told from it."""
FAINT = 0.01
"""Darkness of the surroundings, in product areas, below which there is no shadow."""
BASIS = ("background_l", "background_a", "background_b", "product_share", "shadow_angle")
"""Columns of ``appearance``."""


@dataclass(frozen=True)
class Range:
    """What the rows of one recipe have in common; None where fewer than ``LEAST_ROWS`` have the figure."""

    background: tuple[float, float, float] | None
    """Median CIELAB."""
    background_typical: tuple[float, float] | None
    """Median and robust spread of the rows' CIEDE2000 to it."""
    share: tuple[float, float] | None
    """log2 of the product's share of the picture: median and robust spread."""
    shadow: tuple[float, float] | None
    """Shadow direction, degrees: mean direction and robust spread of the angles to it."""


def appearance(after: np.ndarray, alpha: np.ndarray) -> dict[str, float | None]:
    """Columns ``BASIS`` of one result.

    after: (H, W, 3) uint8 sRGB; alpha: (H, W) uint8 matte of the product in it. None where there is no background, no
    product, or no shadow that can be told from the background.
    """
    scale = min(1.0, SIDE / max(alpha.shape))
    size = (max(1, round(alpha.shape[1] * scale)), max(1, round(alpha.shape[0] * scale)))
    rgb = cv2.resize(after, size, interpolation=cv2.INTER_AREA).astype(np.float32) / 255
    inside = cv2.resize(alpha, size, interpolation=cv2.INTER_AREA).astype(np.float32) / 255
    outside = cv2.dilate(inside, np.ones((5, 5), np.uint8)) < 0.02
    columns: dict[str, float | None] = dict.fromkeys(BASIS)
    if inside.max() > 0.5:
        columns["product_share"] = float(inside.mean())
    if outside.mean() > 0.02:
        lab = np.median(cv2.cvtColor(rgb, cv2.COLOR_RGB2LAB)[outside], axis=0)
        columns |= {name: float(value) for name, value in zip(BASIS, lab, strict=False)}
        if columns["product_share"]:
            columns["shadow_angle"] = _shadow_angle(rgb, inside, outside)
    return columns


def range_of(rows: Iterable[Mapping[str, Any]]) -> Range:
    """What the rows of one recipe have in common, from their columns ``BASIS``."""
    rows = list(rows)
    labs = _known(rows, *BASIS[:3])
    shares = _known(rows, "product_share")
    angles = _known(rows, "shadow_angle")
    background = typical = share = shadow = None
    if len(labs) >= LEAST_ROWS:
        middle = np.median(labs, axis=0)
        background = (float(middle[0]), float(middle[1]), float(middle[2]))
        typical = _robust(_delta_e(labs, middle), SPREADS["delta_e"])
    if len(shares) >= LEAST_ROWS:
        share = _robust(np.log2(shares[:, 0]), SPREADS["scale"])
    if len(angles) >= LEAST_ROWS:
        mean = float(np.degrees(np.angle(np.exp(1j * np.radians(angles[:, 0])).mean())))
        shadow = (mean, _robust(_turn(angles[:, 0], mean), SPREADS["shadow"])[1])
    return Range(background, typical, share, shadow)


def deviation(row: Mapping[str, Any], of: Range) -> dict[str, float | str | None]:
    """Columns ``range_*`` of a row: its distance to the range, and what stands out in a sentence (``range_doubt``)."""
    far: dict[str, float | str | None] = {"range_delta_e": None, "range_scale": None, "range_shadow": None}
    made = row.get("target") == "background" or bool(row.get("pair"))
    doubts = []
    lab = _known([row], *BASIS[:3])
    if of.background and of.background_typical and len(lab):
        far["range_delta_e"] = distance = float(_delta_e(lab, np.array(of.background))[0])
        if made and _stands_out("delta_e", distance - of.background_typical[0], of.background_typical[1]):
            doubts.append(f"its background is off the others' (ΔE {distance:.0f})")
    if of.share and (share := row.get("product_share")):
        bigger = float(np.log2(share)) - of.share[0]
        far["range_scale"] = float(2**bigger)
        if row.get("pair") and _stands_out("scale", abs(bigger), of.share[1]):
            doubts.append(f"the product takes {2**bigger:.1f} times the others' share of the picture")
    if of.shadow and (angle := row.get("shadow_angle")) is not None:
        far["range_shadow"] = turn = float(_turn(np.array([angle]), of.shadow[0])[0])
        if made and _stands_out("shadow", turn, of.shadow[1]):
            doubts.append(f"its shadow falls {turn:.0f}° away from the others'")
    text = ", ".join(doubts)
    return {**far, "range_doubt": f"It stands out from its range: {text}." if text else ""}


def _stands_out(what: str, difference: float, spread: float) -> bool:
    return difference > SEEN[what] and difference / spread > OUTLIER


def _robust(values: np.ndarray, least: float) -> tuple[float, float]:
    """Median, and 1.4826 MAD but at least ``least``."""
    middle = float(np.median(values))
    return middle, max(least, 1.4826 * float(np.median(np.abs(values - middle))))


def _known(rows: Iterable[Mapping[str, Any]], *names: str) -> np.ndarray:
    """(N, len(names)) of the rows that have all of them."""
    found = [[row.get(name) for name in names] for row in rows]
    return np.array([values for values in found if None not in values], np.float64).reshape(-1, len(names))


def _delta_e(labs: np.ndarray, lab: np.ndarray) -> np.ndarray:
    return np.asarray(deltaE_ciede2000(labs, np.broadcast_to(lab, labs.shape)))


def _turn(angles: np.ndarray, to: float) -> np.ndarray:
    """Angle between directions, degrees in [0, 180]."""
    return np.abs((angles - to + 180) % 360 - 180)


def _shadow_angle(rgb: np.ndarray, inside: np.ndarray, outside: np.ndarray) -> float | None:
    """Direction from the product's centre to its shadow's, degrees: 0 = right, 90 = down, 180 or -180 = left."""
    height, width = inside.shape
    yy, xx = np.mgrid[0:height, 0:width].astype(np.float32)
    solid = inside > 0.5
    rows, columns = np.flatnonzero(solid.any(1)), np.flatnonzero(solid.any(0))
    gap = np.maximum.reduce([columns[0] - xx, xx - columns[-1], rows[0] - yy, yy - rows[-1]])
    reach = float(max(rows[-1] - rows[0], columns[-1] - columns[0], 1))
    far = outside & (gap > 0.25 * reach)
    if far.sum() < 0.08 * far.size:
        return None
    light = np.log(np.maximum(rgb @ np.array([0.2126, 0.7152, 0.0722], np.float32), 0.02) ** 2.2)
    x, y = xx / width, yy / height
    basis = np.stack([np.ones_like(x), x, y, x * x, y * y, x * y], -1)
    smooth = basis @ np.linalg.lstsq(basis[far], light[far], rcond=None)[0]
    left = light - smooth
    spread = 1.4826 * float(np.median(np.abs(left[far] - np.median(left[far]))))
    if spread > PLAIN:
        return None
    near = outside & (gap < 0.75 * reach)
    dark = np.where(near, np.clip(-left - 3 * spread - 0.03, 0, 1.5), 0)
    if dark.sum() < FAINT * inside.sum():
        return None
    shadow = np.array([(dark * xx).sum(), (dark * yy).sum()]) / dark.sum()
    product = np.array([(inside * xx).sum(), (inside * yy).sum()]) / inside.sum()
    right, down = shadow - product
    return float(np.degrees(np.arctan2(down, right)))
