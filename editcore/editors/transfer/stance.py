"""Place and pose: a pair whose product is mirrored, leans, is larger or stands elsewhere, and nothing else.

Then what happened is a similarity of the picture plane: mirrored, turned and scaled about the centre, and moved. It is
fitted to the pair by the simplex of Nelder and Mead (1965) on colours and mattes, and made of any other
photograph's own pixels (``editors.place``): nothing is painted, so no detail is lost.
"""

from __future__ import annotations

import math

import cv2
import numpy as np
from scipy.optimize import minimize

from editcore.editors.crop import bounds
from editcore.editors.place import Stance, centre_of, matrix_of
from editcore.lexicon.colour import delta_e

SIDE = 96
"""Pairs are fitted at this longer side, pixels."""
TURNS = (0.0, -0.45, -0.2, 0.2, 0.45)
"""Turns from which the fit begins, radians: products do not lean further."""
OUTLINES = 0.93
"""Share of the moved product that lies within a pixel of the product after, and the other way round."""
WHOLE = 0.95
"""Share of the moved product that lies inside the picture: what is cut off could have any shape."""
CLEARLY = 0.8
"""Error of the mirrored product as a share of the unmirrored, at most: many products are nearly symmetric."""
SURFACE = 9.0
"""Median CIEDE2000 on the product, moved against after: what the light does to a mirrored or leaning product."""
GAINED = 0.5
"""Error of the moved product as a share of that of leaving it, at most."""
SAME = 0.93
"""IoU of the mattes before and after from which nothing is mirrored: then it was the light that changed sides."""
CHANGED = 0.2
"""Share of the ground that may differ: the shadow moves too."""
LEAST_TURN, LEAST_SCALE, LEAST_STEP = math.radians(4), 0.06, 0.02
"""What counts as turned, as another size, and as elsewhere (share of the picture)."""
SETTLED = 0.12
"""Step up to which a mirrored or leaning product has not been moved: its own shape decides where its centre comes."""


def stance_shown(
    before: np.ndarray, after: np.ndarray, was: np.ndarray, now: np.ndarray, differs: np.ndarray
) -> Stance | None:
    """What happened to the product, if it is only that. before, after: (H, W, 3) uint8; was, now: mattes (H, W) uint8;
    differs: (H, W) bool, where the pair differs visibly."""
    if not (was > 127).any() or not (now > 127).any():
        return None
    around = cv2.dilate(((was > 12) | (now > 12)).astype(np.uint8), np.ones((7, 7), np.uint8)) == 0
    if not around.any() or differs[around].mean() > CHANGED:
        return None
    small = [_small(picture) for picture in (before, after, was, now)]
    centre = centre_of(small[2])
    still = _error(np.eye(2, 3), *small)
    error, stance = min((_fit(False, turn, centre, *small) for turn in TURNS), key=lambda one: one[0])
    flipped = _fit(True, 0.0, centre, *small)
    if flipped[0] < CLEARLY * error:
        error, stance = flipped
    if error > GAINED * still or (stance.mirrored and abs(stance.turn) >= LEAST_TURN):
        return None
    moved, matte = _moved(matrix_of(stance, centre, small[2].shape), small[0], small[2])
    whole = stance.scale**2 * float(small[2].sum()) / 255
    if matte.sum() < WHOLE * whole or _agreement(matte * 255, small[3]) < OUTLINES:
        return None
    both = (matte > 0.5) & (small[3] > 127)
    if np.median(delta_e(np.clip(moved[both], 0, 255).astype(np.uint8), small[1][both])) > SURFACE:
        return None
    if stance.mirrored and _overlap(was, now) > SAME:
        return None
    shown = _rounded(stance, bounds(small[2])[3], bounds(small[3])[3], small[2].shape[0])
    return None if shown == Stance() else shown


def _fit(
    mirrored: bool, turn: float, centre: tuple[float, float], before: np.ndarray, after: np.ndarray, was: np.ndarray,
    now: np.ndarray,
) -> tuple[float, Stance]:  # fmt: skip
    """The best stance near a start, and its error."""
    height, width = was.shape
    (x0, y0), (x1, y1) = centre, centre_of(now)
    scale = math.sqrt((now > 127).sum() / (was > 127).sum())

    def stance(values: np.ndarray) -> Stance:
        return Stance(
            mirrored, float(values[0]), float(np.exp(values[1])), (float(values[2]), float(values[3]))
        )

    def error(values: np.ndarray) -> float:
        return _error(matrix_of(stance(values), centre, was.shape), before, after, was, now)

    start = np.array([turn, math.log(scale), (x1 - x0) / width, (y1 - y0) / height])
    simplex = np.vstack([start, start + np.diag([0.12, 0.1, 0.05, 0.05])])
    options = {"initial_simplex": simplex, "maxfev": 160, "xatol": 1e-3, "fatol": 1e-4}
    found = minimize(error, start, method="Nelder-Mead", options=options)
    return float(found.fun), stance(found.x)


def _error(
    matrix: np.ndarray, before: np.ndarray, after: np.ndarray, was: np.ndarray, now: np.ndarray
) -> float:
    """Mean difference of colours and mattes over both outlines, about [0, 1]."""
    moved, matte = _moved(matrix, before, was)
    target = now.astype(np.float32) / 255
    either = np.maximum(matte, target)
    shared = np.minimum(matte, target)
    colours = (np.abs(moved - after).mean(axis=2) / 255 * shared).sum()
    return float((colours * 2 + np.abs(matte - target).sum()) / max(either.sum(), 1.0))


def _moved(matrix: np.ndarray, picture: np.ndarray, alpha: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Picture in [0, 255] and matte in [0, 1] under a map, float32."""
    size = alpha.shape[::-1]
    colours = cv2.warpAffine(picture.astype(np.float32), matrix, size, borderMode=cv2.BORDER_REPLICATE)
    return colours, cv2.warpAffine(alpha.astype(np.float32) / 255, matrix, size)


def _overlap(one: np.ndarray, other: np.ndarray) -> float:
    """IoU of two mattes in [0, 255]."""
    return float(((one > 127) & (other > 127)).sum() / max(((one > 127) | (other > 127)).sum(), 1))


def _agreement(one: np.ndarray, other: np.ndarray) -> float:
    """See ``OUTLINES``; mattes in [0, 255]. Thin legs that miss each other by a pixel agree."""
    masks = [matte > 127 for matte in (one, other)]
    near = [cv2.dilate(mask.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0 for mask in masks]
    return min(float((masks[n] & near[1 - n]).sum() / max(masks[n].sum(), 1)) for n in (0, 1))


def _rounded(stance: Stance, bottom: int, after: int, height: int) -> Stance:
    """Without what is too little to be meant; the step down is that of the outline's lower edge."""
    turn = stance.turn if abs(stance.turn) >= LEAST_TURN else 0.0
    scale = stance.scale if abs(math.log(stance.scale)) >= LEAST_SCALE else 1.0
    least = SETTLED if turn or stance.mirrored else LEAST_STEP
    across, down = (
        step if abs(step) >= least else 0.0 for step in (stance.step[0], (after - bottom) / height)
    )
    return Stance(stance.mirrored, turn, scale, (across, down))


def _small(picture: np.ndarray) -> np.ndarray:
    height, width = picture.shape[:2]
    scale = SIDE / max(height, width)
    return cv2.resize(
        picture, (round(width * scale), round(height * scale)),
        interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR,
    )  # fmt: skip
