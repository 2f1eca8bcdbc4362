"""What tuning Stable Diffusion 1.5 costs: parameters and memory by arithmetic, then measured with random weights.

    python benchmarks/tuning.py               # the arithmetic; nothing is allocated
    python benchmarks/tuning.py --measure     # steps/s and peak memory at 512 px; needs a GPU
    python benchmarks/tuning.py --measure --small    # the same code on a small model, on a CPU too

The networks have the published sizes and random weights; tokens are random too, so no checkpoint is needed.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from diffusers import AutoencoderKL, DDIMScheduler, StableDiffusionPipeline, UNet2DConditionModel
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

from editcore.editors.backbones.stable_diffusion import StableDiffusion
from editcore.training.losses import ObjectiveConfig
from editcore.training.pairs import Pair
from editcore.training.tuning.adapters import add_adapter
from editcore.training.tuning.config import Lora, TuningConfig
from editcore.training.tuning.model import Tuned

RANK, CLIP_VOCABULARY = 16, 49408
PER_TRAINED = 4 + 4 + 8 + 4
"""Bytes: weight, gradient, two AdamW moments, moving average, all float32."""


def unet(small: bool) -> UNet2DConditionModel:
    more: dict[str, Any] = {"block_out_channels": (64, 128, 256, 256), "norm_num_groups": 16} if small else {}
    return UNet2DConditionModel(sample_size=16 if small else 64, cross_attention_dim=768, **more)


def text_encoder(small: bool) -> CLIPTextModel:
    layers, vocabulary = (2, 64) if small else (12, CLIP_VOCABULARY)
    return CLIPTextModel(
        CLIPTextConfig(
            vocab_size=vocabulary, hidden_size=768, intermediate_size=3072, num_hidden_layers=layers,
            num_attention_heads=12, max_position_embeddings=77, bos_token_id=0, eos_token_id=1,
        )
    )  # fmt: skip


def autoencoder(small: bool) -> AutoencoderKL:
    channels = (16, 32, 64, 64) if small else (128, 256, 512, 512)
    return AutoencoderKL(
        block_out_channels=channels, layers_per_block=2, latent_channels=4, norm_num_groups=min(32, channels[0]),
        down_block_types=("DownEncoderBlock2D",) * 4, up_block_types=("UpDecoderBlock2D",) * 4,
    )  # fmt: skip


def arithmetic() -> None:
    """Sizes on the meta device: shapes without memory."""
    torch.set_default_dtype(torch.bfloat16)
    with torch.device("meta"):
        parts = {"UNet": unet(False), "text encoder": text_encoder(False), "autoencoder": autoencoder(False)}
        network, vae = parts["UNet"], parts["autoencoder"].requires_grad_(False)
        counts = {name: sum(p.numel() for p in part.parameters()) for name, part in parts.items()}
        adapter = add_adapter(network, Lora(rank=RANK))
        latent, states, t = torch.empty(1, 4, 64, 64), torch.empty(1, 77, 768), torch.empty(1)
        network.train()
        plain = kept_bytes(lambda: network(latent, t, states))
        network.enable_gradient_checkpointing()
        checkpointed = kept_bytes(lambda: network(latent, t, states))
        decoder = kept_bytes(lambda: vae.decode(latent.requires_grad_()))
    for name, count in counts.items():
        print(f"{name}: {count / 1e6:.1f} M parameters, {2 * count / 1e9:.2f} GB in bf16")
    print(f"LoRA rank {RANK}: {adapter / 1e6:.2f} M parameters, {PER_TRAINED * adapter / 1e9:.3f} GB trained")
    print(f"all of the UNet: {PER_TRAINED * counts['UNet'] / 1e9:.1f} GB trained")
    print("kept for the backward pass at 512 px, batch 1, bf16:")
    print(f"  UNet {plain / 1e9:.2f} GB, with checkpointing {checkpointed / 1e9:.2f} GB")
    print(f"  decoder {decoder / 1e9:.2f} GB")


def kept_bytes(call: Callable[[], Any]) -> int:
    """Bytes of the distinct memory, weights aside, that autograd keeps of one forward pass."""
    kept: dict[int, torch.Tensor] = {}

    def keep(tensor: torch.Tensor) -> torch.Tensor:
        if not isinstance(tensor, torch.nn.Parameter) and not isinstance(tensor._base, torch.nn.Parameter):
            kept[tensor.untyped_storage()._cdata] = tensor
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        call()
    return sum(tensor.untyped_storage().nbytes() for tensor in kept.values())


def measure(small: bool, decoded: bool, steps: int, batch: int) -> None:
    """Steps per second and peak memory of the trainer's own step."""
    device = "cuda" if torch.cuda.is_available() else "cpu"
    if device == "cpu" and not small:
        raise SystemExit("found no GPU; expected one for the full size: add --small to try the code on a CPU")
    dtype = torch.bfloat16 if device == "cuda" else torch.float32
    letters = [chr(c) for c in range(97, 123)]
    tokens = ["<|startoftext|>", "<|endoftext|>", *letters, *(f"{letter}</w>" for letter in letters)]
    pipeline = StableDiffusionPipeline(
        vae=autoencoder(small), text_encoder=text_encoder(small), unet=unet(small),
        tokenizer=CLIPTokenizer(vocab={t: n for n, t in enumerate(tokens)}, merges=[], model_max_length=77),
        scheduler=DDIMScheduler(
            beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", clip_sample=False, steps_offset=1
        ),
        safety_checker=None, feature_extractor=None, requires_safety_checker=False,
    )  # fmt: skip
    backbone = StableDiffusion(pipeline.to(device, dtype))
    losses = (
        ObjectiveConfig(perceptual=0.1, clip_direction=0.1, low_noise=1) if decoded else ObjectiveConfig()
    )
    nowhere = Path("none")
    config = TuningConfig(
        model=nowhere, pairs=nowhere, output=nowhere, lora=Lora(rank=RANK), losses=losses,
        precision="bf16" if device == "cuda" else "fp32",
    )  # fmt: skip
    module = Tuned(backbone, config)
    optimizer = torch.optim.AdamW([p for p in module.parameters() if p.requires_grad], lr=1e-4)
    rng = np.random.default_rng(0)
    pairs = [_pair(backbone.side, number, rng) for number in range(batch)]
    started = 0.0
    for step in range(steps + 2):
        if step == 2:
            _wait(device)
            started = time.perf_counter()
        optimizer.zero_grad(set_to_none=True)
        module.losses(pairs)["loss"].backward()
        optimizer.step()
    _wait(device)
    rate = steps / (time.perf_counter() - started)
    peak = f", peak {torch.cuda.max_memory_allocated() / 1e9:.2f} GB" if device == "cuda" else ""
    name = torch.cuda.get_device_name() if device == "cuda" else "CPU"
    print(
        f"{name}, {'small' if small else 'SD 1.5 size'}, {backbone.side} px, batch {batch}: {rate:.2f} steps/s{peak}"
    )


def _pair(side: int, number: int, rng: np.random.Generator) -> Pair:
    source, target = rng.integers(0, 256, (2, side, side, 3), dtype=np.uint8)
    region = np.zeros((side, side), np.uint8)
    region[side // 4 : side // 2, side // 4 : side // 2] = 255
    words = {"edit_prompt": "a red mug", "source_caption": "a blue mug", "target_caption": "a red cup"}
    return Pair(
        f"{number:016x}", source, target, region, region, region,
        kind="colour", old="blue", new="red", similarity=0.7, gain=0.1, **words,
    )  # fmt: skip


def _wait(device: str) -> None:
    if device == "cuda":
        torch.cuda.synchronize()


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--measure", action="store_true")
    parser.add_argument("--small", action="store_true", help="a few million parameters, 128 px")
    parser.add_argument(
        "--decoded", action="store_true", help="with LPIPS and CLIP on every decoded estimate"
    )
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--batch", type=int, default=1)
    given = parser.parse_args()
    if given.measure:
        measure(given.small, given.decoded, given.steps, given.batch)
    else:
        arithmetic()


if __name__ == "__main__":
    main()
