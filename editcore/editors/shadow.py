"""The shadow a product throws on a new ground.

If the source's background is plain enough to tell shading from texture, its own shadow is measured and
carried over. Otherwise one is made from the matte: an occlusion line where the product touches the ground
(its lower hull, where that is flat enough to be ground contact rather than a flank) blurred at three scales,
and a soft cast shadow, the silhouette laid down on the ground. Nothing is made for a product cut by the
picture's lower border: it stands outside the picture.
"""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np

from editcore.editors.crop import Box, bounds

WORK_SIZE = 320
"""Longer side at which shadows are made; they are soft."""
PLAIN = 0.03
"""Robust spread of log luminance around the fitted background below which it counts as plain."""
FORESHORTENING = 0.45
"""Height over width of a circle lying on the ground, seen from catalogue pitch (about 25 degrees)."""
CONTACT_STRENGTH, CAST_STRENGTH = 0.92, 0.55


class Shadow(NamedTuple):
    """Light left on the ground, and where that came from."""

    light: np.ndarray
    """(H, W) float32 in [0, 1], to be multiplied onto the background in linear light; 1 = unshadowed."""
    origin: str
    """``source``, ``made`` or ``none``."""


def ground_shadow(image: np.ndarray, alpha: np.ndarray) -> Shadow:
    """Shadow for a product on a new background. image: (H, W, 3) uint8; alpha: (H, W) uint8, not empty."""
    height, width = alpha.shape
    scale = min(WORK_SIZE / max(height, width), 1.0)
    size = (max(round(width * scale), 1), max(round(height * scale), 1))
    alpha_s = cv2.resize(alpha, size, interpolation=cv2.INTER_AREA).astype(np.float32) / 255
    box = bounds(np.rint(alpha_s * 255).astype(np.uint8))
    if touches_bottom(alpha):
        return Shadow(np.ones((height, width), np.float32), "none")
    image_s = cv2.resize(image, size, interpolation=cv2.INTER_AREA).astype(np.float32) / 255
    light, origin = _from_source(image_s, alpha_s, box), "source"
    if light is None:
        light, origin = _made(alpha_s, box), "made"
    full = cv2.resize(light.astype(np.float32), (width, height), interpolation=cv2.INTER_CUBIC)
    return Shadow(np.clip(full, 0, 1), origin)


def touches_bottom(alpha: np.ndarray) -> bool:
    """Whether the product is cut by the picture's lower border (product on 2 % of the width there)."""
    return float((alpha[-1] > 127).mean()) > 0.02


def _made(alpha: np.ndarray, box: Box) -> np.ndarray:
    """Contact and cast shadow from the matte alone, light left in [0, 1]."""
    contact = _contact(alpha, box)
    cast = _cast(alpha, box)
    return (1 - CONTACT_STRENGTH * contact) * (1 - CAST_STRENGTH * cast)


def _contact(alpha: np.ndarray, box: Box) -> np.ndarray:
    left, top, right, bottom = box
    width, height = right - left, bottom - top
    columns, lowest, weight = _contact_line(alpha, box)
    total = np.zeros_like(alpha)
    reach = min(width, 2.5 * height)
    for share, gain in ((0.018, 1.0), (0.08, 0.85), (0.2, 0.6)):
        sigma = max(share * reach, 0.6)
        rise = max(FORESHORTENING * sigma, 0.5)
        # A band reaching up under the product: what is seen is the half that spreads out below it.
        band = np.zeros_like(alpha)
        for x, y, w in zip(columns, lowest, weight, strict=True):
            band[max(int(y - 3 * rise), 0) : int(y + 0.5 * rise), x] = w
        total += (1 - total) * gain * cv2.GaussianBlur(band, (0, 0), sigma, sigmaY=rise)
    return np.clip(total, 0, 1)


def _contact_line(alpha: np.ndarray, box: Box) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Columns, lowest product row in each, and how surely the ground is touched there, [0, 1]."""
    left, top, right, bottom = box
    solid = alpha[:, left:right] > 0.5
    has = solid.any(axis=0)
    columns = np.flatnonzero(has) + left
    lowest = alpha.shape[0] - np.argmax(solid[::-1], axis=0)[has]
    hull = _lower_hull(columns, lowest)
    height, width = bottom - top, right - left
    clearance = (hull - lowest) / max(0.05 * height, 1.0)
    rise = (bottom - hull) / max(min(0.45 * width, 0.5 * height), 1.0)
    slope = np.abs(np.gradient(hull)) if len(hull) > 1 else np.zeros_like(hull)
    weight = np.exp(-(clearance**2)) * np.clip(1.2 - rise, 0, 1) * np.clip(1.8 - 1.2 * slope, 0, 1)
    return columns, lowest, weight


def _lower_hull(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """The outline's convex hull seen from below (rows count downwards), sampled at x."""
    kept: list[int] = []
    for i in range(len(x)):
        while len(kept) >= 2:
            a, b = kept[-2], kept[-1]
            if (y[b] - y[a]) * (x[i] - x[a]) > (y[i] - y[a]) * (x[b] - x[a]):
                break
            kept.pop()
        kept.append(i)
    return np.interp(x, x[kept], y[kept])


