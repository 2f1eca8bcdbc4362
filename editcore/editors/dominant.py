"""Which pixels of a product carry its dominant colour, and how purely: the weight maps behind a recolour.

Colours are compared by exposure-free chromaticity (a, b) / (L + ``DARK``) in OKLab, in which a material has
the same coordinates in light and shade. Around one dominant chromaticity c, a pixel p of the same material
under gloss, or with neutral print on it, lies on the segment from grey to c (the dichromatic reflection
model, Shafer 1985). So two numbers describe a pixel:

* ``share``: where its foot lies on that segment: 1 pure material, 0 neutral (highlight, white lettering,
  metal);
* ``member``: how close it is to the segment: 1 on it, 0 another colour altogether (a beak, a print), which
  stays.

A product whose dominant colour is neutral has no segment: every near-grey pixel is a member with share 1.
"""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np

DARK = 0.06
"""Added to L before dividing, so that the noise of near-black pixels does not look like colour."""
NEUTRAL = 0.05
"""Chromaticity below which a colour counts as grey, white or black."""
PALE = 0.19
"""Chromaticity from which a dominant colour counts as full."""
KIN_SHARE = 0.3
"""Share of the pixels, relative to the main colour's, from which a colour of similar hue moves with it."""
ISLAND = 0.012
"""Largest share of the moving pixels that a connected patch has and still counts as a stray."""
CLUSTERS = 6
SAMPLES = 6000


class Weights(NamedTuple):
    """Maps (H, W) float32 in [0, 1] over the picture and the dominant colour."""

    member: np.ndarray
    share: np.ndarray
    neutral: bool
    """Whether the (first) dominant colour is a grey."""
    coverage: float
    """Share of the product that moves, [0, 1]."""


def weigh(lab: np.ndarray, alpha: np.ndarray, breadth: float = 0.5) -> Weights:
    """Find the dominant colour inside the matte and weigh every pixel.

    lab: (H, W, 3) OKLab; alpha: (H, W) float in [0, 1]. breadth in [0, 1]: 0 moves only the dominant colour
    proper, 0.5 its neighbours too (pastel panels of a white shoe), 1 everything inside the matte.
    """
    smooth = cv2.GaussianBlur(lab, (0, 0), max(max(alpha.shape) / 450, 0.5))
    chroma = smooth[..., 1:] / (smooth[..., :1] + DARK)
    if breadth >= 1:
        ones = np.ones_like(alpha)
        return Weights(ones, ones, True, 1.0)
    dominants = _dominant(chroma, smooth[..., 0], alpha, breadth)
    maps = [_segment(chroma, centre, breadth) for centre in dominants]
    member = np.maximum.reduce([m for m, _ in maps])
    share = np.select([m >= member for m, _ in maps], [s for _, s in maps])
    member = member * _without_islands(member, alpha)
    solid = alpha > 0.5
    coverage = float((member * share)[solid].mean()) if solid.any() else 0.0
    return Weights(member, share, bool(np.hypot(*dominants[0]) < NEUTRAL), coverage)


def _dominant(chroma: np.ndarray, light: np.ndarray, alpha: np.ndarray, breadth: float) -> list[np.ndarray]:
    """One to three dominant chromaticities (2,) by k-means on a fixed sample of the solid pixels."""
    solid = np.flatnonzero((alpha > 0.95).ravel())
    if solid.size < 16:
        solid = np.flatnonzero((alpha > 0).ravel())
    sample = solid[np.linspace(0, solid.size - 1, min(SAMPLES, solid.size)).astype(np.int64)]
    points = chroma.reshape(-1, 2)[sample].astype(np.float32)
    # Dark pixels say little about colour: they count by their lightness.
    weight = np.clip(light.ravel()[sample] / 0.35, 0.05, 1)
    centres, shares = _kmeans(points, weight)
    order = [k for k in np.argsort(-shares) if shares[k] > 0]
    first, chosen = order[0], [order[0]]
    for k in order[1:3]:
        # The same material in another light, or a product with two main colours.
        kin = (
            shares[k] > KIN_SHARE * shares[first] and _angle(centres[first], centres[k]) < 0.4 + 0.7 * breadth
        )
        bold = shares[first] < 0.25 + 0.3 * breadth and shares[k] > (1.2 - 0.6 * breadth) * shares[first]
        if kin or (bold and len(chosen) == 1):
            chosen.append(k)
    return [centres[k] for k in chosen]


