"""A new background behind untouched product pixels.

The model's picture gives colour, light and layout at low resolution. Its ghost of the product is cut out
generously and filled from the sides (horizons run sideways, so filling does too), the rest is brought to full
resolution, optionally multiplied by a floor texture the caller supplies, shadowed, and given the faint grain
that keeps smooth gradients from banding. The product goes over it with pure foreground colours in its rim.
"""

from __future__ import annotations

from typing import Literal

import cv2
import numpy as np

from editcore.editors import matte
from editcore.editors.crop import Box, give_back, take
from editcore.editors.shadow import ground_shadow

Notes = dict[str, float | str]
Setting = Literal["studio", "floor"]

GHOST = 0.055
"""How far beyond the matte the model's product may reach, in shares of its frame."""
GRAIN = 0.9
"""Standard deviation of the luminance grain, 8-bit steps."""
DARKEST = 0.01
"""What a texture multiplies at least: no factor brings a black joint back to white."""
SWEEP_BLUR = 0.045
"""Blur of a studio sweep's light, in shares of the frame: it has no detail, only decoder mottling."""


KNOWN_BLUR, KNOWN_LIGHT = 0.2, (0.88, 1.1)
"""The same for a sweep whose colour is known, and how much darker and lighter than typical it gets: the less the model
has to say, the less of what it left of the old background is seen."""


def compose_background(
    image: np.ndarray,
    alpha: np.ndarray,
    model_crop: np.ndarray,
    crop_box: Box,
    seed: int,
    detail: np.ndarray | None = None,
    setting: Setting | None = None,
    shadow: bool = True,
    colour: tuple[int, int, int] | None = None,
) -> tuple[np.ndarray, np.ndarray, Notes]:
    """Put the product on the model's background.

    image: (H, W, 3) uint8 sRGB; alpha: (H, W) uint8, 255 = product; model_crop: (h, h, 3) float in [0, 1],
    the model's picture of ``crop_box`` (``crop.picture_box``). detail: (H, W) or (H, W, 3) float texture
    around 1 that is multiplied onto the background in sRGB (1 where there is none, e.g. on the wall).
    setting: ``studio`` smooths the model's mottling away (``sweep``); ``floor`` and None keep its detail. colour: what
    a studio's sweep typically has (8-bit sRGB), where it is known better than the model paints it. seed: of the grain.
    Returns (image, region, notes); region is 255 where alpha < 255; elsewhere the source, bit for bit.
    """
    matte.check(image, alpha)
    scene = fill_ghost(np.clip(model_crop, 0, 1).astype(np.float32), alpha, crop_box)
    if setting == "studio":
        scene = sweep(scene, colour)
    back = np.clip(give_back(scene, crop_box, alpha.shape), 0, 1)
    notes: Notes = {"shadow": "off"}
    if detail is not None:
        if detail.shape[:2] != alpha.shape:
            raise ValueError(f"detail is {detail.shape}; expected {alpha.shape} or {(*alpha.shape, 3)}.")
        back = np.clip(np.maximum(back, DARKEST) * (detail if detail.ndim == 3 else detail[..., None]), 0, 1)
        notes["detail"] = "procedural floor texture"
    if shadow:
        back, notes["shadow"] = _shadowed(back, image, alpha)
    back = back + _grain(alpha.shape, seed)[..., None]
    composed = matte.over(image, matte.foreground(image, alpha), alpha, np.clip(back, 0, 1))
    region = np.where(alpha < 255, 255, 0).astype(np.uint8)
    return matte.keep_outside(image, composed, region), region, notes


def fill_ghost(scene: np.ndarray, alpha: np.ndarray, box: Box) -> np.ndarray:
    """The model's scene without the product it painted: the zone around the matte filled from outside.

    scene: (h, h, 3) float32; alpha: (H, W) uint8; returns (h, h, 3). Normalised convolution with kernels four
    times wider than high, from fine to coarse, each taking over where the finer ones found nothing.
    """
    size = scene.shape[0]
    mask = take(alpha, box, size, cv2.BORDER_CONSTANT) / 255
    reach = max(round(GHOST * size), 1)
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1, 2 * reach + 1))
    zone = cv2.dilate((mask > 0.02).astype(np.float32), kernel)
    known = 1 - zone
    if not known.any():
        return np.broadcast_to(scene.mean(axis=(0, 1)), scene.shape).astype(np.float32)
    total, norm = np.zeros_like(scene), np.zeros_like(mask)
    weighted = scene * known[..., None]
    for k, sigma in enumerate((2.0, 5.0, 12.0, 30.0, 75.0)):
        sx = sigma * size / 256
        options = {"sigmaX": sx, "sigmaY": max(sx / 4, 0.5), "borderType": cv2.BORDER_REPLICATE}
        priority = 10.0 ** (-2.0 * k)
        total += priority * cv2.GaussianBlur(weighted, (0, 0), **options)
        norm += priority * cv2.GaussianBlur(known, (0, 0), **options)
    mean = weighted.sum(axis=(0, 1)) / known.sum()
    filled = (total + 1e-12 * mean) / (norm + 1e-12)[..., None]
    soft = cv2.GaussianBlur(zone, (0, 0), max(0.012 * size, 0.5))
    return scene + np.maximum(soft, zone)[..., None] * (filled - scene)


def sweep(scene: np.ndarray, colour: tuple[int, int, int] | None = None) -> np.ndarray:
    """A plain sweep from the model's (h, h, 3) sRGB picture of one: its light, blurred, in its one typical hue, or
    under the known ``colour``.

    A small model's sweeps have patches of other hues, lilac in grey and green in beige, and no studio has.
    """
    light = scene.mean(axis=-1)
    hue = np.median((scene + DARKEST) / (light + DARKEST)[..., None], axis=(0, 1))
    blur = max((SWEEP_BLUR if colour is None else KNOWN_BLUR) * scene.shape[0], 0.3)
    light = cv2.GaussianBlur(light, (0, 0), blur, borderType=cv2.BORDER_REPLICATE)
    if colour is not None:
        hue = (np.array(colour) / 255 + DARKEST / 2).astype(np.float32)
        light = hue.mean() * np.clip(light / max(float(np.median(light)), DARKEST), *KNOWN_LIGHT)
    return np.clip(light[..., None] * (hue / hue.mean()), 0, 1).astype(np.float32)


def _shadowed(back: np.ndarray, image: np.ndarray, alpha: np.ndarray) -> tuple[np.ndarray, str]:
    """Background under the product's shadow. Linear light times s is sRGB times s ** (1 / 2.2), near
    enough."""
    shadow = ground_shadow(image, alpha)
    if shadow.origin == "none":
        return back, shadow.origin
    return back * cv2.pow(shadow.light, 1 / 2.2)[..., None], shadow.origin


def _grain(shape: tuple[int, int], seed: int) -> np.ndarray:
    """Zero-mean luminance grain (H, W) in [0, 1] units, the same for the same seed."""
    noise = np.random.default_rng(seed).standard_normal(shape, dtype=np.float32)
    return noise * (GRAIN / 255)
