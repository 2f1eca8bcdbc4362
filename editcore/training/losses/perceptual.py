"""The perceptual term: LPIPS between the decoded estimate and the decoded goal, at low noise only.

    L = 1[sigma <= limit] * sum_layers mean_positions w . (f(D(x_hat)) - f(D(x_goal)))^2

with ``f`` the unit features of a fixed network and ``w`` its calibrated weights (Zhang et al. 2018, arXiv 1801.03924,
eq. 1). At high noise the estimate is the mean of many pictures, and a perceptual distance would ask it for detail that
it cannot know. The network is the one of ``scoring.perceptual``: stlpips (Ghildyal & Liu 2022), or the original where
its trunk is on the machine.

Legend: B batch, H/W pixels.
"""

from __future__ import annotations

from typing import Any

import torch.nn.functional as F
from torch import Tensor, nn

SIDE = 256
"""Longer side in pixels to which the scorer shrinks pictures."""


class Perceptual(nn.Module):
    """A frozen metric that gives gradients to the pictures."""

    def __init__(self, device: str = "cpu", side: int = SIDE) -> None:
        """side: larger pictures are shrunk to this longer side; the cost goes with its square."""
        from editcore.scoring.perceptual import Lpips

        super().__init__()
        self.side = side
        metric = Lpips(device)
        self.name, self.network = metric.name, metric.network
        self.requires_grad_(False).eval()

    def forward(self, picture_B3HW: Tensor, goal_B3HW: Tensor) -> Tensor:
        """Distances (B,), >= 0. Pictures in [0, 1], same size."""
        network: Any = self.network
        pairs = [
            network.net(network.scaling_layer(_prepared(x, self.side))) for x in (picture_B3HW, goal_B3HW)
        ]
        layers = [
            head((_unit(a) - _unit(b)).square()).mean(dim=(1, 2, 3))
            for head, a, b in zip(network.lins, *pairs, strict=True)
        ]
        return sum(layers[1:], layers[0])

    def train(self, mode: bool = True) -> Perceptual:
        """Always in evaluation mode: the heads have dropout."""
        return super().train(False)


def _prepared(rgb_B3HW: Tensor, side: int) -> Tensor:
    """float32 in [-1, 1], at most ``side`` on the longer side."""
    rgb = rgb_B3HW.float() * 2 - 1
    scale = side / max(rgb.shape[-2:])
    return F.interpolate(rgb, scale_factor=scale, mode="bilinear", antialias=True) if scale < 1 else rgb


def _unit(features_BCHW: Tensor) -> Tensor:
    """Unit length over channels. The small number stands inside the root, unlike in the metric's own code, whose
    gradient is not a number where all features are 0."""
    return features_BCHW * (features_BCHW.square().sum(dim=1, keepdim=True) + 1e-10).rsqrt()
