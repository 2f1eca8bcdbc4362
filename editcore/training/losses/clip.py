"""The CLIP terms, on the region of the decoded estimate: does it show the words, and did it move their way?

With E_I, E_T the unit embeddings of picture and text, and c(.) the square around the region, into which the estimate
is pasted over the source:

    global       L = 1 - cos(E_I(c(D(x_hat))), E_T(edit prompt))
    directional  L = 1 - cos(E_I(c(D(x_hat))) - E_I(c(source)),  E_T(edit prompt) - E_T(source caption))

(StyleGAN-NADA: Gal et al. 2021, arXiv 2108.00946, eq. 1 and 3.) The global term alone can be had by adversarial
texture; the directional one asks for the change that the words name. Both only at low noise, as the perceptual term.

Legend: B batch, H/W pixels, D width.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor

MARGIN = 0.1
"""Space around the region in the square that CLIP sees, in shares of its longer side."""


class ClipLoss:
    """A frozen CLIP model that gives gradients to the pictures."""

    def __init__(
        self, model: str | Path = "bundled", pretrained: str | None = None, device: str = "cpu"
    ) -> None:
        """As ``scoring.Scorer``: "bundled", a folder, or a name ``open_clip`` knows with its pretrained tag.

        Raises ``scoring.clip.ScorerMissing`` if the model is not there.
        """
        from editcore.scoring import BUNDLED_CLIP
        from editcore.scoring.clip import Clip

        self.clip = Clip(BUNDLED_CLIP if model == "bundled" else model, pretrained, device)

    def __call__(
        self,
        estimate_B3HW: Tensor,
        source_B3HW: Tensor,
        region_B1HW: Tensor,
        texts: Sequence[str],
        source_texts: Sequence[str],
    ) -> tuple[Tensor, Tensor]:
        """``(global_B, directional_B)``, each in [0, 2]. Pictures and region in [0, 1], of one size."""
        pasted = region_B1HW * estimate_B3HW + (1 - region_B1HW) * source_B3HW
        views = region_squares(torch.cat([pasted, source_B3HW]), torch.cat([region_B1HW] * 2), self.clip.side)
        now, was = self.clip.embed(views).chunk(2)
        wanted, described = (torch.from_numpy(self.clip.texts(t)).to(now) for t in (texts, source_texts))
        return global_loss(now, wanted), directional_loss(now, was, wanted, described)


def global_loss(now_BD: Tensor, wanted_BD: Tensor) -> Tensor:
    """``1 - cos`` of picture and text embeddings, (B,)."""
    return 1 - F.cosine_similarity(now_BD, wanted_BD)


def directional_loss(now_BD: Tensor, was_BD: Tensor, wanted_BD: Tensor, described_BD: Tensor) -> Tensor:
    """``1 - cos`` of the change of the picture and the change of the text, (B,).

    1 where the picture has not changed, 0 where the texts are the same: then nothing is asked.
    """
    asked = wanted_BD - described_BD
    loss = 1 - F.cosine_similarity(now_BD - was_BD, asked, eps=1e-4)
    return torch.where(asked.norm(dim=1) > 1e-5, loss, torch.zeros_like(loss))


def region_squares(rgb_B3HW: Tensor, region_B1HW: Tensor, side: int) -> Tensor:
    """The square around each region, with ``MARGIN``, as (B, 3, side, side); the whole picture if it is empty.

    The square is shifted, and shrunk if it must be, to lie inside the picture.
    """
    views = []
    for rgb, region in zip(rgb_B3HW, region_B1HW[:, 0] > 0.5, strict=True):
        top, left, size = _square(region)
        crop = rgb[None, :, top : top + size, left : left + size]
        views.append(F.interpolate(crop, (side, side), mode="bilinear", antialias=True))
    return torch.cat(views)


def _square(region_HW: Tensor) -> tuple[int, int, int]:
    """Top, left and side in pixels."""
    height, width = region_HW.shape
    rows, columns = (torch.nonzero(region_HW.any(dim=d)).flatten().tolist() for d in (1, 0))
    if not rows:
        rows, columns = [0, height - 1], [0, width - 1]
    extent = max(rows[-1] - rows[0], columns[-1] - columns[0]) + 1
    size = min(round(extent * (1 + 2 * MARGIN)), height, width)
    top = min(max((rows[0] + rows[-1] + 1 - size) // 2, 0), height - size)
    left = min(max((columns[0] + columns[-1] + 1 - size) // 2, 0), width - size)
    return top, left, size
