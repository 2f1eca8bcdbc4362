"""Public pipeline classes with tiny random weights, made in code: pictures of 32 or 64 pixels, latents of 1/2 or 1/8.

``torch.manual_seed`` before a call decides the weights. Nothing is downloaded, tokenizers are built here too.
"""

from __future__ import annotations

from typing import Any

import torch
from diffusers import (
    AutoencoderKL,
    DDIMScheduler,
    FlowMatchEulerDiscreteScheduler,
    FluxPipeline,
    FluxTransformer2DModel,
    SD3Transformer2DModel,
    StableDiffusion3Pipeline,
    StableDiffusionInpaintPipeline,
    StableDiffusionInstructPix2PixPipeline,
    StableDiffusionPipeline,
    StableDiffusionXLPipeline,
    UNet2DConditionModel,
)
from transformers import (
    CLIPTextConfig,
    CLIPTextModel,
    CLIPTextModelWithProjection,
    CLIPTokenizer,
    T5Config,
    T5EncoderModel,
    T5Tokenizer,
)

WIDTH, TOKENS, SIDE = 32, 16, 32
LETTERS = "abcdefghijklmnopqrstuvwxyz"


def clip_tokenizer() -> CLIPTokenizer:
    """Every letter its own token."""
    tokens = ["<|startoftext|>", "<|endoftext|>", *LETTERS, *(f"{letter}</w>" for letter in LETTERS)]
    return CLIPTokenizer(
        vocab={token: n for n, token in enumerate(tokens)}, merges=[], model_max_length=TOKENS
    )


def text_encoder(projected: bool = False) -> Any:
    config = CLIPTextConfig(
        vocab_size=len(clip_tokenizer()), hidden_size=WIDTH, intermediate_size=64, num_hidden_layers=3,
        num_attention_heads=4, max_position_embeddings=TOKENS, projection_dim=WIDTH,
        bos_token_id=0, eos_token_id=1, pad_token_id=1,
    )  # fmt: skip
    return (CLIPTextModelWithProjection(config) if projected else CLIPTextModel(config)).eval()


def autoencoder(channels: int = 4, shift: float | None = None) -> AutoencoderKL:
    return AutoencoderKL(
        block_out_channels=(8, 16), down_block_types=("DownEncoderBlock2D",) * 2, norm_num_groups=4,
        up_block_types=("UpDecoderBlock2D",) * 2, latent_channels=channels, sample_size=SIDE, shift_factor=shift,
        scaling_factor=0.7,
    ).eval()  # fmt: skip


def unet(channels: int = 4, width: int = WIDTH, **more: Any) -> UNet2DConditionModel:
    return UNet2DConditionModel(
        block_out_channels=(16, 32), layers_per_block=1, sample_size=SIDE // 2, in_channels=channels,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"), norm_num_groups=4, attention_head_dim=4,
        up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"), cross_attention_dim=width, **more,
    ).eval()  # fmt: skip


def ddim(prediction: str = "epsilon") -> DDIMScheduler:
    """Stable Diffusion's own noise schedule, with the steps that a uniform grid of times takes."""
    return DDIMScheduler(
        beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", clip_sample=False, steps_offset=1,
        set_alpha_to_one=True, timestep_spacing="trailing", prediction_type=prediction,
    )  # fmt: skip


def stable_diffusion(
    prediction: str = "epsilon", kind: type = StableDiffusionPipeline, channels: int = 4
) -> Any:
    return kind(
        vae=autoencoder(), text_encoder=text_encoder(), tokenizer=clip_tokenizer(), unet=unet(channels),
        scheduler=ddim(prediction), safety_checker=None, feature_extractor=None, requires_safety_checker=False,
    )  # fmt: skip


def inpainting() -> Any:
    """Noisy latent, mask, masked source."""
    return stable_diffusion(kind=StableDiffusionInpaintPipeline, channels=9)


def pix2pix() -> Any:
    """Noisy latent, source."""
    return stable_diffusion(kind=StableDiffusionInstructPix2PixPipeline, channels=8)


def sdxl() -> StableDiffusionXLPipeline:
    time_width = 8
    return StableDiffusionXLPipeline(
        vae=autoencoder(), text_encoder=text_encoder(), text_encoder_2=text_encoder(projected=True),
        tokenizer=clip_tokenizer(), tokenizer_2=clip_tokenizer(), scheduler=ddim(), add_watermarker=False,
        unet=unet(
            width=2 * WIDTH, addition_embed_type="text_time", addition_time_embed_dim=time_width,
            projection_class_embeddings_input_dim=WIDTH + 6 * time_width,
        ),
    )  # fmt: skip


def t5() -> tuple[T5Tokenizer, T5EncoderModel]:
    """Every letter its own token; width 64."""
    tokenizer = T5Tokenizer(
        vocab=[("<pad>", 0.0), ("</s>", 0.0), ("<unk>", 0.0), ("▁", -2.0), *((c, -3.0) for c in LETTERS)],
        extra_ids=0, model_max_length=TOKENS,
    )  # fmt: skip
    encoder = T5EncoderModel(
        T5Config(vocab_size=len(tokenizer), d_model=64, d_kv=8, d_ff=64, num_layers=1, num_heads=2)
    )
    return tokenizer, encoder.eval()


def sd3(with_t5: bool = True, shift: float = 3.0) -> StableDiffusion3Pipeline:
    t5_tokenizer, t5_encoder = t5()
    return StableDiffusion3Pipeline(
        transformer=SD3Transformer2DModel(
            sample_size=SIDE // 2, patch_size=2, in_channels=16, num_layers=2, attention_head_dim=8,
            num_attention_heads=4, caption_projection_dim=32, joint_attention_dim=64, out_channels=16,
            pooled_projection_dim=2 * WIDTH, pos_embed_max_size=SIDE,
        ).eval(),
        scheduler=FlowMatchEulerDiscreteScheduler(shift=shift), vae=autoencoder(16, shift=0.06),
        text_encoder=text_encoder(projected=True), tokenizer=clip_tokenizer(),
        text_encoder_2=text_encoder(projected=True), tokenizer_2=clip_tokenizer(),
        text_encoder_3=t5_encoder if with_t5 else None, tokenizer_3=t5_tokenizer if with_t5 else None,
    )  # fmt: skip


def flux() -> FluxPipeline:
    """FLUX.1-dev's classes, with its guidance embedding and its shift by the number of tokens."""
    t5_tokenizer, t5_encoder = t5()
    return FluxPipeline(
        transformer=FluxTransformer2DModel(
            in_channels=64, num_layers=2, num_single_layers=2, attention_head_dim=16, num_attention_heads=2,
            joint_attention_dim=64, pooled_projection_dim=WIDTH, guidance_embeds=True, axes_dims_rope=(4, 6, 6),
        ).eval(),
        scheduler=FlowMatchEulerDiscreteScheduler(
            shift=3.0, use_dynamic_shifting=True, base_shift=0.5, max_shift=1.15, base_image_seq_len=256,
            max_image_seq_len=4096,
        ),
        vae=autoencoder(16, shift=0.1159), text_encoder=text_encoder(), tokenizer=clip_tokenizer(),
        text_encoder_2=t5_encoder, tokenizer_2=t5_tokenizer,
    )  # fmt: skip


def seeded(build: Any, *args: Any, **named: Any) -> Any:
    """A pipeline whose weights are always the same."""
    torch.manual_seed(0)
    pipeline = build(*args, **named)
    pipeline.set_progress_bar_config(disable=True)
    return pipeline
