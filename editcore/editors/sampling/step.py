"""One deterministic step of sampling, the same formula for every kind of network.

An output at time t says which picture ``x_0`` and which noise ``n`` make up ``x_t = alpha_t x_0 + sigma_t n``
(``process.clean_estimate``, ``process.noise_estimate``). The step to time s puts the same two together at the levels
of s:

    x_s = alpha_s x_0 + sigma_s n

For epsilon and v this is DDIM with eta 0 (Song et al. 2021, arXiv 2010.02502, eq. 12). For a flow with velocity v,
``x_0 = x_t - sigma_t v`` and ``n = x_t + (1 - sigma_t) v``, so that ``x_s = (1 - sigma_s) x_0 + sigma_s n`` is ``x_t +
(sigma_s - sigma_t) v``: the Euler step of its equation. At s = 0 it is the estimate of the picture itself.

Legend as in ``backbones.base``.
"""

from __future__ import annotations

from torch import Tensor

from editcore.editors.backbones import Prediction
from editcore.editors.backbones.process import clean_estimate, noise_estimate, noised

Levels = tuple[Tensor, Tensor]
"""``(alpha_B, sigma_B)``."""


def step(
    prediction: Prediction, output_BChw: Tensor, noisy_BChw: Tensor, now: Levels, then: Levels
) -> Tensor:
    """``x_s`` from ``x_t`` and the network's output there; ``now`` are the levels of t, ``then`` those of s."""
    clean = clean_estimate(prediction, output_BChw, noisy_BChw, *now)
    noise = noise_estimate(prediction, output_BChw, noisy_BChw, *now)
    return noised(clean, noise, *then)
