"""sRGB to OKLab and back, on float32 arrays.

OKLab (Ottosson 2020, https://bottosson.github.io/posts/oklab/) is used for recolouring because a change of
exposure multiplies L, a and b by one factor: shading is a scalar, and a / L, b / L do not depend on it. Hues
stay put when blue goes dark, which CIELAB does not manage.
"""

from __future__ import annotations

import cv2
import numpy as np

_LMS_FROM_RGB = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ],
    np.float32,
)
_LAB_FROM_LMS = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ],
    np.float32,
)
_RGB_FROM_LMS = np.linalg.inv(_LMS_FROM_RGB.astype(np.float64)).astype(np.float32)
_LMS_FROM_LAB = np.linalg.inv(_LAB_FROM_LMS.astype(np.float64)).astype(np.float32)


def linear_from_srgb(srgb: np.ndarray) -> np.ndarray:
    """sRGB in [0, 1] to linear light (IEC 61966-2-1), any shape, float32."""
    srgb = np.clip(np.asarray(srgb, np.float32), 0, 1)
    flat = np.ascontiguousarray(srgb).reshape(-1, 1)
    curve = cv2.pow((flat + 0.055) / 1.055, 2.4)
    return np.where(flat <= 0.04045, flat / 12.92, curve).reshape(srgb.shape)


def srgb_from_linear(linear: np.ndarray) -> np.ndarray:
    """Linear light to sRGB in [0, 1], clipped to the gamut, any shape, float32."""
    linear = np.clip(np.asarray(linear, np.float32), 0, 1)
    flat = np.ascontiguousarray(linear).reshape(-1, 1)
    curve = 1.055 * cv2.pow(flat, 1 / 2.4) - 0.055
    return np.where(flat <= 0.0031308, flat * 12.92, curve).reshape(linear.shape)


def oklab_from_srgb(srgb: np.ndarray) -> np.ndarray:
    """(H, W, 3) sRGB in [0, 1] to OKLab: L in [0, 1], a and b within about +-0.32."""
    lms = cv2.transform(linear_from_srgb(srgb), _LMS_FROM_RGB)
    root = cv2.pow(lms.reshape(-1, 1), 1 / 3).reshape(lms.shape)
    return cv2.transform(root, _LAB_FROM_LMS)


def srgb_from_oklab(lab: np.ndarray) -> np.ndarray:
    """(H, W, 3) OKLab to sRGB in [0, 1]; colours outside the gamut are clipped per channel."""
    root = cv2.transform(np.asarray(lab, np.float32), _LMS_FROM_LAB)
    return srgb_from_linear(cv2.transform(root * root * root, _RGB_FROM_LMS))


def oklab_of(rgb: tuple[int, int, int]) -> np.ndarray:
    """OKLab (3,) of one 8-bit sRGB colour."""
    return oklab_from_srgb(np.array(rgb, np.float32).reshape(1, 1, 3) / 255)[0, 0]
