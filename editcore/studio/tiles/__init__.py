"""The painters of the texture tiles, registered by name when this package is imported.

Each returns shade, first and second share (see ``textures``); one tile spans about 2.4 object units.
"""

from editcore.studio.tiles import cloth, laid, outdoors, stone, wood

__all__ = ["cloth", "laid", "outdoors", "stone", "wood"]
