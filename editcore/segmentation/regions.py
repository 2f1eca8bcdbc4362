"""A region of the product named by its colour: "the yellow parts", "navy stripes".

The product's colours are clustered in CIELAB (k-means), the clusters near the named colour are taken, and
every pixel joins the side whose cluster is nearer. A shaded surface keeps its hue while L + 16, a and b
shrink together (CIELAB is a cube root of light), so the named colour is first darkened to each cluster's
lightness.

Only colours are understood. "The lid" needs a mask for the row, or a profile with a segmenter that reads
words.
"""

from __future__ import annotations

import cv2
import numpy as np
from scipy.cluster.vq import kmeans2

from editcore.images import BadInput
from editcore.segmentation.refine import refine

CLUSTERS = 8
NEAR = 30.0
"""Largest distance (CIELAB units, lightness counted by a third) of a cluster that still bears the colour's
name."""
TIE = 12.0
"""Clusters this much farther than the nearest bear the name too (shade, highlights, weave)."""
SMALLEST = 0.004
"""A region below this share of the product is taken for noise."""
_SIDE = 512
_NEUTRAL_CHROMA = 10.0


class BadRegion(BadInput):
    """Codes: ``region_not_understood`` (no colour named), ``region_not_found`` (the product has no such
    colour)."""


def coloured_region(rgb_HW3: np.ndarray, alpha_HW: np.ndarray, words: str) -> np.ndarray:
    """Matte (H, W) uint8 of the part of the product ``alpha_HW`` that has the colour named in ``words``.

    Raises ``BadRegion``; never exceeds ``alpha_HW``.
    """
    named = colours_in(words)
    if not named:
        raise BadRegion(
            "region_not_understood",
            f"The region {words!r} names no colour. This profile finds regions by colour "
            "('the yellow parts'); for anything else give a mask for the row.",
        )
    scale = min(1.0, _SIDE / max(alpha_HW.shape))
    small = cv2.resize(rgb_HW3, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    inside = cv2.resize(alpha_HW, small.shape[1::-1], interpolation=cv2.INTER_AREA) > 127
    lab = _lab(cv2.bilateralFilter(small, 5, 20, 3))
    centres = _cluster(lab[inside])
    distances = np.array([min(distance(centre, colour) for colour in named.values()) for centre in centres])
    taken = (distances < NEAR) & (distances < distances.min() + TIE)
    coarse = _membership(lab, centres, taken) * inside
    if not taken.any() or (coarse > 0.5).sum() < SMALLEST * inside.sum():
        raise BadRegion(
            "region_not_found",
            f"No part of the product is {' or '.join(named)}. Name a colour that it shows, or give a mask.",
        )
    return np.minimum(refine(rgb_HW3, coarse.astype(np.float32)), alpha_HW)


def colours_in(words: str) -> dict[str, np.ndarray]:
    """Colours that ``words`` names, modifiers composed ("light blue"), with their CIELAB values (3,)."""
    from editcore.lexicon.colours import match
    from editcore.lexicon.tokens import clean, tokenise

    tokens = tokenise(clean(words))
    found: dict[str, np.ndarray] = {}
    start = 0
    while start < len(tokens):
        length, colour = match(tokens, start) or (1, None)
        if colour is not None:
            found[colour.name] = _lab(np.array([[colour.rgb]], np.uint8))[0, 0]
        start += length
    return found


def distance(lab: np.ndarray, named: np.ndarray) -> float:
    """How far a surface colour is from a named one, both CIELAB (3,), allowing for shade and highlight."""
    shade = min(1.0, (lab[0] + 16) / (named[0] + 16))
    chroma, named_chroma = np.hypot(*lab[1:]), np.hypot(*named[1:]) * shade
    if named_chroma > _NEUTRAL_CHROMA * shade:
        weight, pale = 0.33, max(0.0, 1 - chroma / (0.5 * named_chroma))
    else:  # white, grey and black differ by lightness only
        weight, pale = 0.8, 0.0
    # Half as colourful as named is no longer that colour, however near: white is not light blue.
    return (
        float(np.hypot(np.hypot(*(lab[1:] - named[1:] * shade)), weight * (lab[0] - named[0]))) + NEAR * pale
    )


def _lab(rgb: np.ndarray) -> np.ndarray:
    return cv2.cvtColor(rgb.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)


def _cluster(lab_N3: np.ndarray) -> np.ndarray:
    """Up to ``CLUSTERS`` centres (K, 3); deterministic."""
    rng = np.random.default_rng(0)
    sample = lab_N3[rng.permutation(len(lab_N3))[:20_000]].astype(np.float64)
    k = min(CLUSTERS, len(np.unique(sample.round(), axis=0)))
    centres, labels = kmeans2(sample, k, minit="++", rng=rng, missing="warn")
    return centres[np.bincount(labels, minlength=k) > 0]


def _membership(lab_HW3: np.ndarray, centres: np.ndarray, taken: np.ndarray) -> np.ndarray:
    """Soft side of each pixel in [0, 1]: 1 where a taken cluster is nearer than any other by some CIELAB
    units."""
    if taken.all():
        return np.ones(lab_HW3.shape[:2])
    if not taken.any():
        return np.zeros(lab_HW3.shape[:2])
    to = np.linalg.norm(lab_HW3[:, :, None] - centres, axis=3)
    lead = to[:, :, ~taken].min(axis=2) - to[:, :, taken].min(axis=2)
    return 1 / (1 + np.exp(-np.clip(lead / 2.0, -30, 30)))
