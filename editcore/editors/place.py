"""The product in another stance before its own background: mirrored, leaning, larger, elsewhere, in its own pixels.

Product and shadow are taken away, what was behind them is filled in from the sides, and the product is put back,
flipped, turned and scaled, on its lowest point, with its shadow. What was hidden behind it nobody knows: light
comes from the sides, texture from beside the gap; on a plain background or a random texture nobody sees it, elsewhere
lines break off.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np

from editcore.editors import matte
from editcore.editors.backdrop import GHOST, fill_ghost
from editcore.editors.crop import bounds
from editcore.editors.shadow import ground_shadow

FILL_SIDE = 512
"""Longer side at which light is parted from texture and filled in."""
TEXTURE = 0.012
"""Blur that parts a ground's light from its texture, in shares of the picture's longer side."""
SHADED = 0.94
"""Light left below which the ground counts as shadow that goes with the product."""


@dataclass(frozen=True)
class Stance:
    """Mirrored, turned and scaled about the product's centre, set down, then moved."""

    mirrored: bool = False
    turn: float = 0.0
    """Radians, positive = its top to the right."""
    scale: float = 1.0
    step: tuple[float, float] = (0.0, 0.0)
    """To the right and down, shares of the picture's width and height; down is that of the outline's lower edge."""

    def by(self, strength: float) -> Stance:
        """Only so much of it, [0, 1]; what is mirrored is mirrored."""
        step = self.step[0] * strength, self.step[1] * strength
        return Stance(self.mirrored, self.turn * strength, self.scale**strength, step)

    def __str__(self) -> str:
        """In words: "mirrored, 1.3 times as large, moved 12 % to the right"."""
        said = ["mirrored"] if self.mirrored else []
        if self.turn:
            said.append(
                f"tilted {abs(math.degrees(self.turn)):.0f}° to the {'right' if self.turn > 0 else 'left'}"
            )
        if self.scale != 1:
            said.append(f"{self.scale:.2g} times as large")
        for share, names in zip(self.step, (("right", "left"), ("bottom", "top")), strict=True):
            if share:
                said.append(f"moved {abs(share):.0%} to the {names[share < 0]}")
        return ", ".join(said) or "as it was"


def centre_of(alpha: np.ndarray) -> tuple[float, float]:
    """The matte's centre of mass, (x, y) in pixels. ValueError if it is empty."""
    bounds(alpha)
    weights = alpha.astype(np.float64)
    x, y = (weights.sum(axis=axis) @ np.arange(alpha.shape[1 - axis]) for axis in (0, 1))
    return float(x / weights.sum()), float(y / weights.sum())


def matrix_of(stance: Stance, centre: tuple[float, float], shape: tuple[int, int]) -> np.ndarray:
    """The map of pixels, (2, 3) float64, for a product with this ``centre`` in a picture of (H, W) ``shape``.

    The whole step is the centre's here."""
    cos, sin = stance.scale * math.cos(stance.turn), stance.scale * math.sin(stance.turn)
    turned = np.array([[cos, -sin], [sin, cos]]) @ np.diag([-1.0 if stance.mirrored else 1.0, 1.0])
    x, y = centre
    end = np.array([x + stance.step[0] * shape[1], y + stance.step[1] * shape[0]])
    return np.c_[turned, end - turned @ [x, y]]


def compose_place(image: np.ndarray, alpha: np.ndarray, stance: Stance) -> tuple[np.ndarray, np.ndarray]:
    """The picture with its product in another stance, and where it may differ, (H, W) uint8, 255.

    image: (H, W, 3) uint8 sRGB; alpha: (H, W) uint8. Outside of the region the source's bytes. ValueError for unusable
    input."""
    matte.check(image, alpha)
    shape = (alpha.shape[0], alpha.shape[1])
    matrix, centre, bottom = _set_down(alpha, stance)
    laid = _warp(alpha, matrix, stance.scale, cv2.BORDER_CONSTANT)
    light = ground_shadow(image, alpha).light
    gone = np.maximum(alpha, np.where(light < SHADED, 255, 0).astype(np.uint8))
    back, filled = _without(image, gone)
    upright = Stance(False, 0.0, stance.scale, stance.step)  # the light comes from where it came from
    ground = matrix_of(upright, (centre[0], bottom), shape)
    shade = cv2.warpAffine(light, ground, shape[::-1], flags=cv2.INTER_LINEAR, borderValue=1.0)
    behind = np.where(filled | (shade < 1 - 1 / 512), 255, 0).astype(np.uint8)
    back = back * np.clip(shade, 0, 1)[..., None] ** (1 / 2.2)
    fore = _warp(matte.foreground(image, alpha), matrix, stance.scale, cv2.BORDER_REPLICATE)
    share = np.clip(laid, 0, 255)[..., None] / 255
    made = matte.to_uint8(np.clip(fore, 0, 1) * share + np.clip(back, 0, 1) * (1 - share))
    region = np.maximum(behind, np.where(laid > 0.5, 255, 0).astype(np.uint8))
    return matte.keep_outside(image, made, region), region


def stays_inside(alpha: np.ndarray, stance: Stance) -> bool:
    """Whether the whole product is in the picture afterwards; arguments as above."""
    x, y = _laid_at(alpha, _set_down(alpha, stance)[0])
    height, width = alpha.shape
    return bool(x.min() > -1 and y.min() > -1 and x.max() < width and y.max() < height)


