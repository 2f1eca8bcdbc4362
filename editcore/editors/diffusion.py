"""The engine over any latent diffusion model (``backbones``): sampled by us, composed at full resolution.

    DiffusionEditor("models/sd15", adapters={"range.safetensors": 1.0}, device="cuda", dtype="float16")

The region is the request's matte (given, from the segmenter, or named in words), or what the model itself finds
(``sampling.estimate_region``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Literal

import cv2
import numpy as np
import torch
from torch import Tensor

from editcore.editors.backbones import load_backbone
from editcore.editors.backbones.adapters import add_adapters
from editcore.editors.base import EditRequest, EditResult
from editcore.editors.crop import Box, CutOut, ModelInput, give_back, model_input
from editcore.editors.finish import finish
from editcore.editors.prompts import Style, check_style, not_understood, prompt, prompt_before
from editcore.editors.quiet import quiet_libraries
from editcore.editors.sampling import Settings, edit_pictures, estimate_region
from editcore.lexicon import Instruction, parse
from editcore.outcomes import Outcome, RowError

Region = Literal["given", "model"]


class DiffusionEditor:
    """See ``base.Editor``.

    folder: a diffusers folder of a supported class (``backbones.load``). adapters: LoRA files and their scales. steps,
    guidance, strength, blend, condition: see ``sampling.Settings``. mask: ``given`` takes the request's matte,
    ``model`` asks the model where a product or region edit belongs, in the frame that the matte sets; a background is
    always what the matte leaves. prompt: see ``prompts.Style``. cut_out: show the model the product on grey for
    backgrounds, as the bundled one wants it; ``always`` hides whatever may change (``crop.CutOut``).
    studio_floor: repaint named floors from the studio's textures. Raises FileNotFoundError and ValueError as
    ``load_backbone`` and ``add_adapters`` do.
    """

    def __init__(
        self,
        folder: str | Path,
        adapters: Mapping[str, float] | None = None,
        steps: int = 20,
        guidance: float = 5.0,
        strength: float = 0.8,
        blend: bool = True,
        condition: bool = True,
        mask: Region = "given",
        prompt: Style = "caption",
        cut_out: CutOut = False,
        studio_floor: bool = False,
        batch_size: int = 4,
        device: str = "cpu",
        dtype: str = "float32",
        variant: str | None = None,
    ) -> None:
        if mask not in ("given", "model"):
            raise ValueError(f"found mask {mask!r}, expected given or model")
        if cut_out == "always" and mask == "model":
            raise ValueError(
                "found cut_out always with mask model, which must see what it is to find; choose one"
            )
        check_style(prompt)
        quiet_libraries()
        self.settings = Settings(steps, guidance, strength, blend, condition)
        self.mask, self.prompt, self.cut_out, self.studio_floor = mask, prompt, cut_out, studio_floor
        self.batch_size = batch_size
        self.backbone = load_backbone(folder, device, dtype, variant)
        add_adapters(self.backbone.pipeline, adapters or {})
        sampling = {name: str(value) for name, value in asdict(self.settings).items()}
        self.identity = {
            "name": "diffusion", "model": type(self.backbone).__name__, **sampling, "mask": mask, "prompt": prompt,
            "cut_out": str(cut_out), "studio_floor": str(studio_floor), "dtype": dtype,
            "adapters": str(dict(adapters or {})),
        }  # fmt: skip

    def edit(self, requests: Sequence[EditRequest]) -> list[EditResult]:
        """Edit a batch; see ``base.Editor.edit``. ValueError for an empty mask; ``RowError`` (``no_region_found``)
        where the model was asked for the region and sees nothing to change."""
        side = self.backbone.side
        instructions = [parse(r.words, r.target) for r in requests]
        inputs = [model_input(r.image, r.alpha, r.target, side, self.cut_out) for r in requests]
        texts = [prompt(self.prompt, r, i) for r, i in zip(requests, instructions, strict=True)]
        if self.mask == "model":
            found = self._regions(requests, instructions, inputs, texts)
            requests, inputs = [r for r, _ in found], [i for _, i in found]
        painted = edit_pictures(
            self.backbone,
            _pictures(inputs),
            texts,
            [r.seed for r in requests],
            self.settings,
            _regions(inputs),
        )
        squares = painted.permute(0, 2, 3, 1).cpu().numpy()
        return [
            finish(
                request, instruction, given, square,
                {"steps": self.settings.steps, "words": text, "mask": self._origin(request)},
                not_understood(instruction), self.studio_floor,
            )
            for request, instruction, given, square, text in zip(
                requests, instructions, inputs, squares, texts, strict=True
            )
        ]  # fmt: skip

    def _origin(self, request: EditRequest) -> str:
        return "given" if request.target == "background" else self.mask

    def _regions(
        self,
        requests: Sequence[EditRequest],
        instructions: Sequence[Instruction],
        inputs: Sequence[ModelInput],
        texts: Sequence[str],
    ) -> list[tuple[EditRequest, ModelInput]]:
        """Requests and inputs with the region that the model finds; backgrounds stay as they are."""
        rows = [n for n, request in enumerate(requests) if request.target != "background"]
        found = list(zip(requests, inputs, strict=True))
        if not rows:
            return found
        regions = estimate_region(
            self.backbone, _pictures([inputs[n] for n in rows]), [texts[n] for n in rows],
            [prompt_before(instructions[n]) for n in rows], [requests[n].seed for n in rows],
            condition=self.settings.condition,
        )[:, 0].cpu().numpy()  # fmt: skip
        for n, region in zip(rows, regions, strict=True):
            alpha = _in_picture(region, inputs[n].box, requests[n].alpha.shape)
            if not alpha.any():
                raise RowError(
                    Outcome.BAD_INPUT, "no_region_found",
                    "the model sees nothing that these words would change; say it otherwise, or give a mask",
                )  # fmt: skip
            found[n] = replace(requests[n], alpha=alpha), inputs[n]._replace(region=region)
        return found


def _pictures(inputs: Sequence[ModelInput]) -> Tensor:
    """(B, 3, H, W) float32 in [0, 1]."""
    stacked = np.stack([given.picture for given in inputs]).clip(0, 1)
    return torch.from_numpy(stacked).float().permute(0, 3, 1, 2)


def _regions(inputs: Sequence[ModelInput]) -> Tensor:
    """(B, 1, H, W) float32 in [0, 1]."""
    return torch.from_numpy(np.stack([given.region for given in inputs]).clip(0, 1)).float()[:, None]


def _in_picture(region: np.ndarray, box: Box, shape: tuple[int, ...]) -> np.ndarray:
    """A region of the model's square as a matte (H, W) uint8 of the picture, with soft edges; 0 outside the box."""
    soft = cv2.GaussianBlur(region.astype(np.float32), (0, 0), region.shape[0] / 128)
    whole = give_back(soft, box, (shape[0], shape[1]))
    left, top, right, bottom = box
    inside = np.zeros(shape[:2], bool)
    inside[max(top, 0) : max(bottom, 0), max(left, 0) : max(right, 0)] = True
    return np.where(inside, np.rint(whole.clip(0, 1) * 255), 0).astype(np.uint8)
