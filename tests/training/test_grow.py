"""Growing latent channels changes nothing until training does."""

from __future__ import annotations

import pytest
import torch

from editcore.training.autoencoder import build_autoencoder, decode, encode
from editcore.training.editor import build_unet
from editcore.training.grow import grow_autoencoder, grow_unet


def test_a_grown_autoencoder_reconstructs_as_before_and_can_learn_more() -> None:
    torch.manual_seed(0)
    old, picture = build_autoencoder(12), torch.rand(1, 3, 128, 128)
    new = grow_autoencoder(old, 16)
    latent, grown = encode(old, picture), encode(new, picture)
    assert grown.shape == (1, 16, 16, 16)
    assert torch.allclose(grown[:, :12], latent, atol=1e-5)
    assert torch.allclose(decode(new, grown), decode(old, latent), atol=1e-4)
    decode(new, grown).square().mean().backward()
    assert new.decoder.conv_in.weight.grad[:, 12:].abs().max() > 0


def test_a_grown_unet_paints_as_before() -> None:
    torch.manual_seed(0)
    old = build_unet(12)
    new = grow_unet(old, 16)
    noisy, source, region = (*torch.randn(2, 1, 16, 16, 16).unbind(0), torch.rand(1, 1, 16, 16))
    words, t = torch.randn(1, 4, 192), torch.tensor([300.0])
    before = old(torch.cat([noisy[:, :12], source[:, :12], region], 1), t, words).sample
    after = new(torch.cat([noisy, source, region], 1), t, words).sample
    assert torch.allclose(after[:, :12], before, atol=1e-4)
    assert torch.equal(after[:, 12:], torch.zeros_like(after[:, 12:]))


def test_fewer_channels_are_refused() -> None:
    with pytest.raises(ValueError, match="found 16 latent channels, asked for 12"):
        grow_autoencoder(build_autoencoder(16), 12)
