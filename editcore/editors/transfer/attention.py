"""Attention that remembers: keys and values of panels already seen stand beside those of the tokens at hand.

Legend: B batch, S tokens, H heads, E width of a head.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from diffusers import FluxTransformer2DModel
from diffusers.models.embeddings import apply_rotary_emb
from diffusers.models.transformers.transformer_flux import FluxAttention
from torch import Tensor

KeysValues = tuple[Tensor, Tensor]
"""Both (B, S, H, E), keys turned by their places already."""


@dataclass(frozen=True)
class Seen:
    """What panels mean to those that see them: keys and values of every layer."""

    layers: tuple[KeysValues, ...]
    query_BNP: Tensor | None = None
    """The query's tokens, where the query is among the panels."""
    gist_BD: Tensor | None = None
    """What the pairs show, in one vector each, added up; None for a model that does not read it."""

    @staticmethod
    def together(several: Sequence[Seen]) -> Seen:
        """Panels side by side; batches must agree."""
        gists = [one.gist_BD for one in several if one.gist_BD is not None]
        return Seen(
            tuple(
                (torch.cat([k for k, _ in layer], 1), torch.cat([v for _, v in layer], 1))
                for layer in zip(*(one.layers for one in several), strict=True)
            ),
            gist_BD=torch.stack(gists).sum(0) if gists else None,
        )

    def expand(self, batch: int) -> Seen:
        """One batch row for all of a larger batch; no memory is copied."""
        return self._each(lambda x: x.expand(batch, *x.shape[1:]))

    def repeat(self, times: int) -> Seen:
        """Each batch row ``times`` times in a row."""
        return self._each(lambda x: x.repeat_interleave(times, 0))

    def _each(self, change: Callable[[Tensor], Tensor]) -> Seen:
        layers = tuple((change(key), change(value)) for key, value in self.layers)
        rest = [None if x is None else change(x) for x in (self.query_BNP, self.gist_BD)]
        return Seen(layers, *rest)

    @property
    def tokens(self) -> int:
        return self.layers[0][0].shape[1]

    @property
    def bytes(self) -> int:
        return sum(t.numel() * t.element_size() for layer in self.layers for t in layer)


class RememberingAttention:
    """Processor of one FLUX attention layer.

    Called through ``joint_attention_kwargs``: ``seen`` (a ``Seen`` or None) is attended to, and the layer's own keys
    and values are put into ``kept`` (a dict by layer, or None).
    """

    def __init__(self, layer: int) -> None:
        self.layer = layer

    def __call__(
        self,
        attn: FluxAttention,
        hidden_states: Tensor,
        encoder_hidden_states: Tensor | None = None,
        attention_mask: Tensor | None = None,
        image_rotary_emb: tuple[Tensor, Tensor] | None = None,
        seen: Seen | None = None,
        kept: dict[int, KeysValues] | None = None,
    ) -> Tensor | tuple[Tensor, Tensor]:
        split = lambda x: x.unflatten(-1, (-1, attn.head_dim))  # noqa: E731
        query, key = (
            attn.norm_q(split(attn.to_q(hidden_states))),
            attn.norm_k(split(attn.to_k(hidden_states))),
        )
        value = split(attn.to_v(hidden_states))
        texts = 0
        if encoder_hidden_states is not None:
            texts = encoder_hidden_states.shape[1]
            words = encoder_hidden_states
            query = torch.cat([attn.norm_added_q(split(attn.add_q_proj(words))), query], dim=1)
            key = torch.cat([attn.norm_added_k(split(attn.add_k_proj(words))), key], dim=1)
            value = torch.cat([split(attn.add_v_proj(words)), value], dim=1)
        query = apply_rotary_emb(query, image_rotary_emb, sequence_dim=1)
        key = apply_rotary_emb(key, image_rotary_emb, sequence_dim=1)
        if kept is not None:
            kept[self.layer] = (key, value)
        if seen is not None:
            past_key, past_value = seen.layers[self.layer]
            key, value = torch.cat([past_key, key], dim=1), torch.cat([past_value, value], dim=1)
        mixed = F.scaled_dot_product_attention(
            query.transpose(1, 2), key.transpose(1, 2), value.transpose(1, 2), attn_mask=attention_mask
        )
        mixed = mixed.transpose(1, 2).flatten(2).to(query.dtype)
        if encoder_hidden_states is None:
            return mixed
        return attn.to_out[1](attn.to_out[0](mixed[:, texts:])), attn.to_add_out(mixed[:, :texts])


def remember(transformer: FluxTransformer2DModel) -> None:
    """Give every attention layer its ``RememberingAttention``, double-stream blocks first."""
    blocks = [*transformer.transformer_blocks, *transformer.single_transformer_blocks]
    for layer, block in enumerate(blocks):
        block.attn.set_processor(RememberingAttention(layer))
