"""A small model of the bundled model's class, random weights."""

from __future__ import annotations

import pytest
import torch
from diffusers import FluxTransformer2DModel

from editcore.editors.transfer.model import Attention, TransferModel, Words, gist_layer
from editcore.editors.transfer.panels import Layout

TEXT, CHANNELS, SIDE = 12, 4, 4


def small(
    layout: Layout = "stack", attention: Attention = "causal", guided: bool = False, doubled: bool = True
) -> TransferModel:
    """Two double-stream and two single-stream blocks of width 32; latents of 4 channels, 4 x 4.

    A doubled one with causal attention reads the gist, like the bundled model.
    """
    torch.manual_seed(0)
    transformer = FluxTransformer2DModel(
        patch_size=1, in_channels=4 * CHANNELS * (1 + doubled), out_channels=4 * CHANNELS,
        num_layers=2, num_single_layers=2, attention_head_dim=16, num_attention_heads=2,
        joint_attention_dim=TEXT, pooled_projection_dim=TEXT, guidance_embeds=guided,
        axes_dims_rope=(4, 6, 6),
    )  # fmt: skip
    silence = Words(torch.zeros(1, 0, TEXT), torch.zeros(1, TEXT))
    gist = gist_layer(transformer) if doubled and attention == "causal" else None
    return TransferModel(transformer, silence, SIDE, layout, attention, gist).eval()


def latents(count: int, seed: int) -> torch.Tensor:
    return torch.randn((count, CHANNELS, SIDE, SIDE), generator=torch.Generator().manual_seed(seed))


def said(count: int, seed: int) -> Words:
    generator = torch.Generator().manual_seed(seed)
    return Words(
        torch.randn((count, 3, TEXT), generator=generator), torch.randn((count, TEXT), generator=generator)
    )


@pytest.fixture
def model() -> TransferModel:
    return small()
