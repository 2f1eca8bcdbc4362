"""Where a pair may differ: masks of source and target, and the region made of both.

iEdit's mask loss wants the place of the change; how the paper merges two masks is not published. Done here, as
``methods`` proposes: the union of both, thresholded, one latent cell wider. Both stay in the data set by
themselves too. Squares hold the product in the same place and size in source and target (``pool.frame``), so
that a union means something although the two are different photos.

For an edit of the setting it is the surroundings that change, so the product's mask is turned inside out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import cv2
import numpy as np

from editcore.training.pairs.settings import PairSettings


@dataclass(frozen=True)
class MaskRequest:
    """One picture of a pair."""

    picture: np.ndarray
    """(S, S, 3) uint8 sRGB."""
    product: np.ndarray
    """(S, S) uint8, 255 = the product, as segmented."""
    kind: str
    """What is swapped (``slots.Kind``)."""
    words: str
    """What to look for: "navy mug", "walnut wood"."""


class Masker(Protocol):
    """Finds the place of a change."""

    name: str

    def masks(self, requests: Sequence[MaskRequest]) -> list[np.ndarray]:
        """(S, S) uint8 for each request, 255 = what would change."""
        ...


def load_masker(settings: PairSettings) -> Masker:
    """The masker the settings name. Raises ValueError if CLIPSeg has no model."""
    if settings.masker == "product":
        return ProductMasker()
    if not settings.masker_model:
        raise ValueError(
            "found masker clipseg without masker_model; give the folder or id of a CLIPSeg model"
        )
    return ClipSeg(settings.masker_model, settings.device)


class ProductMasker:
    """The product as segmented when the pool was made; for settings, everything else."""

    name = "product"

    def masks(self, requests: Sequence[MaskRequest]) -> list[np.ndarray]:
        return [255 - r.product if r.kind == "setting" else r.product for r in requests]


class ClipSeg:
    """CLIPSeg (Lueddecke and Ecker 2022, arXiv 2112.10003) through transformers: a mask from words."""

    def __init__(self, model: str, device: str = "cpu") -> None:
        from transformers import CLIPSegForImageSegmentation, CLIPSegProcessor

        self._processor: Any = CLIPSegProcessor.from_pretrained(model)
        self._model: Any = (
            CLIPSegForImageSegmentation.from_pretrained(model, use_safetensors=True).to(device).eval()
        )
        self._device = device
        self.name = f"clipseg:{model.rstrip('/').rsplit('/', 1)[-1]}"

    def masks(self, requests: Sequence[MaskRequest]) -> list[np.ndarray]:
        import torch

        inputs = self._processor(
            text=[r.words for r in requests], images=[r.picture for r in requests], padding="max_length",
            truncation=True, return_tensors="pt",
        ).to(self._device)  # fmt: skip
        with torch.inference_mode():
            logits = self._model(**inputs).logits
        shares = torch.sigmoid(logits.float()).reshape(len(requests), *logits.shape[-2:]).cpu().numpy()
        sizes = [r.picture.shape[:2][::-1] for r in requests]
        resized = [
            cv2.resize(one, size, interpolation=cv2.INTER_LINEAR)
            for one, size in zip(shares, sizes, strict=True)
        ]
        return [np.round(one * 255).astype(np.uint8) for one in resized]


def region(source: np.ndarray, target: np.ndarray, threshold: float, latent_cell: int) -> np.ndarray:
    """The union of two (S, S) uint8 masks above ``threshold`` (a share, (0, 1)), one latent cell wider; 0 or 255.

    The cell (``latent_cell`` pixels) is what the autoencoder mixes: a sharper region would leave a rim of the
    old picture in the latents it covers."""
    union = (np.maximum(source, target) > 255 * threshold).astype(np.uint8)
    size = 2 * latent_cell + 1
    return cv2.dilate(union, np.ones((size, size), np.uint8)) * np.uint8(255)


def words_for(kind: str, words: str, noun: str) -> str:
    """What to ask a text-prompted segmenter for: "navy" alone lies on nothing, "navy mug" does."""
    return words if kind in ("noun", "setting") or not noun else f"{words} {noun}"
