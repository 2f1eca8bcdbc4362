"""FLUX.1-dev with an Edit Transfer LoRA, the published model, as a painter.

As published (Chen et al. 2025, arXiv 2503.13327, and its code): panels of 512 px on the paper's grid, each through the
autoencoder on its own; attention full; guidance embedding 1; the fixed sentence with the phrase naming the
transformation (``lexicon.four_panels``). The published loop resets the clean panels after every step; here only the
target is stepped, which is the same.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from diffusers import FlowMatchEulerDiscreteScheduler, FluxPipeline
from diffusers.pipelines.flux.pipeline_flux import calculate_shift

from editcore.editors.backbones.load import DTYPES, class_of
from editcore.editors.quiet import quiet_libraries
from editcore.editors.transfer.adapters import merge_adapters
from editcore.editors.transfer.codecs import ShiftedCodec
from editcore.editors.transfer.engine import TransferEditor
from editcore.editors.transfer.model import TransferModel, Words
from editcore.editors.transfer.painter import Painter
from editcore.editors.transfer.pick import Judge
from editcore.lexicon.four_panels import caption_of

TEXT_TOKENS = 512


def load_flux_editor(
    folder: Path,
    adapters: Mapping[str, float],
    steps: int = 35,
    seeds: int = 1,
    batch_size: int = 1,
    judge: Judge | None = None,
    **parts: Any,
) -> TransferEditor:
    """The engine around ``load_flux_painter``, which gets ``parts``; steps as published."""
    painter = load_flux_painter(folder, adapters, **parts)
    return TransferEditor(
        steps=steps, seeds=seeds, batch_size=batch_size, adapters=adapters, painter=painter, judge=judge
    )


def load_flux_painter(
    folder: Path,
    adapters: Mapping[str, float],
    pixels: int = 512,
    device: str = "cpu",
    dtype: str = "bfloat16",
    text_tokens: int = TEXT_TOKENS,
) -> Painter:
    """folder: a diffusers folder of class FluxPipeline. pixels: side of a panel.

    The text encoders stay on the CPU: they are larger than what they save, and a night has few texts. ValueError for
    a folder of another class, a dtype or a side that does not fit; what ``merge_adapters`` raises.
    """
    if (found := class_of(folder)) != "FluxPipeline":
        raise ValueError(
            f"{folder} holds a {found}, expected a FluxPipeline: FLUX.1-dev in diffusers' layout"
        )
    if dtype not in DTYPES:
        raise ValueError(f"found dtype {dtype!r}, expected one of {', '.join(DTYPES)}")
    quiet_libraries()
    pipeline = FluxPipeline.from_pretrained(
        folder, dtype=DTYPES[dtype], use_safetensors=True, local_files_only=True
    )
    merge_adapters(pipeline.transformer, adapters)
    codec = ShiftedCodec(pipeline.vae.to(device))
    if pixels % (2 * codec.ratio):
        raise ValueError(f"found panels of {pixels} pixels, expected a multiple of {2 * codec.ratio}")
    tell = _Teller(pipeline, text_tokens)
    side = pixels // codec.ratio
    model = TransferModel(pipeline.transformer.to(device).eval(), tell(""), side, "grid", "full")
    return Painter(model, codec, tell, memory_bytes=0, shift=shift_of(pipeline.scheduler, side**2))


def shift_of(scheduler: FlowMatchEulerDiscreteScheduler, tokens: int) -> float:
    """The scheduler's shift for a canvas of so many tokens, as FLUX's own pipeline reckons it."""
    config = scheduler.config
    if not config.use_dynamic_shifting:
        return float(config.shift)
    return math.exp(
        calculate_shift(
            tokens, config.base_image_seq_len, config.max_image_seq_len, config.base_shift, config.max_shift
        )
    )


class _Teller:
    """FLUX's two text encoders and the published sentence."""

    def __init__(self, pipeline: Any, text_tokens: int) -> None:
        self.pipeline, self.text_tokens = pipeline, text_tokens

    @torch.no_grad()
    def __call__(self, words: str) -> Words:
        """No words are the empty text: 5 % of training steps saw it (caption dropout)."""
        states, pooled, _ = self.pipeline.encode_prompt(
            caption_of(words) if words else "", None, device="cpu", max_sequence_length=self.text_tokens
        )
        return Words(states, pooled)
