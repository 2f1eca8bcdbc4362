"""What the model in training does to a few pairs, as one picture: source, region, pseudo-target, edit."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageDraw, ImageFont

from editcore.editors.sampling import Settings, edit_pictures
from editcore.training.pairs import Pair
from editcore.training.pairs.store import tensors
from editcore.training.tuning.latents import shown_pictures, sized
from editcore.training.tuning.model import Tuned

LINE = 16
"""Height of the line of words under each row, pixels."""


def draw_previews(module: Tuned, pairs: Sequence[Pair], file: Path) -> None:
    """Write the grid, one row a pair; the noise of row i has seed i, so grids of one run can be compared."""
    config = module.config
    edited = [_edit(module, pair, seed) for seed, pair in enumerate(pairs)]
    side = edited[0].width
    grid = Image.new("RGB", (4 * side, len(pairs) * (side + LINE)), "white")
    pen, font = ImageDraw.Draw(grid), ImageFont.load_default(11)
    for row, (pair, picture) in enumerate(zip(pairs, edited, strict=True)):
        top = row * (side + LINE)
        cells = [Image.fromarray(x) for x in (pair.source, _marked(pair), pair.target)]
        for column, cell in enumerate([*cells, picture]):
            grid.paste(cell.resize((side, side)), (column * side, top))
        pen.text((2, top + side + 1), config.text(pair), fill="black", font=font)
    file.parent.mkdir(parents=True, exist_ok=True)
    grid.save(file)


def _edit(module: Tuned, pair: Pair, seed: int) -> Image.Image:
    given, settings = tensors([pair]), module.config.previews
    source, region = (
        sized(given[name], module.backbone.side) for name in ("source_B3HW", "source_mask_B1HW")
    )
    shown = shown_pictures(source / 2 + 0.5, region, [pair], frozenset(module.config.cut_out))
    with module.autocast():
        edited = edit_pictures(
            module.backbone, shown.to(module.device), [module.config.text(pair)], [seed],
            Settings(settings.steps, settings.guidance, settings.strength), region.to(module.device),
        )  # fmt: skip
    rgb = (edited[0].float().clamp(0, 1) * 255).round().to("cpu", torch.uint8)
    return Image.fromarray(rgb.permute(1, 2, 0).contiguous().numpy())


def _marked(pair: Pair) -> np.ndarray:
    """The source, faded where nothing may change."""
    faded = pair.source // 4 + 191
    return np.where(pair.region[..., None] > 127, pair.source, faded)
