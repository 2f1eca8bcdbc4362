"""Recolouring at full resolution: the model says which colour, the photo keeps every detail.

The source is read as colour times shading plus gloss. Shading is L / L_ref in OKLab with L_ref the typical
lightness of the dominant colour, so a new colour under the old shading is one multiplication, and white can
become navy as well as black cream: contrast is compressed where the new colour has no room for it. What is
not of the dominant colour (``dominant.py``) stays. The rim is recoloured as pure foreground: out = I + alpha
(recolour(F) - F).
"""

from __future__ import annotations

import cv2
import numpy as np

from editcore.editors import dominant, matte
from editcore.editors.colourspace import oklab_from_srgb, oklab_of, srgb_from_oklab
from editcore.editors.crop import Box, bounds, give_back

Notes = dict[str, float | str]

DARKEST, LIGHTEST = 0.20, 0.93
"""Typical lightness (OKLab) of black and white goods in photographs; pure 0 and 1 would leave no room for
shading."""
SHADE_FLOOR = 0.05
"""Added to both lightnesses of the shading ratio: tames the noise of near-black sources."""
CHANGED = 0.04
"""Distance in OKLab from which a pixel of a pair has another colour; JPEG's noise stays below."""
SPREAD = 0.22
"""Largest robust spread (10th to 90th percentile, half) of log shading that a lightened product keeps."""


def compose_recolour(
    image: np.ndarray,
    alpha: np.ndarray,
    model_crop: np.ndarray,
    crop_box: Box,
    target_rgb: tuple[int, int, int] | None = None,
    strength: float = 1.0,
    seed: int = 0,
    breadth: float = 0.5,
) -> tuple[np.ndarray, np.ndarray, Notes]:
    """Give the product another colour.

    image: (H, W, 3) uint8 sRGB; alpha: (H, W) uint8; model_crop: (h, h, 3) float in [0, 1], the model's
    picture of ``crop_box``. target_rgb: the named colour (8-bit sRGB) that the result is anchored to, or None
    to take the model's. strength in (0, 1]. breadth: see ``dominant.weigh``. seed is unused: nothing here is
    random. Returns (image, region, notes); region == 0 is bit-identical to the source. ValueError for
    unusable input.
    """
    matte.check(image, alpha)
    window = _window(alpha)
    source, coverage = image[window], alpha[window].astype(np.float32) / 255
    fore = matte.foreground(source, alpha[window])
    lab = oklab_from_srgb(fore)
    weights = dominant.weigh(lab, coverage, breadth)
    weight = weights.member * weights.share * coverage
    asked = None if target_rgb is None else oklab_of(target_rgb)
    target = _target(give_back(model_crop, crop_box, alpha.shape)[window], weight, asked)
    painted = _paint(lab, weights, weight, target)
    moved = srgb_from_oklab(painted)
    out = source.astype(np.float32) / 255 + (strength * coverage)[..., None] * (moved - fore)
    edited = image.copy()
    edited[window] = matte.to_uint8(out)
    region = np.where(alpha > 0, 255, 0).astype(np.uint8)
    result = matte.keep_outside(image, edited, region)
    notes: Notes = {
        "anchored": "named colour" if asked is not None else "model",
        "recoloured_share": round(weights.coverage, 4),
    }
    if asked is not None:
        notes["chroma_error"] = round(_chroma_error(result[window], weight, asked), 4)
    return result, region, notes


def colour_shown(before: np.ndarray, alpha: np.ndarray, after: np.ndarray) -> tuple[int, int, int]:
    """What became of the dominant colour of ``before``: its typical colour in ``after``, 8-bit sRGB, where it changed.

    before, after: (H, W, 3) uint8 sRGB of one product in one place; alpha: (H, W) uint8. ValueError as above.
    """
    matte.check(before, alpha)
    was, now = (oklab_from_srgb(picture.astype(np.float32) / 255) for picture in (before, after))
    weights = dominant.weigh(was, alpha.astype(np.float32) / 255)
    weight = weights.member * weights.share * (alpha > 127)
    changed = np.linalg.norm(now - was, axis=-1) > CHANGED
    if (weight * changed).any():  # a part of the same colour may have been left alone
        weight = weight * changed
    typical = np.array([_weighted_quantile(now[..., c], weight, 0.5) for c in range(3)], np.float32)
    red, green, blue = (int(c) for c in matte.to_uint8(srgb_from_oklab(typical[None, None]))[0, 0])
    return red, green, blue


