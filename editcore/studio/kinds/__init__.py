"""The catalogue: kinds of products and how their specimens are shaped."""

from __future__ import annotations

from editcore.studio.kinds import bags, footwear, furniture, household, toys, vessels, wear  # noqa: F401  (register)
from editcore.studio.kinds.base import KINDS, Extent, Kind, Shape, sample_shape

__all__ = ["KINDS", "Extent", "Kind", "Shape", "sample_shape"]
