"""Pictures as panels: latents to tokens and back, and where each token is.

Legend: B batch, C latent channels, h/w latent rows/columns, N = h w / 4 tokens of a panel, P = 4 C their width.
"""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor

Panel = Literal["before", "after", "query", "target"]
Layout = Literal["grid", "stack"]
"""``grid``: panels lie beside and below each other, as in the paper. ``stack``: all at one place, told apart by the
first coordinate, so that a token finds its counterpart in another panel at distance 0."""
GRID: dict[Panel, tuple[int, int]] = {"before": (0, 0), "after": (0, 1), "query": (1, 0), "target": (1, 1)}
"""Row and column on the paper's canvas (its figure 3)."""
STACK: dict[Panel, int] = {"target": 0, "query": 1, "before": 2, "after": 3}


def pack(latent_BChw: Tensor) -> Tensor:
    """Tokens (B, N, P) of 2 x 2 latent cells each, as FLUX packs them."""
    B, C, h, w = latent_BChw.shape
    if h % 2 or w % 2:
        raise ValueError(f"the latent is {h} x {w}; expected even sides, as 2 x 2 cells make a token")
    cells = latent_BChw.view(B, C, h // 2, 2, w // 2, 2)
    return cells.permute(0, 2, 4, 1, 3, 5).reshape(B, h // 2 * (w // 2), 4 * C)


def unpack(token_BNP: Tensor, h: int, w: int) -> Tensor:
    """The latent (B, C, h, w) of tokens; undoes ``pack``."""
    B, _, P = token_BNP.shape
    cells = token_BNP.view(B, h // 2, w // 2, P // 4, 2, 2)
    return cells.permute(0, 3, 1, 4, 2, 5).reshape(B, P // 4, h, w)


def places(panel: Panel, h: int, w: int, layout: Layout) -> Tensor:
    """Coordinates (N, 3) of a panel's tokens for rotary embedding; latent sides h and w."""
    rows, columns = h // 2, w // 2
    place = torch.zeros(rows, columns, 3)
    place[..., 1] = torch.arange(rows)[:, None]
    place[..., 2] = torch.arange(columns)[None]
    if layout == "grid":
        down, right = GRID[panel]
        place[..., 1] += down * rows
        place[..., 2] += right * columns
    else:
        place[..., 0] = STACK[panel]
    return place.view(-1, 3)
