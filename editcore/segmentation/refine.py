"""A full-resolution matte from a small soft mask.

A 320 px saliency mask stretched over a 1280 px photo knows where the product is but not where it ends: its
ramp is several pixels wide and off by as much. Within a band around that ramp two estimates are made at full
resolution:

* **colour line**: alpha is the position of the pixel's colour between the local sure-foreground and sure-
  background colours (the projection of Bayesian and shared matting), sharp where the two differ;
* **guided filter** (He, Sun, Tang 2013) of the mask by the picture: smooth, holds where colours do not tell.

They are mixed by how well the two local colours separate. Pure numpy and OpenCV, about 0.2 s for 1280 px.
"""

from __future__ import annotations

import cv2
import numpy as np

BAND = 0.011
"""Half width of the uncertain band, in shares of the longer side (14 px at 1280: 3.5 mask pixels)."""
SURE = 0.9
"""Above it the small mask is believed outside the band, below ``1 - SURE`` likewise."""
GUIDE_EPS = 2e-4
"""Colour variance ([0, 1] units squared) below which the guided filter smooths instead of following."""
SEPARATION = 0.10
"""RGB distance of local foreground and background at which the colour line is believed by half."""


def refine(image: np.ndarray, coarse: np.ndarray) -> np.ndarray:
    """Soft matte at the picture's resolution.

    image: (H, W, 3) uint8 sRGB; coarse: (h, w) float in [0, 1], any size, same framing as the picture.
    Returns alpha (H, W) uint8, 255 = product. An empty or full mask comes back empty or full.
    """
    if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8:
        raise ValueError(f"image is {image.dtype} {image.shape}; expected uint8 (H, W, 3).")
    height, width = image.shape[:2]
    coarse = cv2.resize(np.asarray(coarse, np.float32), (width, height), interpolation=cv2.INTER_LINEAR)
    coarse = np.clip(coarse, 0, 1)
    band = max(round(BAND * max(height, width)), 1)
    inner, outer = _sure_zones(coarse, band)
    picture = image.astype(np.float32) / 255
    guided = _guided_filter(picture, coarse, max(band, 2), GUIDE_EPS)
    line, trust = _colour_line(picture, inner, outer, band)
    alpha = trust * line + (1 - trust) * _steepen(guided)
    # The small mask still bounds it: texture beyond its ramp is not product, nor are dark letters a hole.
    alpha = np.clip(alpha, _steepen(coarse, 0.65, 0.95), _steepen(coarse, 0.03, 0.3))
    alpha = np.where(inner, 1, np.where(outer, 0, alpha))
    alpha_u8 = np.clip(np.rint(_steepen(alpha, 0.06, 0.94) * 255), 0, 255).astype(np.uint8)
    return _drop_specks(alpha_u8, inner, coarse > 0.6)


def _sure_zones(coarse: np.ndarray, band: int) -> tuple[np.ndarray, np.ndarray]:
    """Masks of certain product and certain background: away from the 0.5 line by ``band`` and from doubt."""
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * band + 1, 2 * band + 1))
    solid = (coarse > 0.5).astype(np.uint8)
    inner = cv2.erode(solid, kernel, borderValue=1) > 0
    outer = cv2.dilate(solid, kernel, borderValue=0) == 0
    return inner & (coarse > SURE), outer & (coarse < 1 - SURE)


def _steepen(alpha: np.ndarray, low: float = 0.2, high: float = 0.8) -> np.ndarray:
    return np.clip((alpha - low) / (high - low), 0, 1)


def _drop_specks(alpha: np.ndarray, inner: np.ndarray, likely: np.ndarray) -> np.ndarray:
    """Clear islands that hold nothing certain or likely to be product, and fill pinholes (3 x 3 median)."""
    alpha = np.where(inner, alpha, cv2.medianBlur(alpha, 3))
    _, labels = cv2.connectedComponents((alpha > 60).astype(np.uint8), connectivity=4)
    held = np.zeros(labels.max() + 1, bool)
    held[np.unique(labels[inner | likely])] = True
    held[0] = False
    if not held.any():  # nothing is certain: better an unsure mask than none
        return alpha
    mainland = cv2.dilate(held[labels].astype(np.uint8), np.ones((7, 7), np.uint8))
    return alpha * mainland


