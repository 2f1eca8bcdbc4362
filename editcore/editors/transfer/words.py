"""The words of an exemplar, for a model that mostly learns by looking.

The bundled model shares the text editor's frozen encoder. Legend as in ``model``.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor
from transformers import CLIPTextModel, PreTrainedTokenizerFast

from editcore.editors.transfer.model import Words

TOKENS = 16
"""Text tokens; an edit's name is short, and each costs as much as a token of the picture."""


class TextEncoder:
    """A CLIP text encoder in a diffusers folder (``text_encoder``, ``tokenizer``)."""

    def __init__(self, folder: Path, device: str = "cpu") -> None:
        self.tokenizer = PreTrainedTokenizerFast.from_pretrained(folder / "tokenizer")
        self.encoder = CLIPTextModel.from_pretrained(folder / "text_encoder", dtype=torch.float32).to(device)
        self.encoder.requires_grad_(False).eval()
        self.width: int = self.encoder.config.hidden_size

    @property
    def silence(self) -> Words:
        """No words: no text tokens, and the pooled embedding of the empty text."""
        empty = self([""])
        return Words(empty.states_BLD[:, :0], empty.pooled_BD)

    @torch.no_grad()
    def __call__(self, texts: Sequence[str]) -> Words:
        """Embed texts; longer ones are cut at ``TOKENS``."""
        tokens = self.tokenizer(
            list(texts), padding="max_length", truncation=True, max_length=TOKENS, return_tensors="pt"
        )
        said = self.encoder(tokens.input_ids.to(self.encoder.device))
        pooled: Tensor = said.pooler_output
        return Words(said.last_hidden_state, pooled)

    def each(self, texts: Sequence[str]) -> dict[str, Words]:
        """Every text on its own, batches of 1."""
        said = self(texts)
        return {
            text: Words(said.states_BLD[n : n + 1], said.pooled_BD[n : n + 1]) for n, text in enumerate(texts)
        }
