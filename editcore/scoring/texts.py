"""The two texts of the CLIP scores are those that engines give to text-to-image models (``lexicon.describe``)."""

from editcore.lexicon.describe import describe

__all__ = ["describe"]
