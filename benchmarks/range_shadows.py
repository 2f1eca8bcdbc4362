"""How well the range's shadow direction tells lights apart: products of the studio on one sweep, lit from two sides.

python benchmarks/range_shadows.py --products 24
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from typing import Any

import numpy as np
import torch

from editcore.scoring.consistency import appearance, deviation, range_of
from editcore.studio.photograph import Setup, photograph, sample_setup

SIDE = 192
AZIMUTHS = (0.6, -0.6)
"""Radians; the light from the right, and from the left."""


def measured(setup: Setup, azimuth: float) -> dict[str, Any]:
    """Columns of one product under a light."""
    lit = replace(setup, geometry=replace(setup.geometry, light=azimuth))
    photos = photograph([lit], SIDE, 1, {})
    rgb, alpha = (
        (x.clamp(0, 1).numpy() * 255).round().astype(np.uint8)
        for x in (photos.rgb_B3HW[0].permute(1, 2, 0), photos.mask_B1HW[0, 0])
    )
    return {**appearance(rgb, alpha), "target": "background", "pair": ""}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--products", type=int, default=24)
    count = parser.parse_args().products
    torch.set_num_threads(1)
    scene = sample_setup(1).scene
    setups = [replace(sample_setup(5000 + n), scene=scene) for n in range(count)]
    rows = {azimuth: [measured(setup, azimuth) for setup in setups] for azimuth in AZIMUTHS}
    for azimuth, opposite in zip(AZIMUTHS, reversed(AZIMUTHS), strict=True):
        known = range_of(rows[azimuth])
        doubted = {a: sum(bool(deviation(row, known)["range_doubt"]) for row in rows[a]) for a in AZIMUTHS}
        seen = {a: sum(row["shadow_angle"] is not None for row in rows[a]) for a in AZIMUTHS}
        print(
            f"light at {azimuth:+.1f}: shadow measured on {seen[azimuth]} of {count}, "
            f"doubted wrongly {doubted[azimuth]}; "
            f"light from the other side found on {doubted[opposite]} of {seen[opposite]}"
        )


if __name__ == "__main__":
    main()