def _colour_line(
    picture: np.ndarray, inner: np.ndarray, outer: np.ndarray, band: int
) -> tuple[np.ndarray, np.ndarray]:
    """Alpha by projection on the line from local background to local foreground colour, and trust in it.

    The local colours are wide means, so they are found on a picture a quarter as large.
    """
    height, width = inner.shape
    step = 4 if min(height, width) >= 256 else 1
    small = (width // step, height // step)
    picture_s = cv2.resize(picture, small, interpolation=cv2.INTER_AREA)
    reach = max(2 * band // step, 1)

    def local_colour(side: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        weight = cv2.resize(side.astype(np.float32), small, interpolation=cv2.INTER_AREA)
        mean, noise = _local_colour(picture_s, weight, reach)
        return cv2.resize(mean, (width, height)), cv2.resize(noise, (width, height))

    fore, fore_noise = local_colour(inner)
    back, back_noise = local_colour(outer)
    axis = fore - back
    square = (axis * axis).sum(axis=2)
    line = ((picture - back) * axis).sum(axis=2) / (square + 1e-4)
    # Far from the line the two-colour model does not hold (texture, a third colour): believe it less.
    foot = back + np.clip(line, 0, 1)[..., None] * axis
    miss = ((picture - foot) ** 2).sum(axis=2)
    trust = square / (square + SEPARATION**2 + 3 * (fore_noise + back_noise))
    trust *= square / (square + 4 * miss + 1e-6)
    return np.clip(line, 0, 1), trust


def _local_colour(picture: np.ndarray, weight: np.ndarray, reach: int) -> tuple[np.ndarray, np.ndarray]:
    """Mean colour (h, w, 3) of the weighted pixels nearby and its mean squared deviation (h, w).

    Spreads from fine to coarse until everywhere is known.
    """
    sums = np.dstack([picture, (picture * picture).sum(axis=2)]) * weight[..., None]
    total, norm = np.zeros_like(sums), np.zeros_like(weight)
    for k, priority in ((1, 1.0), (3, 1e-3), (9, 1e-6)):
        size = (2 * k * reach + 1, 2 * k * reach + 1)
        total += priority * cv2.blur(sums, size)
        norm += priority * cv2.blur(weight, size)
    everywhere = sums.sum(axis=(0, 1)) / max(float(weight.sum()), 1e-6)
    mean = (total + 1e-10 * everywhere) / (norm + 1e-10)[..., None]
    noise = np.maximum(mean[..., 3] - (mean[..., :3] ** 2).sum(axis=2), 0)
    return np.ascontiguousarray(mean[..., :3]), noise


def _guided_filter(guide: np.ndarray, mask: np.ndarray, radius: int, eps: float) -> np.ndarray:
    """Guided filter with a colour guide; statistics at half resolution (He and Sun 2015, "Fast Guided
    Filter")."""
    height, width = mask.shape
    small = (max(width // 2, 1), max(height // 2, 1))
    guide_s = cv2.resize(guide, small, interpolation=cv2.INTER_AREA)
    mask_s = cv2.resize(mask, small, interpolation=cv2.INTER_AREA)
    size = (radius + 1 | 1, radius + 1 | 1)  # half the radius at half resolution

    def mean(x: np.ndarray) -> np.ndarray:
        return cv2.blur(x, size)

    mean_g, mean_m = mean(guide_s), mean(mask_s)
    cov_gm = mean(guide_s * mask_s[..., None]) - mean_g * mean_m[..., None]
    var = {(i, j): mean(guide_s[..., i] * guide_s[..., j]) - mean_g[..., i] * mean_g[..., j]
           for i in range(3) for j in range(i, 3)}  # fmt: skip
    slope = _solve_3x3(var, cov_gm, eps)
    offset = mean_m - (slope * mean_g).sum(axis=2)
    slope = cv2.resize(mean(slope), (width, height), interpolation=cv2.INTER_LINEAR)
    offset = cv2.resize(mean(offset), (width, height), interpolation=cv2.INTER_LINEAR)
    return np.clip((slope * guide).sum(axis=2) + offset, 0, 1)


def _solve_3x3(var: dict[tuple[int, int], np.ndarray], rhs: np.ndarray, eps: float) -> np.ndarray:
    """(Sigma + eps 1) a = rhs per pixel, by the adjugate: far quicker than a batched LAPACK call."""
    a, b, c = var[0, 0] + eps, var[0, 1], var[0, 2]
    d, e, f = var[1, 1] + eps, var[1, 2], var[2, 2] + eps
    i00, i01, i02 = d * f - e * e, c * e - b * f, b * e - c * d
    i11, i12, i22 = a * f - c * c, b * c - a * e, a * d - b * b
    det = a * i00 + b * i01 + c * i02
    x, y, z = rhs[..., 0], rhs[..., 1], rhs[..., 2]
    solved = np.stack(
        [i00 * x + i01 * y + i02 * z, i01 * x + i11 * y + i12 * z, i02 * x + i12 * y + i22 * z], -1
    )
    return solved / det[..., None]
