"""How much noise there is at a time, and what the network is told about it.

Both schedules map ``t`` in [0, 1] (0 = clean, 1 = noise) to levels and to the network's own clock. A uniform grid of
``t`` gives exactly the steps that diffusers takes: "trailing" spacing of a DDIM scheduler, and the shifted grid of its
flow-matching scheduler.

Legend: B batch.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor


class Preserving:
    """Variance-preserving noise, ``alpha^2 + sigma^2 = 1`` (Ho et al. 2020, eq. 4), from a scheduler's table.

    Entry k of ``alphas_cumprod`` (N entries) is the level after k + 1 of N noising steps, so it belongs to
    ``t = (k + 1) / N``; t = 0 is the clean picture. In between the table is interpolated linearly.
    """

    def __init__(self, scheduler: Any) -> None:
        table = scheduler.alphas_cumprod.double().cpu()
        self.table = torch.cat([torch.ones(1, dtype=torch.float64), table])

    def levels(self, t_B: Tensor) -> tuple[Tensor, Tensor]:
        """``(alpha_B, sigma_B)``, float32 on the device of ``t_B``."""
        place = t_B.detach().double().cpu().clamp(0, 1) * (len(self.table) - 1)
        below = place.floor().long().clamp(max=len(self.table) - 2)
        signal = torch.lerp(self.table[below], self.table[below + 1], place - below)
        return signal.sqrt().float().to(t_B.device), (1 - signal).sqrt().float().to(t_B.device)

    def clock(self, t_B: Tensor) -> Tensor:
        """The timestep that the network learnt, 0 to N - 1, not rounded; float32."""
        return (t_B.float() * (len(self.table) - 1) - 1).clamp(min=0)


class Straight:
    """A rectified flow, ``x = (1 - s) x_0 + s noise`` (Liu et al. 2022), with the model's shift of time.

    ``s = shift t / (1 + (shift - 1) t)`` (Esser et al. 2024, arXiv 2403.03206, eq. 23): larger pictures need more of
    their steps at high noise, and the model was trained so. With shift 1, s is t.
    """

    def __init__(self, scheduler: Any, image_tokens: int = 0) -> None:
        config = scheduler.config
        self.steps = config.num_train_timesteps
        self.shift = float(scheduler.shift)
        if config.use_dynamic_shifting:
            self.shift = _dynamic_shift(config, image_tokens)

    def levels(self, t_B: Tensor) -> tuple[Tensor, Tensor]:
        """``(alpha_B, sigma_B)``, float32."""
        t = t_B.float().clamp(0, 1)
        noise = self.shift * t / (1 + (self.shift - 1) * t)
        return 1 - noise, noise

    def clock(self, t_B: Tensor) -> Tensor:
        """The timestep the network learnt: the share of noise times the number of training steps; float32."""
        return self.levels(t_B)[1] * self.steps


def _dynamic_shift(config: Any, image_tokens: int) -> float:
    """The shift for a picture of so many tokens, on the line through the two sizes that the config names."""
    slope = (config.max_shift - config.base_shift) / (config.max_image_seq_len - config.base_image_seq_len)
    mu = config.base_shift + slope * (image_tokens - config.base_image_seq_len)
    return float(torch.tensor(mu).exp()) if config.time_shift_type == "exponential" else mu