def _cast(alpha: np.ndarray, box: Box) -> np.ndarray:
    """The silhouette laid on the ground away from a light at the upper left, softer with distance."""
    left, top, right, bottom = box
    height, width = bottom - top, right - left
    along, back = 0.30, 0.16  # image shift per unit of height: to the right, and away from the viewer (up)
    ground = _ground_line(alpha, box)
    yy, xx = np.mgrid[0 : alpha.shape[0], 0 : alpha.shape[1]].astype(np.float32)
    # (x, y) on the ground shows the silhouette at height (ground - y) / back above its foot, moved back by
    # along.
    up = (ground[None, :] - yy) / back
    source_x = xx - along * up
    foot = np.interp(source_x, np.arange(alpha.shape[1]), ground).astype(np.float32)
    laid = cv2.remap(alpha, source_x, foot - up, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT)
    laid *= np.clip(up + 1, 0, 1)
    near, far = 0.025 * width, 0.08 * min(width, 2 * height)
    sharp = cv2.GaussianBlur(laid, (0, 0), max(near, 0.6), sigmaY=max(near * FORESHORTENING, 0.5))
    soft = cv2.GaussianBlur(laid, (0, 0), max(far, 0.8), sigmaY=max(far * FORESHORTENING, 0.6))
    distance = np.clip(up / max(height, 1), 0, 1)
    return (sharp * (1 - distance) + soft * distance) * (1 - 0.6 * distance)


def _ground_line(alpha: np.ndarray, box: Box) -> np.ndarray:
    """Row at which the product would meet the ground, for every column of the picture: its lower hull, not
    too steep."""
    left, top, right, bottom = box
    columns, lowest, _ = _contact_line(alpha, box)
    hull = np.maximum(_lower_hull(columns, lowest), bottom - 0.3 * min(right - left, bottom - top))
    for side in (1, -1):  # limit the slope from the lowest point outwards
        line, steps = hull[::side], 0.6 * np.arange(len(hull))
        hull = np.maximum(hull, (np.maximum.accumulate(line + steps) - steps)[::side])
    return np.interp(np.arange(alpha.shape[1]), columns, hull).astype(np.float32)


def _from_source(image: np.ndarray, alpha: np.ndarray, box: Box) -> np.ndarray | None:
    """Light left on a plain source background, relative to a smooth fit of its unshadowed part; None if not
    plain."""
    left, top, right, bottom = box
    height, width = alpha.shape
    luminance = np.log(np.maximum(image @ np.array([0.2126, 0.7152, 0.0722], np.float32), 0.02) ** 2.2)
    outside = cv2.dilate(alpha, np.ones((7, 7), np.uint8)) < 0.02
    yy, xx = np.mgrid[0:height, 0:width].astype(np.float32)
    gap = np.maximum.reduce([left - xx, xx - right, top - yy, yy - bottom])
    far = outside & (gap > 0.25 * max(right - left, bottom - top))
    if far.sum() < 0.12 * alpha.size:
        return None
    basis = np.stack([np.ones_like(xx), xx / width, yy / height, (xx / width) ** 2, (yy / height) ** 2,
                      xx * yy / width / height], -1)  # fmt: skip
    coefficients = np.linalg.lstsq(basis[far], luminance[far], rcond=None)[0]
    residual = luminance - basis @ coefficients
    if 1.4826 * np.median(np.abs(residual[far] - np.median(residual[far]))) > PLAIN:
        return None
    if np.percentile(np.abs(residual[far]), 95) > 4 * PLAIN:
        return None
    dark = np.clip(residual + PLAIN, -1.6, 0)
    # Only what lies around the foot is this product's shadow.
    foot = 0.6 * (bottom - top)
    near = np.exp(-(np.maximum(gap, 0) ** 2) / (2 * (0.35 * (right - left)) ** 2 + 1))
    ground = np.clip((yy - (bottom - foot)) / max(foot, 1), 0, 1)
    known = outside.astype(np.float32)
    shade = dark * near * ground
    if -(shade * known).min() < 0.08:
        return None  # a shadowless cut-out source: make one
    filled = _spread(shade, known)
    return np.exp(cv2.GaussianBlur(filled.astype(np.float32), (0, 0), 1.2))


def _spread(values: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Fill unknown pixels from known ones nearby, fine to coarse."""
    out, weight = values * known, known.copy()
    for sigma in (2.0, 6.0, 18.0):
        norm = cv2.GaussianBlur(known, (0, 0), sigma)
        mean = cv2.GaussianBlur(values * known, (0, 0), sigma) / (norm + 1e-6)
        take = (1 - weight) * np.clip(norm * 4, 0, 1)
        out, weight = out + take * mean, weight + take
    return out
