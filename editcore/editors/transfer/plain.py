"""The colour of a surface in a photograph, and whether it is one colour."""

from __future__ import annotations

import numpy as np

from editcore.lexicon.colour import srgb_to_lab

PLAIN = (25.0, 6.0)
"""Spread (90th percentile of the distance to the median) of CIELAB L and of a, b up to which a background is one
colour with light and shade on it."""


def typical_colour(picture: np.ndarray, inside: np.ndarray) -> np.ndarray:
    """Median of the mid-tones (lightness between its quartiles), (3,) uint8 sRGB: without highlights and shadows.

    picture: (H, W, 3) uint8; inside: (H, W) bool, where to look; nowhere means everywhere.
    """
    rgb = _some(picture, inside)
    light = rgb @ np.array([0.299, 0.587, 0.114])
    low, high = np.percentile(light, (25, 75))
    return np.median(rgb[(light >= low) & (light <= high)], axis=0).astype(np.uint8)


def is_plain(picture: np.ndarray, inside: np.ndarray) -> bool:
    """Whether what is inside is one colour, in light and shade; arguments as above."""
    lab = srgb_to_lab(_some(picture, inside))
    off = np.abs(lab - np.median(lab, axis=0))
    light, colour = np.percentile(off[:, 0], 90), np.percentile(np.hypot(off[:, 1], off[:, 2]), 90)
    return bool(light < PLAIN[0] and colour < PLAIN[1])


def _some(picture: np.ndarray, inside: np.ndarray, most: int = 20_000) -> np.ndarray:
    rgb = picture[inside] if inside.any() else picture.reshape(-1, 3)
    return rgb[:: max(1, len(rgb) // most)]
