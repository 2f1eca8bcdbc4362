"""The arithmetic of the noising process, for every kind of prediction.

From ``x_t = alpha x_0 + sigma noise`` follow the network's target for known ``(x_0, noise)``, and the estimates of
``x_0`` and ``noise`` for a known output. Levels are (B,) tensors and broadcast over (B, C, h, w).

Legend as in ``base.py``.
"""

from __future__ import annotations

from torch import Tensor

from editcore.editors.backbones.base import Prediction


def per_picture(level_B: Tensor, like_BChw: Tensor) -> Tensor:
    """A (B,) tensor in the shape and type that multiplies (B, C, h, w)."""
    return level_B.to(like_BChw).view(-1, *[1] * (like_BChw.ndim - 1))


def noised(clean_BChw: Tensor, noise_BChw: Tensor, alpha_B: Tensor, sigma_B: Tensor) -> Tensor:
    """``x_t = alpha x_0 + sigma noise``."""
    return per_picture(alpha_B, clean_BChw) * clean_BChw + per_picture(sigma_B, noise_BChw) * noise_BChw


def target(
    prediction: Prediction, clean_BChw: Tensor, noise_BChw: Tensor, alpha_B: Tensor, sigma_B: Tensor
) -> Tensor:
    """What the network should say about ``noised(clean, noise, ...)``."""
    if prediction is Prediction.EPSILON:
        return noise_BChw
    if prediction is Prediction.V:
        return per_picture(alpha_B, noise_BChw) * noise_BChw - per_picture(sigma_B, clean_BChw) * clean_BChw
    return noise_BChw - clean_BChw


def clean_estimate(
    prediction: Prediction, output_BChw: Tensor, noisy_BChw: Tensor, alpha_B: Tensor, sigma_B: Tensor
) -> Tensor:
    """The ``x_0`` that an output says is under ``x_t``.

    epsilon: ``(x_t - sigma out) / alpha``; v: ``(alpha x_t - sigma out) / (alpha^2 + sigma^2)``;
    flow: ``(x_t - sigma out) / (alpha + sigma)``.
    """
    alpha, sigma = per_picture(alpha_B, noisy_BChw), per_picture(sigma_B, noisy_BChw)
    if prediction is Prediction.EPSILON:
        return (noisy_BChw - sigma * output_BChw) / alpha
    if prediction is Prediction.V:
        return (alpha * noisy_BChw - sigma * output_BChw) / (alpha**2 + sigma**2)
    return (noisy_BChw - sigma * output_BChw) / (alpha + sigma)


def noise_estimate(
    prediction: Prediction, output_BChw: Tensor, noisy_BChw: Tensor, alpha_B: Tensor, sigma_B: Tensor
) -> Tensor:
    """The noise that an output says is in ``x_t``; as ``clean_estimate``, without a division by sigma.

    epsilon: ``out``; v: ``(sigma x_t + alpha out) / (alpha^2 + sigma^2)``;
    flow: ``(x_t + alpha out) / (alpha + sigma)``.
    """
    alpha, sigma = per_picture(alpha_B, noisy_BChw), per_picture(sigma_B, noisy_BChw)
    if prediction is Prediction.EPSILON:
        return output_BChw
    if prediction is Prediction.V:
        return (sigma * noisy_BChw + alpha * output_BChw) / (alpha**2 + sigma**2)
    return (noisy_BChw + alpha * output_BChw) / (alpha + sigma)
