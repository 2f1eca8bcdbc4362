"""More latent channels for a trained autoencoder and its editor, without losing what they have learnt.

Right after growing, the autoencoder reconstructs and the editor paints exactly as before; training then fills the new
channels. ``AutoencoderDC`` adds a fixed shortcut to its bottleneck convolutions (group means before, repeats after),
and both change with the number of channels; the difference goes into the convolutions' centre taps.

Legend: C old, D new number of latent channels, W width of the bottleneck (192).
"""

from __future__ import annotations

import torch
from diffusers import AutoencoderDC, UNet2DConditionModel
from torch import Tensor

from editcore.training.autoencoder import build_autoencoder
from editcore.training.editor import build_unet


@torch.no_grad()
def grow_autoencoder(old: AutoencoderDC, channels: int) -> AutoencoderDC:
    """An autoencoder with ``channels`` latent channels; the first are the old ones. ValueError if that is fewer."""
    kept = old.config.latent_channels
    _check(kept, channels)
    new = build_autoencoder(channels)
    state, grown = old.state_dict(), new.state_dict()
    means_CW, means_DW = _group_means(kept), _group_means(channels)
    out_weight, out_bias = grown["encoder.conv_out.weight"], grown["encoder.conv_out.bias"]
    out_weight[:kept], out_bias[:kept] = state["encoder.conv_out.weight"], state["encoder.conv_out.bias"]
    out_weight[:kept, :, 1, 1] += means_CW - means_DW[:kept]
    in_weight = torch.zeros_like(grown["decoder.conv_in.weight"])
    in_weight[:, :kept] = state["decoder.conv_in.weight"]
    in_weight[:, :kept, 1, 1] += _repeats(kept)
    in_weight[..., 1, 1] -= _repeats(channels)
    state |= {
        "encoder.conv_out.weight": out_weight, "encoder.conv_out.bias": out_bias,
        "decoder.conv_in.weight": in_weight,
    }  # fmt: skip
    new.load_state_dict(state)
    new.register_to_config(scaling_factor=old.config.scaling_factor)
    return new


@torch.no_grad()
def grow_unet(old: UNet2DConditionModel, channels: int) -> UNet2DConditionModel:
    """The editor's network for ``channels`` latent channels: new inputs are ignored, new outputs are 0, at first."""
    kept = old.config.out_channels
    _check(kept, channels)
    new = build_unet(channels)
    state, grown = old.state_dict(), new.state_dict()
    into = torch.zeros_like(grown["conv_in.weight"])
    into[:, :kept] = state["conv_in.weight"][:, :kept]
    into[:, channels : channels + kept] = state["conv_in.weight"][:, kept : 2 * kept]
    into[:, -1] = state["conv_in.weight"][:, -1]
    out_weight, out_bias = (torch.zeros_like(grown[f"conv_out.{name}"]) for name in ("weight", "bias"))
    out_weight[:kept], out_bias[:kept] = state["conv_out.weight"], state["conv_out.bias"]
    new.load_state_dict(
        state | {"conv_in.weight": into, "conv_out.weight": out_weight, "conv_out.bias": out_bias}
    )
    return new


def _check(kept: int, channels: int) -> None:
    if channels < kept:
        raise ValueError(f"found {kept} latent channels, asked for {channels}; give at least as many")


def _group_means(channels: int, width: int = 192) -> Tensor:
    """(channels, W): the encoder's shortcut as a matrix."""
    return _repeats(channels, width).T / (width // channels)


def _repeats(channels: int, width: int = 192) -> Tensor:
    """(W, channels): the decoder's shortcut as a matrix."""
    return torch.eye(channels).repeat_interleave(width // channels, dim=0)
