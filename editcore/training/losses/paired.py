"""The weakly supervised loss: from the noised *source*, predict what leads to the pseudo-target (iEdit, 2305.05947).

The paper's formula could not be read; it is derived here. Let ``x_t = alpha x_src + sigma noise``. An output is
consistent with the pseudo-target ``x_tgt`` if the picture it says is under ``x_t`` (``process.clean_estimate``) is
``x_tgt``. Solved for the output, with ``n = alpha`` for epsilon, ``alpha^2 + sigma^2`` for v, ``alpha + sigma`` for a
flow (both 1), and ``c = alpha`` for v, 1 for the others:

    out* = (c x_t - n x_tgt) / sigma
    epsilon:  noise + alpha / sigma (x_src - x_tgt)
    v:        alpha noise - sigma x_tgt + alpha^2 / sigma (x_src - x_tgt)
    flow:     noise - x_tgt + alpha / sigma (x_src - x_tgt)

All three grow without bound as sigma -> 0. But ``sigma (out* - out) = c x_t - sigma out - n x_tgt``, which equals
``n (x_hat - x_tgt)`` and needs no division, so the plain loss is a regression of the estimate onto the pseudo-target:

    || out - out* ||^2  =  w || x_hat - x_tgt ||^2,    w = (n / sigma)^2:  SNR, SNR + 1, (1 + sqrt SNR)^2

and ``w`` is what explodes: above 1000 at the first steps of Stable Diffusion, where the network would learn to paste
the pseudo-target over a source that it sees clearly. Clipping it, as min-SNR does (Hang et al. 2023, arXiv 2303.09556,
section 3.4), bounds loss and gradient and changes nothing where there is more noise:

    L = min(w, clip) || x_hat - x_tgt ||^2  =  min(1 / sigma^2, clip / n^2) || c x_t - sigma out - n x_tgt ||^2

Legend as in ``editors.backbones.base``.
"""

from __future__ import annotations

from torch import Tensor

from editcore.editors.backbones import Prediction
from editcore.editors.backbones.process import per_picture

CLIP = 5.0
"""Largest weight of the estimate's squared error; the gamma of min-SNR, at its authors' value."""


def factors(prediction: Prediction, alpha_B: Tensor, sigma_B: Tensor) -> tuple[Tensor, Tensor]:
    """``(c_B, n_B)`` of the module's docstring."""
    if prediction is Prediction.EPSILON:
        return alpha_B.new_ones(alpha_B.shape), alpha_B
    if prediction is Prediction.V:
        return alpha_B, alpha_B**2 + sigma_B**2
    return alpha_B.new_ones(alpha_B.shape), alpha_B + sigma_B


def consistent_output(
    prediction: Prediction, noisy_BChw: Tensor, target_BChw: Tensor, alpha_B: Tensor, sigma_B: Tensor
) -> Tensor:
    """``out*``: what the network would have to say for its estimate to be the target. Needs sigma > 0."""
    c, n = (per_picture(x, noisy_BChw) for x in factors(prediction, alpha_B, sigma_B))
    return (c * noisy_BChw - n * target_BChw) / per_picture(sigma_B, noisy_BChw)


def residual(
    prediction: Prediction,
    output_BChw: Tensor,
    noisy_BChw: Tensor,
    target_BChw: Tensor,
    alpha_B: Tensor,
    sigma_B: Tensor,
    clip: float = CLIP,
) -> Tensor:
    """``sqrt(min(w, clip)) (x_hat - target)``, (B, C, h, w): its square is the loss, finite at every level."""
    c, n = factors(prediction, alpha_B, sigma_B)
    scale = (sigma_B**-2).minimum(clip * n**-2).sqrt()
    c, n, sigma, scale = (per_picture(x, output_BChw) for x in (c, n, sigma_B, scale))
    return scale * (c * noisy_BChw - sigma * output_BChw - n * target_BChw)


def paired_loss(
    prediction: Prediction,
    output_BChw: Tensor,
    noisy_BChw: Tensor,
    target_BChw: Tensor,
    alpha_B: Tensor,
    sigma_B: Tensor,
    clip: float = CLIP,
) -> Tensor:
    """``L`` of the module's docstring per picture, (B,): mean over channels and cells.

    Where the noise came from does not matter: for the noised target it is the ordinary denoising loss, clipped.
    """
    rest = residual(prediction, output_BChw, noisy_BChw, target_BChw, alpha_B, sigma_B, clip)
    return rest.square().mean(dim=(1, 2, 3))
