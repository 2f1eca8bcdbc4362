"""Wooden tiles repeat without a seam."""

from __future__ import annotations

import numpy as np
import pytest

import editcore.studio.tiles  # noqa: F401  registers the painters
from editcore.studio.textures import tile


@pytest.mark.parametrize("name", ["planks", "table top", "painted planks", "parquet"])
def test_wood_has_no_seam_where_tiles_meet(name: str) -> None:
    shade = tile(name, 0, 256)[0][..., 0].astype(float)
    steps = np.abs(shade - np.roll(shade, 1, axis=0)).mean(
        axis=1
    )  # along the boards: across them every edge is a joint
    assert steps[0] <= np.percentile(steps, 98)
