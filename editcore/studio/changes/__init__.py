"""Changes: transformations that can be made to many different products."""

from editcore.studio.changes import appearance, parts, stance, view  # noqa: F401  they register their kinds
from editcore.studio.changes.base import CHANGES, Change, composes, in_view, sample_change

__all__ = ["CHANGES", "Change", "composes", "in_view", "sample_change"]