def _set_down(alpha: np.ndarray, stance: Stance) -> tuple[np.ndarray, tuple[float, float], float]:
    """The map of pixels that sets the product on its lowest point; its pivot; and the row below it as it was."""
    left, _, right, bottom = bounds(alpha)
    centre = centre_of(alpha)
    if stance.mirrored:
        centre = ((left + right - 1) / 2, centre[1])  # in the box where it stood
    matrix = matrix_of(stance, centre, (alpha.shape[0], alpha.shape[1]))
    matrix[1, 2] += bottom + stance.step[1] * alpha.shape[0] - (_laid_at(alpha, matrix)[1].max() + 1)
    return matrix, centre, float(bottom)


def _without(image: np.ndarray, gone: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The picture in [0, 1] with what is ``gone`` filled from the sides, and where that is, bool.

    Light and colour come from ``fill_ghost``, at ``FILL_SIDE``; texture from beside the gap, mirrored."""
    height, width = gone.shape
    scale = min(FILL_SIDE / max(height, width), 1.0)
    size = (max(round(width * scale), 1), max(round(height * scale), 1))
    given = image.astype(np.float32) / 255
    small, hidden = (cv2.resize(picture, size, interpolation=cv2.INTER_AREA) for picture in (given, gone))
    reach = max(round(GHOST * max(size)), 1)
    zone = cv2.dilate((hidden > 5).astype(np.float32), _disc(reach))
    if zone.all():
        return np.broadcast_to(given.mean(axis=(0, 1)), given.shape).astype(np.float32), gone >= 0
    low = _low(small, 1 - zone)
    soft = np.clip(cv2.GaussianBlur(zone, (0, 0), max(reach / 4, 0.5)) * 2 - 0.6, 0, 1)
    light, filled, where, weight = (
        cv2.resize(picture, (width, height), interpolation=cv2.INTER_LINEAR)
        for picture in (low, _filled(low, hidden), zone, soft)
    )
    weight = np.maximum(weight, gone > 5)[..., None]
    whole = filled + _beside(given - light, where > 0)
    return given * (1 - weight) + whole * weight, weight[..., 0] > 0


def _low(picture: np.ndarray, known: np.ndarray) -> np.ndarray:
    """A picture's light without its texture, from known pixels only, (H, W, 3) float32."""
    sigma = max(TEXTURE * max(known.shape), 0.5)
    blurred = [
        cv2.GaussianBlur(one, (0, 0), sigma, borderType=cv2.BORDER_REPLICATE)
        for one in (picture * known[..., None], known)
    ]
    return blurred[0] / (blurred[1][..., None] + 1e-6)


def _filled(low: np.ndarray, gone: np.ndarray) -> np.ndarray:
    """A smooth picture without what is gone, of the same size."""
    height, width = gone.shape
    side = max(height, width)
    # fill_ghost works on squares: the picture in the corner of one, its border repeated.
    pad = (0, side - height, 0, side - width)
    square = cv2.copyMakeBorder(low, *pad, cv2.BORDER_REPLICATE)
    mask = cv2.copyMakeBorder(gone, *pad, cv2.BORDER_CONSTANT)
    return fill_ghost(square, mask, (0, 0, side, side))[:height, :width]


def _beside(detail: np.ndarray, zone: np.ndarray) -> np.ndarray:
    """What is left and right of a zone, mirrored into it row by row, to and fro; nothing if it fills the width."""
    width = zone.shape[1]
    columns = np.flatnonzero(zone.any(axis=0))
    left, right = int(columns[0]), int(columns[-1]) + 1
    if max(left, width - right) < 2:
        return np.zeros_like(detail)
    middle = (left + right) // 2 if min(left, width - right) > 1 else right if left > 1 else left
    taken = np.arange(width)
    taken[left:middle] = left - 1 - _to_and_fro(np.arange(middle - left), left)
    taken[middle:right] = right + _to_and_fro(np.arange(right - middle)[::-1], width - right)
    return detail[:, taken]


def _to_and_fro(steps: np.ndarray, span: int) -> np.ndarray:
    """0, 1, ..., span - 1, span - 1, ..., 0, 0, 1, ... at each step."""
    phase = steps % (2 * max(span, 1))
    return np.minimum(phase, 2 * max(span, 1) - 1 - phase)


def _disc(radius: int) -> np.ndarray:
    return cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1))


def _warp(picture: np.ndarray, matrix: np.ndarray, scale: float, border: int) -> np.ndarray:
    """A picture under a map, float32; blurred first where it shrinks."""
    given: np.ndarray = picture.astype(np.float32)
    if scale < 1:
        given = cv2.GaussianBlur(given, (0, 0), max(0.45 * (1 / scale - 1), 1e-2))
    size = (picture.shape[1], picture.shape[0])
    return cv2.warpAffine(given, matrix, size, flags=cv2.INTER_CUBIC, borderMode=border)


def _laid_at(alpha: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    """Where the product's pixels come to lie under a map, (2, N): x and y, in the picture or not."""
    rows, columns = np.nonzero(alpha > 127 if (alpha > 127).any() else alpha > 0)
    places: np.ndarray = matrix @ np.stack([columns, rows, np.ones_like(rows)])
    return places
