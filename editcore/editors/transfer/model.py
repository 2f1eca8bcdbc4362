"""The transformer of Edit Transfer, and what each panel may see.

Block-causal attention: a pair sees itself; the query sees pairs and itself; the target and the words see all. Clean
panels have time 0 and no words, so what they mean to the target depends on neither noise nor step nor words: one pass
per picture, and for pairs one pass per night. Several pairs do not see each other, so each is computed on its own, in
any order, and the query sees their union: that is how edits compose.

A transformer with twice as many channels in as out is told more: beside every token stands what was there before the
edit, before beside after as the query beside the target, and what it says is not the velocity but what the edit adds
to the query. Then what an edit does to a place need not be looked for, copying need not be learnt, and noise need not
be said again (the estimate of the clean picture is the better thing to ask of a small network: Li & He 2025, arXiv
2511.13720). With a ``gist`` layer, what a pair shows is also read into one vector, which joins the words' pooled
embedding at the one place where FLUX takes it: what holds for the whole picture (to which colour, by how much) then
reaches every token at once. Several pairs' vectors are added up.

The published model (``attention: full``) gives all panels the time of the noise and lets all see all; nothing can be
kept there. It stays for comparison, and for LoRAs in the published key format on FLUX.1-dev.

Legend: B batch, N tokens of a panel, P their width, L text tokens, D text width.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import torch
from diffusers import FluxTransformer2DModel
from torch import Tensor, nn

from editcore.editors.transfer.attention import KeysValues, Seen, remember
from editcore.editors.transfer.panels import Layout, Panel, places

Attention = Literal["causal", "full"]
SMALLEST_TIME = 0.02
"""Where the velocity of an estimate is no longer divided by less."""


@dataclass(frozen=True)
class Words:
    """What the text encoder made of the words; L may be 0 where nothing is said."""

    states_BLD: Tensor
    pooled_BD: Tensor

    def expand(self, batch: int) -> Words:
        return Words(self.states_BLD.expand(batch, -1, -1), self.pooled_BD.expand(batch, -1))


class TransferModel(nn.Module):
    """A ``FluxTransformer2DModel`` with its panels; its parameters are the transformer's."""

    def __init__(
        self,
        transformer: FluxTransformer2DModel,
        silence: Words,
        side: int,
        layout: Layout = "stack",
        attention: Attention = "causal",
        gist: nn.Linear | None = None,
    ) -> None:
        """silence: the embedding of no words, batch of 1, L = 0 or the encoder's own. side: of latents, even.
        gist: of ``gist_layer``, "causal" only."""
        super().__init__()
        self.transformer = transformer
        self.silence, self.side, self.layout, self.attention = silence, side, layout, attention
        self.gist = gist
        config = transformer.config
        self.doubled = config.in_channels == 2 * (config.out_channels or config.in_channels)
        remember(transformer)

    def pair(self, before_BNP: Tensor, after_BNP: Tensor) -> Seen:
        """What a pair means to those that see it; "causal" only."""
        tokens = [self._beside(before_BNP, before_BNP), self._beside(after_BNP, before_BNP)]
        seen = self._look(torch.cat(tokens, 1), ("before", "after"), None)
        if not self.gist:
            return seen
        last_values = seen.layers[-1][1].flatten(2).float()
        values = last_values[:, before_BNP.shape[1] :]  # the after panel's
        return replace(seen, gist_BD=self.gist(torch.cat([values.mean(1), values.amax(1)], 1)))

    def query(self, query_BNP: Tensor, pairs: Sequence[Seen]) -> Seen:
        """Everything the target will see: pairs and query."""
        union = Seen.together(pairs)
        own = self._look(self._beside(query_BNP, query_BNP), ("query",), union)
        return replace(Seen.together([union, own]), query_BNP=query_BNP, gist_BD=union.gist_BD)

    def velocity(self, noisy_BNP: Tensor, t_B: Tensor, seen: Seen, words: Words | None = None) -> Tensor:
        """Velocity noise - clean of the noisy target at time t in [0, 1] (1 = noise), (B, N, P).

        seen: what ``query`` gave.
        """
        assert seen.query_BNP is not None, "found what a pair is seen as, expected the answer of query()"
        said = self._run(self._beside(noisy_BNP, seen.query_BNP), t_B, ("target",), words, seen, None)
        return self._velocity(said, noisy_BNP, t_B, seen.query_BNP)

    def velocity_in_full(
        self, noisy_BNP: Tensor, t_B: Tensor, clean: Sequence[Tensor], words: Words | None = None
    ) -> Tensor:
        """The published way: ``clean`` are before, after and query, (B, N, P) each; all panels anew at every step."""
        panels: tuple[Panel, ...] = ("before", "after", "query", "target")
        before, after, query = clean
        ends = [(before, before), (after, before), (query, query), (noisy_BNP, query)]
        tokens = torch.cat([self._beside(*end) for end in ends], 1)
        said = self._run(tokens, t_B, panels, words, None, None)[:, -noisy_BNP.shape[1] :]
        return self._velocity(said, noisy_BNP, t_B, query)

    def _velocity(self, said_BNP: Tensor, noisy_BNP: Tensor, t_B: Tensor, query_BNP: Tensor) -> Tensor:
        """A doubled transformer says what the edit adds to the query; z_t = (1 - t) x + t noise, so
        noise - x = (z_t - x) / t."""
        if not self.doubled:
            return said_BNP
        return (noisy_BNP - query_BNP - said_BNP) / t_B.clamp_min(SMALLEST_TIME).view(-1, 1, 1)

    def _beside(self, panel_BNP: Tensor, source_BNP: Tensor) -> Tensor:
        """A panel's tokens, and beside each, in channels of its own, what was there before the edit."""
        return torch.cat([panel_BNP, source_BNP], 2) if self.doubled else panel_BNP

    def _look(self, tokens: Tensor, panels: tuple[Panel, ...], seen: Seen | None) -> Seen:
        kept: dict[int, KeysValues] = {}
        self._run(tokens, tokens.new_zeros(len(tokens)), panels, None, seen, kept)
        return Seen(tuple(kept[layer] for layer in sorted(kept)))

    def _run(
        self, tokens: Tensor, t_B: Tensor, panels: tuple[Panel, ...], words: Words | None,
        seen: Seen | None, kept: dict[int, KeysValues] | None,
    ) -> Tensor:  # fmt: skip
        given, tokens = tokens, tokens.to(self.transformer.dtype)
        said = words or self._unsaid(len(tokens), with_text="target" in panels)
        pooled = said.pooled_BD if seen is None or seen.gist_BD is None else said.pooled_BD + seen.gist_BD
        place = torch.cat([places(panel, self.side, self.side, self.layout) for panel in panels])
        guidance = tokens.new_ones(len(tokens)) if self.transformer.config.guidance_embeds else None
        return self.transformer(
            hidden_states=tokens,
            encoder_hidden_states=said.states_BLD.to(tokens),
            pooled_projections=pooled.to(tokens),
            timestep=t_B,
            img_ids=place.to(tokens.device),
            txt_ids=tokens.new_zeros(said.states_BLD.shape[1], 3, dtype=torch.float32),
            guidance=guidance,
            joint_attention_kwargs={"seen": seen, "kept": kept},
            return_dict=False,
        )[0].to(given)

    def _unsaid(self, batch: int, with_text: bool) -> Words:
        """No words; clean panels have no text tokens at all, so that words can never reach them."""
        silence = self.silence.expand(batch)
        return silence if with_text else Words(silence.states_BLD[:, :0], silence.pooled_BD)


def gist_layer(transformer: FluxTransformer2DModel) -> nn.Linear:
    """A new layer from the mean and the maximum of the last layer's values to the width of pooled words."""
    config = transformer.config
    return nn.Linear(2 * config.num_attention_heads * config.attention_head_dim, config.pooled_projection_dim)
