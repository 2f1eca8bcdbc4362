"""How well a model finds the region of a recolour by itself (DiffEdit), on studio objects nobody trained on.

    python benchmarks/model_regions.py [folder] [--pictures 12]

Prints the mean overlap (IoU) of the found region with the product, the share of the found region that lies on it, and
the share of the picture that the product takes: what chance would give.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from random import Random

import numpy as np
import torch

from editcore.editors.backbones import load_backbone
from editcore.editors.bundled import BUNDLED
from editcore.editors.crop import model_input
from editcore.editors.sampling import estimate_region
from editcore.lexicon import parse
from editcore.lexicon.describe import describe
from editcore.studio.edits import photograph_edit, sample_edit
from editcore.studio.photograph import sample_setup

UNSEEN = 900_000
"""First seed of the specimens, as in ``bundled_models.py``."""


def main() -> None:
    arguments = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    arguments.add_argument("folder", type=Path, nargs="?", default=BUNDLED)
    arguments.add_argument("--pictures", type=int, default=12)
    given = arguments.parse_args()
    torch.set_num_threads(1)
    backbone = load_backbone(given.folder)
    inputs, instructions = [], []
    for i in range(given.pictures):
        edit = sample_edit("recolour", sample_setup(UNSEEN + i), Random(i))
        if edit is None:
            continue
        photo = photograph_edit(edit, 256).source
        rgb = (photo.rgb_B3HW[0].permute(1, 2, 0).numpy() * 255).round().astype(np.uint8)
        alpha = (photo.mask_B1HW[0, 0].numpy() * 255).round().astype(np.uint8)
        inputs.append(model_input(rgb, alpha, "product", backbone.side))
        instructions.append(parse(edit.words[0], "product"))
    pictures = torch.from_numpy(np.stack([i.picture for i in inputs]).clip(0, 1)).float().permute(0, 3, 1, 2)
    words, before = [i.words for i in instructions], [describe(None, i)[0] for i in instructions]
    found = estimate_region(backbone, pictures, words, before, range(len(inputs)))[:, 0].numpy() > 0
    product = np.stack([i.region for i in inputs]) > 0.5
    both, either = (found & product).sum((1, 2)), (found | product).sum((1, 2))
    print(f"{len(inputs)} recolours: IoU {np.mean(both / either):.3f}, share of the region on the product "
          f"{np.mean(both / np.maximum(found.sum((1, 2)), 1)):.3f}, by chance {product.mean():.3f}")  # fmt: skip


if __name__ == "__main__":
    main()
