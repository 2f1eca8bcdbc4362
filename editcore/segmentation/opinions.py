"""Asking a saliency network more than once: sharper masks, and a figure for how far it contradicts itself.

The network sees 320 pixels however large the photo is, so an antenna is one pixel wide or none. A second look
at the crop around the first mask, mirrored, shows it the product alone; where the two looks differ by more
than a rim, a third (the same crop, upright) is taken and the two close looks are averaged.

Close looks draw edges and thin parts better, but without the surroundings a pale middle (a white eye, a
candle's glass) is taken for background. So the close look decides, except in and around what the look at the
whole was sure of: that stays. What every look gets wrong alike (a hand that holds the product) goes unseen.

It costs two passes, three where there is doubt. docs/lab.md has what it gained, ``benchmarks/masks.py``
measures it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np

Saliency = Callable[[np.ndarray], np.ndarray]
"""(H, W, 3) uint8 to a (h, w) float32 map in [0, 1]: ``U2NetP``, or another profile's network."""

MARGIN = 0.10
"""Room around the first mask in the crop, in shares of the mask's longer side."""
FAINT = 0.3
"""What the first look believes by this much lies inside the crop."""
SETTLED = 0.005
"""Two looks that differ by less (``difference``) need no third."""
SURE = 0.8
"""What the first look believes by more, away from any rim, a close look cannot take away."""
RIM = 2
"""Pixels of 320 by which two looks may differ at an edge without contradicting each other."""
_SIDE = 320
_FINEST = 1280
"""Longest side of a combined map; ``refine`` does the rest."""

Box = tuple[int, int, int, int]
"""Top, bottom, left, right in pixels; bottom and right are one past the last."""


@dataclass(frozen=True)
class Opinions:
    """What several looks at one picture came to."""

    map: np.ndarray
    """(h, w) float32 in [0, 1], framed like the picture; its resolution is that of the closest look."""
    whole: np.ndarray
    """The first look's own map, as the network gave it."""
    disagreement: float
    """Median ``difference`` of the looks from ``map``, [0, 1]: one look of three may be wrong, two are a doubt."""
    looks: int
    """How often the network was asked."""


def ask(picture_HW3: np.ndarray, model: Saliency) -> Opinions:
    """Look at a (H, W, 3) uint8 picture once as a whole and once or twice closely."""
    whole = model(picture_HW3)
    box = crop_box(whole, *picture_HW3.shape[:2])
    if box is None:  # nothing to look at closely
        return Opinions(whole, whole, 0.0, 1)
    top, bottom, left, right = box
    crop = picture_HW3[top:bottom, left:right]
    close = [model(np.ascontiguousarray(crop[:, ::-1]))[:, ::-1]]
    frame = picture_HW3.shape[:2]
    if difference(whole, _place(close[0], box, frame)) > SETTLED:
        close.append(model(crop))
    placed = [_place(look, box, frame) for look in close]
    combined = _combine(whole, np.stack(placed).mean(axis=0))
    apart = [difference(combined, look) for look in (whole, *placed)]
    return Opinions(combined, whole, float(np.median(apart)), 1 + len(close))


def crop_box(map_hw: np.ndarray, height: int, width: int) -> Box | None:
    """Where to look closely in a picture of ``height`` x ``width``; None where the map shows nothing."""
    rows, columns = (np.flatnonzero((map_hw > FAINT).any(axis=axis)) for axis in (1, 0))
    if not len(rows):
        return None
    scale_y, scale_x = height / map_hw.shape[0], width / map_hw.shape[1]
    top, bottom = rows[0] * scale_y, (rows[-1] + 1) * scale_y
    left, right = columns[0] * scale_x, (columns[-1] + 1) * scale_x
    room = MARGIN * max(bottom - top, right - left)
    return (
        max(int(top - room), 0),
        min(int(np.ceil(bottom + room)), height),
        max(int(left - room), 0),
        min(int(np.ceil(right + room)), width),
    )


def difference(a: np.ndarray, b: np.ndarray) -> float:
    """Share of the union of two masks (maps of any sizes, halved at 0.5) that lies beyond the other's rim.

    Symmetric, [0, 1]. Edges that lie within ``RIM`` pixels of 320 of each other do not count, so a lost
    antenna does although it has few pixels.
    """
    solid_a, solid_b = (_solid(x) for x in (a, b))
    beyond = (solid_a & ~_grown(solid_b)) | (solid_b & ~_grown(solid_a))
    return float(beyond.sum() / max((solid_a | solid_b).sum(), 1))


def _solid(map_hw: np.ndarray) -> np.ndarray:
    return cv2.resize(np.ascontiguousarray(map_hw), (_SIDE, _SIDE), interpolation=cv2.INTER_AREA) > 0.5


def _grown(solid: np.ndarray) -> np.ndarray:
    return cv2.dilate(solid.astype(np.uint8), _disc(RIM)) > 0


def _disc(radius: int) -> np.ndarray:
    return cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1))


def _place(look: np.ndarray, box: Box, frame: tuple[int, int]) -> np.ndarray:
    """The map of a crop within an empty map of the whole picture, as fine as the crop's own as far as the
    picture and ``_FINEST`` allow."""
    extent = (box[1] - box[0], box[3] - box[2])
    fine = [round(pixels * full / part) for pixels, full, part in zip(look.shape, frame, extent, strict=True)]
    placed = np.zeros([min(side, full, _FINEST) for side, full in zip(fine, frame, strict=True)], np.float32)
    rows = _within(box[0], box[1], placed.shape[0] / frame[0])
    columns = _within(box[2], box[3], placed.shape[1] / frame[1])
    size = (columns.stop - columns.start, rows.stop - rows.start)
    placed[rows, columns] = cv2.resize(np.ascontiguousarray(look, np.float32), size)
    return placed


def _within(start: int, stop: int, scale: float) -> slice:
    """The scaled interval, at least one pixel long."""
    first = int(start * scale)
    return slice(first, max(round(stop * scale), first + 1))


def _combine(whole: np.ndarray, close: np.ndarray) -> np.ndarray:
    """The close look, and the whole's own answer in and around what that was sure of and the close one lost."""
    whole = np.ascontiguousarray(whole, np.float32)
    close_s = cv2.resize(close, whole.shape[::-1], interpolation=cv2.INTER_AREA)
    reach = max(round(RIM * max(whole.shape) / _SIDE), 1)
    lost = (cv2.erode(whole, _disc(reach)) > SURE) & (close_s < SURE)
    rescued = whole * cv2.dilate(lost.astype(np.uint8), _disc(2 * reach))
    return np.maximum(close, cv2.resize(rescued, close.shape[::-1], interpolation=cv2.INTER_LINEAR))
