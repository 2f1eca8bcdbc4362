"""The matte of the product, or of a named region of it.

    matte = segment(picture)                       # transparency of the file, else U²-Net-p
    matte = segment(picture, given_mask=mask)      # the customer's own mask wins
    matte = segment(picture, region="yellow parts")

Everything that is the customer's to mend raises ``editcore.images.BadInput`` with a code; a missing model
file raises ``ModelMissing``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from editcore.images import BadImage, Picture, fit_mask
from editcore.segmentation.quality import DoubtThresholds, Figures, doubt, measure
from editcore.segmentation.refine import refine
from editcore.segmentation.regions import BadRegion, coloured_region
from editcore.segmentation.u2net import ModelMissing, U2NetP, u2netp

__all__ = [
    "BadRegion",
    "DoubtThresholds",
    "Figures",
    "Matte",
    "ModelMissing",
    "Saliency",
    "U2NetP",
    "doubt",
    "measure",
    "segment",
    "u2netp",
]

Source = Literal["given", "alpha", "u2netp"]
Saliency = Callable[[np.ndarray], np.ndarray]
"""(H, W, 3) uint8 to a (h, w) float32 map in [0, 1]: ``U2NetP``, or another profile's network."""


@dataclass(frozen=True)
class Matte:
    """A soft mask with where it comes from and how far to believe it."""

    alpha: np.ndarray
    """(H, W) uint8 at the picture's resolution, 255 = product (or region)."""
    source: Source
    """``given`` by the customer, the file's own ``alpha``, or ``u2netp``."""
    figures: Figures
    """Of the product's mask, before a region of it was chosen."""
    doubt: str
    """Why people should look, in sentences; "" if nothing speaks against it."""


def segment(
    picture: Picture,
    given_mask: np.ndarray | None = None,
    region: str | None = None,
    model: Saliency | None = None,
    limits: DoubtThresholds | None = None,
) -> Matte:
    """The matte of the product in ``picture``, or of the ``region`` of it that the words name.

    ``given_mask`` (h, w) uint8, 255 = product (with ``region`` set: = that region); it is resized when its
    proportions are the picture's. ``model`` stands in for the bundled U²-Net-p.

    Raises ``BadImage`` (``mask_size``, ``mask_empty``, ``no_product``) and ``BadRegion``.
    """
    coarse: np.ndarray | None = None
    source: Source
    if given_mask is not None:
        alpha, source = fit_mask(given_mask, picture.height, picture.width), "given"
        _require(alpha, "mask_empty", "The mask given is empty; white has to mark the product.")
    elif picture.alpha is not None:
        alpha, source = picture.alpha, "alpha"
        _require(alpha, "mask_empty", "The picture is transparent nearly everywhere; give a mask or fill it.")
    else:
        coarse, source = (model or u2netp())(picture.rgb), "u2netp"
        alpha = refine(picture.rgb, coarse)
        _require(alpha, "no_product", "Nothing stands out from the background; give a mask for this picture.")
    figures = measure(alpha, coarse)
    # People who drew a mask meant it; only the network's guesses and accidental transparency are doubted.
    sentence = "" if source == "given" else doubt(figures, limits)
    if region and source != "given":
        alpha = coloured_region(picture.rgb, alpha, region)
    return Matte(alpha, source, figures, sentence)


def _require(alpha: np.ndarray, code: str, message: str) -> None:
    if not (alpha > 127).any():
        raise BadImage(code, message)
