"""Pairs as latents: encoded when first met, kept in main memory while there is room.

Legend as in ``editors.backbones.base``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from editcore.editors.backbones import Backbone
from editcore.editors.pipeline import GREY
from editcore.editors.sampling.edit import latent_region
from editcore.training.pairs import Pair
from editcore.training.pairs.store import tensors

Kept = tuple[Tensor, Tensor]
"""One pair on the CPU, float16: (3, C, h, w) source, target and shown source; (2, h, w) region and told region."""


@dataclass(frozen=True)
class Encoded:
    """Latents of B pairs, float32 on the device of the model."""

    source_BChw: Tensor
    target_BChw: Tensor
    shown_BChw: Tensor
    """What the condition shows: the source, or the source with what is told grey."""
    region_B1hw: Tensor
    """Where the losses ask for the target: wide enough for both products."""
    told_B1hw: Tensor
    """Where the source may change as the model is told at work: the source's own mask, no wider."""


class Latents:
    """Encodes pairs with a backbone."""

    def __init__(
        self, backbone: Backbone, cut_out: Sequence[str], limit_gb: float, kept: dict[str, Kept]
    ) -> None:
        """``kept``: filled with what fits into ``limit_gb`` of main memory, by ``pair_id``."""
        self._backbone, self._cut_out = backbone, frozenset(cut_out)
        self._room, self._kept = limit_gb * 1e9, kept

    def __call__(self, pairs: Sequence[Pair], device: torch.device) -> Encoded:
        """Latents of the pairs, in their order."""
        new = [pair for pair in pairs if pair.pair_id not in self._kept]
        fresh = dict(zip([pair.pair_id for pair in new], self._encode(new), strict=True))
        for name, value in fresh.items():
            size = sum(tensor.nbytes for tensor in value)
            if size <= self._room:
                self._kept[name] = value
                self._room -= size
        rows = [fresh.get(pair.pair_id) or self._kept[pair.pair_id] for pair in pairs]
        pictures = torch.stack([row[0] for row in rows], dim=1).to(device, torch.float32)
        region, told = torch.stack([row[1] for row in rows]).to(device, torch.float32).split(1, dim=1)
        return Encoded(pictures[0], pictures[1], pictures[2], region, told)

    def _encode(self, pairs: Sequence[Pair]) -> list[Kept]:
        if not pairs:
            return []
        given, side = tensors(pairs), self._backbone.side
        names = ("source_B3HW", "target_B3HW", "region_B1HW", "source_mask_B1HW")
        source, target, region, told = (sized(given[name], side) for name in names)
        rgb = torch.cat([source, target]) / 2 + 0.5
        rgb = torch.cat([rgb, shown_pictures(rgb[: len(pairs)], told, pairs, self._cut_out)])
        latent = self._backbone.encode(rgb)
        small = torch.cat([latent_region(one.to(latent), latent[: len(pairs)]) for one in (region, told)], 1)
        kept = latent.to("cpu", torch.float16).unflatten(0, (3, len(pairs))).unbind(1)
        return list(zip(kept, small.to("cpu", torch.float16), strict=True))


def sized(picture_BCHW: Tensor, side: int) -> Tensor:
    """Squares of another side, (B, C, side, side), shrunk without aliasing."""
    if picture_BCHW.shape[-1] == side:
        return picture_BCHW
    return F.interpolate(picture_BCHW, (side, side), mode="bilinear", antialias=True)


def shown_pictures(
    source_B3HW: Tensor, told_B1HW: Tensor, pairs: Sequence[Pair], cut_out: frozenset[str]
) -> Tensor:
    """Sources as the condition shows them: what is told to change is grey for the kinds in ``cut_out``."""
    hidden = torch.tensor([pair.kind in cut_out for pair in pairs]).view(-1, 1, 1, 1)
    return torch.where(hidden, source_B3HW * (1 - told_B1HW) + GREY * told_B1HW, source_B3HW)
