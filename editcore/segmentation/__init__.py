"""The matte of the product, or of a named region of it.

    matte = segment(picture)                       # transparency of the file, else U²-Net-p
    matte = segment(picture, given_mask=mask)      # the customer's own mask wins
    matte = segment(picture, region="yellow parts")

Everything that is the customer's to mend raises ``editcore.images.BadInput`` with a code; a missing model
file raises ``ModelMissing``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from editcore.images import BadImage, Picture, fit_mask
from editcore.segmentation.opinions import Opinions, Saliency, ask
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
    "Opinions",
    "Saliency",
    "U2NetP",
    "ask",
    "doubt",
    "measure",
    "segment",
    "u2netp",
]

Source = Literal["given", "alpha", "u2netp"]


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
    proportions are the picture's. ``model`` stands in for the bundled U²-Net-p; it is asked two or three
    times (``opinions``).

    Raises ``BadImage`` (``mask_size``, ``mask_empty``, ``no_product``) and ``BadRegion``.
    """
    whole, disagreement = None, 0.0
    source: Source
    if given_mask is not None:
        alpha, source = fit_mask(given_mask, picture.height, picture.width), "given"
        _require(alpha, "mask_empty", "The mask given is empty; white has to mark the product.")
    elif picture.alpha is not None:
        alpha, source = picture.alpha, "alpha"
        _require(alpha, "mask_empty", "The picture is transparent nearly everywhere; give a mask or fill it.")
    else:
        opinions, source = ask(picture.rgb, model or u2netp()), "u2netp"
        whole, disagreement = opinions.whole, opinions.disagreement
        alpha = refine(picture.rgb, opinions.map)
        _require(alpha, "no_product", "Nothing stands out from the background; give a mask for this picture.")
    figures = measure(alpha, whole, disagreement)
    # People who drew a mask meant it; only the network's guesses and accidental transparency are doubted.
    sentence = "" if source == "given" else doubt(figures, limits)
    if region and source != "given":
        alpha = coloured_region(picture.rgb, alpha, region)
    return Matte(alpha, source, figures, sentence)


def _require(alpha: np.ndarray, code: str, message: str) -> None:
    if not (alpha > 127).any():
        raise BadImage(code, message)