def _window(alpha: np.ndarray) -> tuple[slice, slice]:
    """Bounds of the matte with a margin, as slices: the rest of the picture need not be looked at."""
    left, top, right, bottom = bounds(alpha, 1)
    margin = max(max(alpha.shape) // 64, 2)
    return slice(max(top - margin, 0), bottom + margin), slice(max(left - margin, 0), right + margin)


def _target(model: np.ndarray, weight: np.ndarray, asked: np.ndarray | None) -> np.ndarray:
    """Base colour (3,) OKLab of the new product under typical light.

    Without a named colour it is the model's (weighted median). With one, the model only says how the scene's
    light shifts its lightness, by a little.
    """
    shrink = 0.25 if min(model.shape[:2]) >= 64 else 1.0  # statistics of an upsampled picture need no more
    lab = oklab_from_srgb(cv2.resize(model, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA))
    small = cv2.resize(weight, lab.shape[1::-1], interpolation=cv2.INTER_AREA)
    drawn = np.array([_weighted_quantile(lab[..., c], small, 0.5) for c in range(3)], np.float32)
    target = drawn if asked is None else asked.copy()
    if asked is not None:
        target[0] += np.clip(0.25 * (drawn[0] - asked[0]), -0.04, 0.04)
    bounded = float(np.clip(target[0], DARKEST, LIGHTEST))
    # Dark saturated colours (navy) keep their saturation when lifted off black, ...
    lift = min(bounded / max(target[0], 0.05), 1.3) if bounded > target[0] else 1.0
    # ... but a named colour on the edge of the gamut has one channel left to show relief in, and no surface
    # is
    # that pure: every one reflects some white light.
    lift *= 1 - 0.12 * float(_ramp(np.hypot(target[1], target[2]) / max(bounded, 0.05), 0.4, 0.6))
    return np.array([bounded, target[1] * lift, target[2] * lift], np.float32)


def _paint(lab: np.ndarray, weights: dominant.Weights, weight: np.ndarray, target: np.ndarray) -> np.ndarray:
    """New OKLab of every pixel: shading times target, mixed with its gloss and its own other colours."""
    light = lab[..., 0]
    reference = _weighted_quantile(light, weight, 0.5)
    shade = np.log((light + SHADE_FLOOR) / (reference + SHADE_FLOOR))
    low, high = _weighted_quantile(shade, weight, 0.1), _weighted_quantile(shade, weight, 0.9)
    spread = max((high - low) / 2, 1e-3)
    contrast = _contrast(spread, float(reference), float(target[0]))
    level = _shoulder(target[0] * np.exp(contrast * shade), target[0])
    # Towards white, surfaces lose their colour as they gain light; towards black they keep it in proportion.
    tint = np.minimum(level / target[0], ((1.02 - level) / (1.02 - target[0])) ** 0.5)
    share = weights.share
    if weights.neutral and reference < 0.5:  # gloss on dark neutral goods: far above the material's lightness
        share = share * (1 - _ramp(light, reference + 0.35, reference + 0.55))
    body = np.dstack([level, tint * target[1], tint * target[2]])
    # Gloss and print keep their own lightness and tint, less the old material's part in it.
    own = lab[..., 1:] * (1 - share)[..., None]
    # Brighter than the old material must stay brighter than the new one, or highlights turn into grey
    # patches.
    floor = np.minimum(level * _ramp(light, 0.75 * reference, reference), light + 0.12)
    gloss = np.dstack([np.maximum(light, floor), own])
    fresh = share[..., None] * body + (1 - share)[..., None] * gloss
    return lab + weights.member[..., None] * (fresh - lab)


def _contrast(spread: float, reference: float, level: float) -> float:
    """Exponent on the shading ratio: more than 1 for dark goods to stay readable, less where light ones
    would clip."""
    if level < reference:
        return min(1 + 0.5 * (reference - level), 1.35)
    return min(1.0, SPREAD / spread)


def _shoulder(level: np.ndarray, base: float) -> np.ndarray:
    """Compress lightness above ``base`` so that it approaches 1 instead of clipping at it."""
    room = max(1.0 - base, 0.02)
    excess = np.maximum(level - base, 0)
    return np.minimum(level, base) + room * (1 - np.exp(-excess / room))


def _chroma_error(picture: np.ndarray, weight: np.ndarray, asked: np.ndarray) -> float:
    """Distance of the mean (a, b) of the moved pixels from the named colour's, OKLab units."""
    lab = oklab_from_srgb(picture.astype(np.float32) / 255)
    mean = (lab[..., 1:] * weight[..., None]).sum(axis=(0, 1)) / max(float(weight.sum()), 1e-6)
    return float(np.linalg.norm(mean - asked[1:]))


def _weighted_quantile(values: np.ndarray, weight: np.ndarray, q: float) -> float:
    """Quantile of ``values`` with ``weight`` from a 512-bin histogram: quick, and exact enough for
    statistics."""
    low, high = float(values.min()), float(values.max())
    if high - low < 1e-6:
        return low
    counts, edges = np.histogram(values, bins=512, range=(low, high), weights=weight + 1e-9)
    cumulative = np.cumsum(counts) / counts.sum()
    k = int(np.searchsorted(cumulative, q))
    return float((edges[k] + edges[k + 1]) / 2)


def _ramp(x: np.ndarray | float, low: float, high: float) -> np.ndarray:
    return np.clip((x - low) / (high - low), 0, 1)
