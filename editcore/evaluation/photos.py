"""Your own photos as cases: each product in other colours, and before other plain backgrounds.

Nobody knows the exact result, so errors to it stay empty; what is told is how far the region is from the colour that
was named, what the pixels that stay lost, and what CLIP thinks. Products are found as a night finds them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from functools import lru_cache
from random import Random

import cv2
import numpy as np

from editcore import images, storage
from editcore.campaign import Source
from editcore.evaluation.cases import Case
from editcore.lexicon import COLOURS, Instruction, askable_colours, parse
from editcore.lexicon.wording import with_article
from editcore.outcomes import judge
from editcore.segmentation import segment
from editcore.sources import Item
from editcore.sources.captions import captioned

MAX_BYTES = 100_000_000
"""Larger files are not read."""
ASKED = 2
"""Colours asked of each photo, for its product and for its background."""
LARGEST = 512
"""Longer side that photos are measured at, pixels: a model paints 128 to 256 of them."""


class Photos:
    """See ``cases.CaseSet``."""

    def __init__(self, source: Source, kinds: Sequence[str] = (), limit: int | None = None) -> None:
        """kinds: of ``recolour`` and ``background``, both if empty; limit: only the first so many photos.

        ``CampaignError`` if the source cannot be listed, ``ValueError`` for other kinds or no photo."""
        if unknown := set(kinds) - {"recolour", "background"}:
            raise ValueError(f"unknown kinds {sorted(unknown)}; photos have recolour and background")
        self.kinds = tuple(kinds) or ("recolour", "background")
        self._items = captioned(source)[:limit]
        if not self._items:
            raise ValueError("found no photo in the source; check the path and the columns")
        told = "".join(f"{item.uri}\n{item.version}\n{item.size}\n{item.caption}\n" for item in self._items)
        self.identity = {
            "cases": "photos", "count": str(len(self._items)),
            "listing": hashlib.sha256(told.encode()).hexdigest()[:16],
        }  # fmt: skip
        self.left_out: dict[str, str] = {}
        """Photos that could not be used, by item, and why; known once cases were loaded."""
        self._pictures = lru_cache(maxsize=1)(self._read)

    def load(self, kind: str) -> list[Case]:
        """See ``CaseSet``; photos that cannot be used are in ``left_out``."""
        return [
            case
            for number, (item, image, alpha) in enumerate(self._pictures())
            for case in _cases(kind, f"{kind}-{number:05d}", item, image, alpha)
        ]

    def _read(self) -> list[tuple[Item, np.ndarray, np.ndarray]]:
        """Every usable photo and its matte, (H, W, 3) and (H, W) uint8."""
        found = []
        for item in self._items:
            try:
                picture = images.load(storage.read_bytes(item.uri, MAX_BYTES + 1), max_bytes=MAX_BYTES)
                alpha = segment(picture).alpha
                if not (alpha > 250).any():
                    raise images.BadInput("no_product", "No product was found in the picture.")
            except Exception as error:  # whatever it is, it is this photo's
                self.left_out[item.item_id] = judge(error).message
                continue
            found.append((item, _smaller(picture.rgb), _smaller(alpha)))
        return found


def _cases(kind: str, name: str, item: Item, image: np.ndarray, alpha: np.ndarray) -> Iterator[Case]:
    told, rng = parse(item.caption or "", "product"), Random(f"{kind} {item.item_id}")
    noun = told.noun or "product"
    before = with_article(noun)
    for number, colour in enumerate(rng.sample(_colours(told), ASKED)):
        if kind == "recolour":
            words, after = f"make it {colour}", with_article(f"{colour} {noun}")
        else:
            words = f"{colour} studio background"
            after = f"{before} in front of {with_article(words)}"
        product = kind == "recolour"
        yield Case(
            case_id=f"{name}-{number}", kind=kind, image=image, region=alpha if product else 255 - alpha, alpha=alpha,
            target="product" if product else "background", words=words, source_caption=before, target_caption=after,
            truth=None, colour=COLOURS[colour].rgb,
        )  # fmt: skip


def _colours(told: Instruction) -> list[str]:
    """Colours of other families than the caption names."""
    named = {colour.base for colour in (told.colour, told.second_colour) if colour}
    return [name for name in askable_colours() if COLOURS[name].base not in named]


def _smaller(picture: np.ndarray) -> np.ndarray:
    height, width = picture.shape[:2]
    scale = LARGEST / max(height, width)
    if scale >= 1:
        return picture
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
