"""Does ``transfer.change`` see what a pair changes? Twelve studio pairs of every kind, exact mattes.

python benchmarks/pair_kinds.py
"""

from __future__ import annotations

from collections import Counter
from random import Random

import numpy as np
import torch

from editcore.editors.base import Exemplar
from editcore.editors.transfer.change import change_of
from editcore.studio.changes import CHANGES, sample_change
from editcore.studio.kinds import KINDS
from editcore.studio.photograph import photograph, sample_setup

FIRST_SEED, PAIRS, SIDE = 890_500, 12, 192


def exemplar(kind: str, seed: int) -> Exemplar | None:
    """One pair; None if the change cannot be made to the product that was drawn."""
    change = sample_change(kind, Random(seed))
    among = sorted(change.products or KINDS)
    setup = change.prepare(sample_setup(FIRST_SEED + seed, among[7 * seed % len(among)]))
    if not change.applies(setup):
        return None
    photos = photograph([setup, change.apply(setup)], SIDE)
    rgb = (photos.rgb_B3HW.clamp(0, 1) * 255).byte().permute(0, 2, 3, 1).numpy()
    before, after = (np.ascontiguousarray(picture) for picture in rgb)
    was, now = (photos.mask_B1HW[:, 0] * 255).byte().numpy()
    return Exemplar(before, after, was, now, f"{kind}-{seed}")


def main() -> None:
    torch.set_num_threads(1)
    for kind in CHANGES:
        made = (pair for seed in range(1, 200) if (pair := exemplar(kind, seed)))
        seen = Counter(change_of(pair).kind for pair, _ in zip(made, range(PAIRS), strict=False))
        print(f"{kind:12}", ", ".join(f"{number} {name}" for name, number in seen.most_common()), flush=True)


if __name__ == "__main__":
    main()
