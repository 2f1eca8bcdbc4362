"""LoRA adapters made part of a transformer's weights.

Merged, they cost nothing at work, and what is kept by weights (``painter.Painter.weights``) is kept by adapters and
scales too.
"""

from __future__ import annotations

from collections.abc import Mapping

from diffusers import FluxPipeline, FluxTransformer2DModel

from editcore.editors.backbones.adapters import add_adapters


def merge_adapters(transformer: FluxTransformer2DModel, adapters: Mapping[str, float]) -> None:
    """Add each file (path -> scale; 1 = as trained) to the weights.

    Files in any key format that diffusers' FLUX loader knows: diffusers and peft (``transformer.``, as ai-toolkit
    writes them), kohya, XLabs. Raises like ``backbones.adapters.add_adapters``.
    """
    if not adapters:
        return
    # The pipeline class knows the formats; it needs no other part for that.
    add_adapters(
        FluxPipeline(
            scheduler=None, vae=None, text_encoder=None, tokenizer=None, text_encoder_2=None, tokenizer_2=None,
            transformer=transformer,
        ),
        adapters,
    )  # fmt: skip
    transformer.fuse_lora()
    transformer.unload_lora()