def _angle(one: np.ndarray, other: np.ndarray) -> float:
    """Hue angle between two chromaticities, radians; pi if either is neutral."""
    lengths = np.linalg.norm(one), np.linalg.norm(other)
    if min(lengths) < NEUTRAL:
        return float(np.pi)
    return float(np.arccos(np.clip(one @ other / (lengths[0] * lengths[1]), -1, 1)))


def _kmeans(points: np.ndarray, weight: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Cluster centres (k, 2) and their weights (k,), near-duplicates merged. Deterministic."""
    k = min(CLUSTERS, len(points))
    cv2.setRNGSeed(0)
    stop = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_MAX_ITER, 30, 1e-4)
    _, labels, centres = cv2.kmeans(points, k, None, stop, 2, cv2.KMEANS_PP_CENTERS)  # type: ignore[call-overload]
    shares = np.bincount(labels.ravel(), weights=weight, minlength=k) / weight.sum()
    for i in np.argsort(-shares):  # merge small clusters of the same hue family into the larger one
        for j in range(k):
            if i != j and shares[i] >= shares[j] > 0 and _same(centres[i], centres[j]):
                total = shares[i] + shares[j]
                centres[i] = (centres[i] * shares[i] + centres[j] * shares[j]) / total
                shares[i], shares[j] = total, 0
    return centres, shares


def _same(one: np.ndarray, other: np.ndarray) -> bool:
    return bool(np.linalg.norm(one - other) < 0.03 + 0.12 * min(np.linalg.norm(one), np.linalg.norm(other)))


def _segment(chroma: np.ndarray, centre: np.ndarray, breadth: float) -> tuple[np.ndarray, np.ndarray]:
    """(member, share) of every pixel with respect to one dominant chromaticity."""
    length = float(np.linalg.norm(centre))
    if length < NEUTRAL:
        distance = np.linalg.norm(chroma - centre, axis=2)
        reach = 0.05 + 0.07 * breadth
        return 1 - _smoothstep(distance, reach, reach + 0.05), np.ones(distance.shape, np.float32)
    axis = centre / length
    along = chroma @ axis
    across = np.abs(chroma @ np.array([-axis[1], axis[0]], np.float32))
    # Hue tolerance grows with chroma: shade and interreflection turn the hue by an angle, not by a distance.
    angle = 0.16 + 0.28 * breadth
    tolerance = np.maximum(angle * np.maximum(along, 0), 0.02)
    member = 1 - _smoothstep(across, tolerance, tolerance + 0.035)
    member *= _smoothstep(along, -0.04, 0.0)
    # On pale goods a grey pixel is more likely sky reflected in the same material than print or metal.
    pale = 1 - min(length / PALE, 1.0)
    share = np.clip((along / length - 0.04 + 0.3 * pale) / 0.5, 0, 1)
    return member.astype(np.float32), share.astype(np.float32)


def _without_islands(member: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    """1 except on small stray islands inside what stays (the highlight on a beak), feathered, (H, W) float32.

    Stray means: small, and set in another colour. A part set off by a dark outline is no stray, nor are
    islands that are the pattern, i.e. make up a real part of what moves.
    """
    reach = max(max(alpha.shape) // 110, 1)
    kernel = np.ones((2 * reach + 1, 2 * reach + 1), np.uint8)  # thin bridges along an edge do not connect
    moving = cv2.erode(((member > 0.3) & (alpha > 0.3)).astype(np.uint8), kernel, borderValue=0)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(moving, connectivity=8)
    areas = stats[:, cv2.CC_STAT_AREA]
    around = cv2.dilate(labels.astype(np.float32), np.ones((4 * reach + 1, 4 * reach + 1), np.uint8))
    ring = (moving == 0) & (around > 0) & (alpha > 0.5)
    owner = around[ring].astype(np.int64)
    foreign = np.bincount(owner, 1 - member[ring], count) / np.maximum(np.bincount(owner, minlength=count), 1)
    stray = (areas < ISLAND * areas[1:].sum()) & (foreign > 0.4)
    stray[0] = False
    if not stray.any() or areas[stray].sum() > 0.08 * areas[1:].sum():
        return np.ones_like(member)
    island = cv2.dilate(stray[labels].astype(np.float32), np.ones((4 * reach + 1, 4 * reach + 1), np.uint8))
    mainland = cv2.dilate((~stray[labels] & (moving > 0)).astype(np.float32), kernel)
    return 1 - cv2.GaussianBlur(island * (1 - mainland), (0, 0), 1.0)


def _smoothstep(x: np.ndarray, low: np.ndarray | float, high: np.ndarray | float) -> np.ndarray:
    t = np.clip((x - low) / (np.asarray(high) - low), 0, 1)
    return t * t * (3 - 2 * t)
