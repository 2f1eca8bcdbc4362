"""Colour spaces and differences, vectorised over any leading shape; the last axis is the three channels.

sRGB is IEC 61966-2-1 in [0, 1]; XYZ is relative to D65; CIELAB has L in [0, 100]; OKLab has L in [0, 1]
(B. Ottosson, "A perceptual color space for image processing", 2020).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np

Array = np.ndarray

_LINEAR_TO_LMS = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
_LMS_TO_OKLAB = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)
_LINEAR_TO_XYZ = np.array(
    [
        [0.4123907993, 0.3575843394, 0.1804807884],
        [0.2126390059, 0.7151686788, 0.0721923154],
        [0.0193308187, 0.1191947798, 0.9505321522],
    ]
)
_WHITE_D65 = _LINEAR_TO_XYZ.sum(axis=1)
_OKLAB_TO_LMS = np.linalg.inv(_LMS_TO_OKLAB)
_LMS_TO_LINEAR = np.linalg.inv(_LINEAR_TO_LMS)


def unit_rgb(rgb: Any) -> Array:
    """Bytes (any integer type, 0..255) to [0, 1]; floats pass unchanged."""
    values = np.asarray(rgb)
    return values / 255.0 if np.issubdtype(values.dtype, np.integer) else values.astype(np.float64)


def srgb_to_linear(rgb: Any) -> Array:
    """Undo the sRGB transfer curve; bytes or [0, 1] in, [0, 1] out."""
    values = unit_rgb(rgb)
    return np.where(values <= 0.04045, values / 12.92, ((np.maximum(values, 0) + 0.055) / 1.055) ** 2.4)


def linear_to_srgb(linear: Any) -> Array:
    """Apply the sRGB transfer curve; values outside [0, 1] are clipped."""
    values = np.clip(np.asarray(linear, dtype=np.float64), 0, 1)
    return np.where(values <= 0.0031308, values * 12.92, 1.055 * values ** (1 / 2.4) - 0.055)


def srgb_to_oklab(rgb: Any) -> Array:
    """sRGB (bytes or [0, 1]) to OKLab."""
    return np.cbrt(srgb_to_linear(rgb) @ _LINEAR_TO_LMS.T) @ _LMS_TO_OKLAB.T


def oklab_to_linear(lab: Any) -> Array:
    """OKLab to linear sRGB, not clipped: values outside [0, 1] are outside the gamut."""
    return (np.asarray(lab, dtype=np.float64) @ _OKLAB_TO_LMS.T) ** 3 @ _LMS_TO_LINEAR.T


def oklab_to_srgb(lab: Any) -> Array:
    """OKLab to sRGB in [0, 1]; colours outside the gamut lose chroma until they fit, keeping L and hue."""
    lab = np.asarray(lab, dtype=np.float64).copy()
    lab[..., 0] = np.clip(lab[..., 0], 0, 1)
    low, high = np.zeros(lab.shape[:-1]), np.ones(lab.shape[:-1])
    for _ in range(16):
        middle = (low + high) / 2
        scaled = _scale_chroma(lab, middle)
        fits = np.all(np.abs(oklab_to_linear(scaled) - 0.5) <= 0.5 + 1e-6, axis=-1)
        low, high = np.where(fits, middle, low), np.where(fits, high, middle)
    whole = np.all(np.abs(oklab_to_linear(lab) - 0.5) <= 0.5 + 1e-4, axis=-1)
    return linear_to_srgb(oklab_to_linear(_scale_chroma(lab, np.where(whole, 1.0, low))))


def srgb_to_lab(rgb: Any) -> Array:
    """sRGB (bytes or [0, 1]) to CIELAB under D65."""
    ratio = srgb_to_linear(rgb) @ _LINEAR_TO_XYZ.T / _WHITE_D65
    f = np.where(ratio > (6 / 29) ** 3, np.cbrt(ratio), ratio / (3 * (6 / 29) ** 2) + 4 / 29)
    return np.stack(
        [116 * f[..., 1] - 16, 500 * (f[..., 0] - f[..., 1]), 200 * (f[..., 1] - f[..., 2])], axis=-1
    )


def chroma_distance(rgb_a: Any, rgb_b: Any) -> Any:
    """Distance in the a*b* plane of CIELAB, so lightness does not count; 0 is the same hue and chroma.

    Inputs broadcast against each other, (..., 3) bytes or [0, 1]; a float, or an array of the leading shape.
    """
    difference = srgb_to_lab(rgb_a)[..., 1:] - srgb_to_lab(rgb_b)[..., 1:]
    return _plain(np.hypot(difference[..., 0], difference[..., 1]))


def delta_e(rgb_a: Any, rgb_b: Any) -> Any:
    """CIEDE2000 difference of two sRGB colours (scikit-image's), about 1 = just noticeable."""
    from skimage.color import deltaE_ciede2000

    return _plain(deltaE_ciede2000(*np.broadcast_arrays(srgb_to_lab(rgb_a), srgb_to_lab(rgb_b))))


def nearest_name(rgb: Sequence[int] | Array) -> str:
    """The lexicon's name for an sRGB colour (bytes or [0, 1]): the nearest entry in OKLab."""
    names, table = _oklab_table()
    return names[int(np.argmin(np.linalg.norm(table - srgb_to_oklab(rgb), axis=-1)))]


@cache
def _oklab_table() -> tuple[list[str], Array]:
    from editcore.lexicon.colours import COLOURS

    return list(COLOURS), srgb_to_oklab(np.array([colour.rgb for colour in COLOURS.values()]))


def _scale_chroma(lab: Array, scale: Array) -> Array:
    return np.concatenate([lab[..., :1], lab[..., 1:] * scale[..., None]], axis=-1)


def _plain(values: Any) -> Any:
    return float(values) if np.ndim(values) == 0 else values
