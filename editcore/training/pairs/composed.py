"""Pseudo-targets put together: what the compositor would make of a pair if the target were a model's picture.

A retrieved target shows another product. Asked for as it is, it teaches to repaint shapes, and, for a setting, to
leave bits of the other product around the source's. Put together, the source's product stands in the target's setting,
or wears the target's colour or material; what the words do not name is the source's own. Words for another noun keep
the retrieved target: there the shape is the point.
"""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np

from editcore.editors.backdrop import compose_background, fill_ghost
from editcore.editors.crop import Box
from editcore.editors.material import compose_material
from editcore.editors.recolour import compose_recolour
from editcore.lexicon import COLOURS
from editcore.training.pairs.masks import region
from editcore.training.pairs.store import Pair

THRESHOLD, CELL = 0.5, 8
"""As the bundled settings make regions: a share of the mask, and pixels of a latent cell."""


def composed(pair: Pair, named: bool = False) -> Pair:
    """The pair with a target put together and a region of the source alone; a pair for another noun, or one whose
    masks are empty, unchanged.

    named: a colour that the lexicon knows is taken from there and not from the target, which may be patterned.
    """
    setting = pair.kind == "setting"
    product, other = (255 - m if setting else m for m in (pair.source_mask, pair.target_mask))
    if pair.kind == "noun" or not (product > 127).any() or not (other > 127).any():
        return pair
    height, width = product.shape
    box: Box = (0, 0, width, height)
    target = pair.target.astype(np.float32) / 255
    seed = int(pair.pair_id[:8], 16)
    if setting:
        goal = compose_background(pair.source, product, fill_ghost(target, other, box), box, seed)[0]
    elif pair.kind == "colour":
        colour = COLOURS.get(pair.new) if named else None
        worn = _over(target, product, other)
        goal = compose_recolour(pair.source, product, worn, box, colour.rgb if colour else None, seed=seed)[0]
    else:
        goal = compose_material(pair.source, product, _over(target, product, other), box, seed=seed)[0]
    where = region(pair.source_mask, pair.source_mask, THRESHOLD, CELL)
    return replace(pair, target=goal, target_mask=pair.source_mask, region=where)


def _over(target: np.ndarray, product: np.ndarray, other: np.ndarray) -> np.ndarray:
    """The target with its product grown over all of the source's: (H, W, 3) float32 in [0, 1]."""
    known = (cv2.erode(other, np.ones((3, 3), np.uint8)) > 200).astype(np.float32)
    if not known.any():
        return target
    total, weight = np.zeros_like(target), np.zeros_like(known)
    for k, sigma in enumerate((2.0, 6.0, 18.0, 54.0)):  # near colours first
        share = 10.0 ** (-2.0 * k)
        total += share * cv2.GaussianBlur(target * known[..., None], (0, 0), sigma)
        weight += share * cv2.GaussianBlur(known, (0, 0), sigma)
    missing = ((product > 0) & (known == 0))[..., None]
    return np.where(missing, total / (weight[..., None] + 1e-9), target).astype(np.float32)
