"""Pseudo-pairs: training data for an editor from captioned photos that nobody edited.

The method is iEdit's (Bodur et al., arXiv 2305.05947): a word of the caption is swapped by rule, and the photo
of the pool that lies nearest to picture and new words together stands in for the edited one. What the paper
leaves open is decided here and said where it is decided; ``docs/weak-supervision.md`` tells the whole story.

    PairStore("pairs/")[0]      # a Pair: two pictures, three masks, the words
"""

from editcore.training.pairs.store import Pair, PairStore

__all__ = ["Pair", "PairStore"]
