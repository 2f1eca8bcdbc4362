"""Sampling any ``Backbone``: edits of a batch of pictures, and the region an instruction is about."""

from editcore.editors.sampling.edit import Settings, edit_pictures
from editcore.editors.sampling.region import estimate_region

__all__ = ["Settings", "edit_pictures", "estimate_region"]
