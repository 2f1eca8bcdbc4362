"""The engine around diffusers' own editing pipelines, one adapter for all of them.

A profile's options say which class, what its arguments are called, and what else to call it with:

    pipeline: StableDiffusionInpaintPipeline
    arguments: {image: image, mask: mask_image, prompt: prompt, width: width, height: height}
    call: {num_inference_steps: 30, guidance_scale: 7.5}
    side: 512

The pipeline paints a square around the region; composition at full resolution keeps every other pixel, whatever the
pipeline did to it. Rows are painted one by one: several of these pipelines read a list of pictures as references of
one edit.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from PIL import Image

from editcore.editors.backbones.adapters import add_adapters
from editcore.editors.backbones.load import DTYPES, class_of
from editcore.editors.base import EditRequest, EditResult
from editcore.editors.crop import ModelInput, model_input
from editcore.editors.finish import finish
from editcore.editors.prompts import Style, check_style, not_understood, prompt
from editcore.editors.quiet import quiet_libraries
from editcore.lexicon import parse

PIPELINES = (
    "Flux2KleinPipeline",
    "FluxFillPipeline",
    "FluxKontextPipeline",
    "QwenImageEditPipeline",
    "QwenImageEditPlusPipeline",
    "StableDiffusionInpaintPipeline",
    "StableDiffusionInstructPix2PixPipeline",
    "StableDiffusionXLInpaintPipeline",
    "StableDiffusionXLInstructPix2PixPipeline",
)
"""Classes a profile may name; nothing else is looked up in diffusers."""
ROLES = ("image", "prompt", "mask", "width", "height")
"""What an edit has to hand over; the first two always. White in the mask is repainted."""
LEFT_OUT = {"safety_checker": None, "requires_safety_checker": False, "feature_extractor": None,
            "image_encoder": None, "add_watermarker": False}  # fmt: skip
"""Parts not loaded, for the classes that have them."""


class PublicEditor:
    """See ``base.Editor``.

    folder: a diffusers folder. pipeline: one of ``PIPELINES``. arguments: role -> the class's own name for it. call:
    further arguments of every call, by the class's own names. side: of the square it paints, pixels. prompt: see
    ``prompts.Style``. adapters: LoRA files and their scales. offload: keep only the part at work on the device.
    Raises ValueError where the installed diffusers does not know an argument, FileNotFoundError without a model.
    """

    def __init__(
        self,
        folder: str | Path,
        pipeline: str,
        arguments: Mapping[str, str],
        call: Mapping[str, Any] | None = None,
        side: int = 512,
        prompt: Style = "words",
        adapters: Mapping[str, float] | None = None,
        batch_size: int = 4,
        device: str = "cpu",
        dtype: str = "float32",
        variant: str | None = None,
        offload: bool = False,
    ) -> None:
        self.arguments, self.call, self.side, self.prompt = dict(arguments), dict(call or {}), side, prompt
        self.batch_size = batch_size
        check_style(prompt)
        check_call(pipeline, self.arguments, self.call)
        quiet_libraries()
        self.pipeline = _load(Path(folder), pipeline, dtype, variant)
        add_adapters(self.pipeline, adapters or {})
        self.device, self.offloaded = device, False
        if not (offload and self.offload()):
            self.pipeline.to(device)
        self.identity = {
            "name": pipeline, "call": str(self.call), "side": str(side), "prompt": prompt, "dtype": dtype,
            "adapters": str(dict(adapters or {})),
        }  # fmt: skip

    def edit(self, requests: Sequence[EditRequest]) -> list[EditResult]:
        """Edit a batch; see ``base.Editor.edit``. ValueError for an empty mask."""
        return [self._edit(request) for request in requests]

    def offload(self) -> bool:
        """Keep only the part at work on the device from now on; False on a CPU, or where that is so already."""
        if self.device == "cpu" or self.offloaded:
            return False
        self.pipeline.enable_model_cpu_offload(device=self.device)
        self.offloaded = True
        return True

    def _edit(self, request: EditRequest) -> EditResult:
        instruction = parse(request.words, request.target)
        given = model_input(request.image, request.alpha, request.target, self.side, cut_out=False)
        text = prompt(self.prompt, request, instruction)
        notes: dict[str, float | str] = {"words": text}
        if "num_inference_steps" in self.call:
            notes["steps"] = self.call["num_inference_steps"]
        painted = self._paint(given, text, request.seed)
        return finish(request, instruction, given, painted, notes, not_understood(instruction))

    @torch.no_grad()
    def _paint(self, given: ModelInput, text: str, seed: int) -> np.ndarray:
        """The pipeline's square, (side, side, 3) float32 in [0, 1]; noise comes from a CPU generator."""
        handed = {
            "image": Image.fromarray(np.rint(given.picture.clip(0, 1) * 255).astype(np.uint8)),
            "mask": Image.fromarray(np.rint(given.region.clip(0, 1) * 255).astype(np.uint8)),
            "prompt": text, "width": self.side, "height": self.side,
        }  # fmt: skip
        named = {name: handed[role] for role, name in self.arguments.items()}
        generator = torch.Generator("cpu").manual_seed(seed)
        painted = self.pipeline(**named, **self.call, generator=generator, output_type="np").images[0]
        if painted.shape[:2] != (self.side, self.side):  # some choose their own size
            painted = cv2.resize(painted, (self.side, self.side), interpolation=cv2.INTER_AREA)
        return np.asarray(painted, np.float32)


def check_call(pipeline: str, arguments: Mapping[str, str], call: Mapping[str, Any]) -> None:
    """ValueError, in one sentence, where the installed diffusers cannot be called like that. Loads no weights."""
    if pipeline not in PIPELINES:
        raise ValueError(f"found pipeline {pipeline!r}, expected one of {', '.join(PIPELINES)}")
    if not set(ROLES[:2]) <= set(arguments) <= set(ROLES):
        raise ValueError(f"found arguments for {sorted(arguments)}, expected {' and '.join(ROLES[:2])}, and "
                         f"perhaps {', '.join(ROLES[2:])}")  # fmt: skip
    known = inspect.signature(_class(pipeline).__call__).parameters
    wanted = [*arguments.values(), *call, "generator", "output_type"]
    if unknown := [name for name in wanted if name not in known]:
        raise ValueError(
            f"{pipeline} of the installed diffusers takes no {', '.join(unknown)}; it takes {', '.join(known)}"
        )
    if twice := sorted({name for name in wanted if wanted.count(name) > 1}):
        raise ValueError(f"{', '.join(twice)} would be given twice; take it out of call")


def _class(pipeline: str) -> Any:
    import diffusers

    return getattr(diffusers, pipeline)


def _load(folder: Path, pipeline: str, dtype: str, variant: str | None) -> Any:
    if dtype not in DTYPES:
        raise ValueError(f"found dtype {dtype!r}, expected one of {', '.join(DTYPES)}")
    if (found := class_of(folder)) != pipeline:
        raise ValueError(f"{folder} holds a {found}, expected a {pipeline}: name that one, or another folder")
    parts = inspect.signature(_class(pipeline).__init__).parameters
    loaded = _class(pipeline).from_pretrained(
        folder, dtype=DTYPES[dtype], variant=variant, use_safetensors=True, local_files_only=True,
        **{part: value for part, value in LEFT_OUT.items() if part in parts},
    )  # fmt: skip
    loaded.set_progress_bar_config(disable=True)
    return loaded
