"""Did the region change, and to the colour that was named?

Colours are judged on **mid-tones**: pixels wholly inside the region whose lightness lies between its 25th
and 75th percentile. Highlights and shadows of a glossy blue mug are white and black whatever the mug's
colour.

A surface in shade keeps its hue and loses L + 16, a and b in one proportion (CIELAB is a cube root of
light). So
``chroma_error`` compares a and b with those of the named colour darkened to the pixel's lightness, and is
blind to exposure; ``delta_e`` compares with the named colour as it stands, and tells navy from pale blue.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from skimage.color import deltaE_ciede2000

_SAMPLE = 50_000
"""At most so many pixels are measured, evenly spread; means move by less than 0.1."""


def region_change(before: np.ndarray, after: np.ndarray, region: np.ndarray) -> float | None:
    """Mean CIEDE2000 between before and after over the region; None if the region is empty.

    before, after: (H, W, 3) uint8 sRGB; region: (H, W) uint8, > 127 = inside.
    """
    inside = _spread(np.flatnonzero(region > 127))
    if not inside.size:
        return None
    a, b = (_lab(x.reshape(-1, 3)[inside]) for x in (before, after))
    return float(deltaE_ciede2000(a, b).mean())


def colour_errors(after: np.ndarray, region: np.ndarray, named_rgb: Sequence[int]) -> dict[str, float | None]:
    """``chroma_error`` and ``delta_e`` of the region's mid-tones to a named sRGB colour (0-255 each)."""
    inside = _spread(np.flatnonzero(region > 250))
    if not inside.size:
        inside = _spread(np.flatnonzero(region > 127))
    if not inside.size:
        return {"chroma_error": None, "delta_e": None}
    lab_N3 = _lab(after.reshape(-1, 3)[inside])
    low, high = np.percentile(lab_N3[:, 0], (25, 75))
    mid_N3 = lab_N3[(lab_N3[:, 0] >= low) & (lab_N3[:, 0] <= high)]
    named = _lab(np.array([named_rgb], np.uint8))
    shade_N1 = np.minimum(1, (mid_N3[:, :1] + 16) / (named[0, 0] + 16))
    chroma = np.linalg.norm(mid_N3[:, 1:] - named[:, 1:] * shade_N1, axis=1)
    return {
        "chroma_error": float(chroma.mean()),
        "delta_e": float(deltaE_ciede2000(mid_N3, np.broadcast_to(named, mid_N3.shape)).mean()),
    }


def _spread(index: np.ndarray) -> np.ndarray:
    return index[:: max(1, index.size // _SAMPLE)]


def _lab(rgb_N3: np.ndarray) -> np.ndarray:
    """CIELAB (D65, L 0-100) of (N, 3) uint8 sRGB."""
    return cv2.cvtColor(rgb_N3[None].astype(np.float32) / 255, cv2.COLOR_RGB2LAB)[0]
