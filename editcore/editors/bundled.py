"""The engine of the bundled model: words in, full-resolution pictures out.

The lexicon reads the words, the model paints a small square, ``finish`` brings it to the photograph. Words the
lexicon or the model's training never saw become warnings on the row.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from editcore.editors.base import EditRequest, EditResult
from editcore.editors.crop import ModelInput, model_input
from editcore.editors.finish import finish
from editcore.editors.pipeline import LocalEditPipeline
from editcore.editors.quiet import quiet_libraries
from editcore.lexicon import COLOURS, Colour, Instruction, askable_colours, parse
from editcore.lexicon.colour import delta_e

BUNDLED = Path(__file__).parent.parent / "bundled" / "editor"
STEPS, GUIDANCE = 4, 1.5
"""Of sampling. Without guidance studio pictures are as good in two, but colours on photographs paler (docs/lab.md)."""
NEAR_ENOUGH = 8.0
"""CIEDE2000 within which the model may be told another colour's name."""
KNOWN_WORDS = "words.json"
"""Beside the model: every word its training texts contained."""


class BundledEditor:
    """See ``base.Editor``. Thread-safe only for one caller at a time, as pipelines keep their timesteps."""

    def __init__(
        self,
        folder: Path = BUNDLED,
        steps: int = STEPS,
        guidance: float = GUIDANCE,
        batch_size: int = 8,
        device: str = "cpu",
        floor_detail: bool = True,
    ) -> None:
        if not (folder / "model_index.json").exists():
            raise FileNotFoundError(
                f"no model at {folder}; expected a diffusers folder with model_index.json. "
                "`vitrine train all` makes one."
            )
        self.steps, self.guidance, self.batch_size = steps, guidance, batch_size
        quiet_libraries()
        self.pipeline = LocalEditPipeline.from_pretrained(folder, dtype=torch.float32).to(device)
        self.pipeline.set_progress_bar_config(disable=True)
        self.known = frozenset(json.loads((folder / KNOWN_WORDS).read_text("utf-8")))
        self.floor_detail = floor_detail
        self.identity = {
            "name": "bundled", "steps": str(steps), "guidance": str(guidance), "floor_detail": str(floor_detail)
        }  # fmt: skip

    def edit(self, requests: Sequence[EditRequest]) -> list[EditResult]:
        """Edit a batch; see ``base.Editor.edit``. ValueError for an empty mask or words that ask for nothing."""
        instructions = [parse(r.words, r.target) for r in requests]
        inputs = [model_input(r.image, r.alpha, r.target, self.pipeline.source_pixels) for r in requests]
        words = [self._for_model(i) for i in instructions]
        outputs = self._paint(inputs, words, [r.seed for r in requests])
        return [
            finish(
                request, instruction, given, painted, {"steps": self.steps, "words": told},
                self._warnings(instruction, told), self.floor_detail,
            )
            for request, instruction, told, given, painted in zip(
                requests, instructions, words, inputs, outputs, strict=True
            )
        ]  # fmt: skip

    def _paint(self, inputs: Sequence[ModelInput], words: Sequence[str], seeds: Sequence[int]) -> np.ndarray:
        """The model's squares, (B, 256, 256, 3) float32 in [0, 1]."""
        source = torch.from_numpy(np.stack([i.picture for i in inputs])).float().permute(0, 3, 1, 2)
        region = torch.from_numpy(np.stack([i.region for i in inputs])).float()[:, None]
        painted = self.pipeline(
            source, region, words, seeds, num_inference_steps=self.steps, guidance_scale=self.guidance
        )
        return painted.permute(0, 2, 3, 1).cpu().numpy()

    def _for_model(self, instruction: Instruction) -> str:
        """The words as the model learnt them: a composed colour ("deep teal") by its nearest known name."""
        words = instruction.words
        for colour in (
            instruction.colour,
            instruction.wall,
            instruction.surface_colour,
            instruction.second_colour,
        ):
            if colour and not self.known.issuperset(colour.name.split()):
                words = words.replace(colour.name, self._nearest_known(colour))
        return words

    def _nearest_known(self, colour: Colour) -> str:
        names = [name for name in askable_colours() if self.known.issuperset(name.split())]
        distances = np.atleast_1d(delta_e([COLOURS[name].rgb for name in names], colour.rgb))
        nearest = int(np.argmin(distances))
        return names[nearest] if distances[nearest] < NEAR_ENOUGH else colour.name

    def _warnings(self, instruction: Instruction, words: str) -> tuple[str, ...]:
        new = [w for w in words.split() if w not in self.known and w not in instruction.unknown]
        warnings = []
        if instruction.unknown:
            warnings.append(f"not understood: {', '.join(instruction.unknown)}")
        if new:
            warnings.append(f"understood, but new to the model: {', '.join(dict.fromkeys(new))}")
        if instruction.kind in ("part", "pattern", "other"):
            warnings.append(
                "the bundled model is trained for colours, materials and backgrounds; check this one"
            )
        return tuple(warnings)
