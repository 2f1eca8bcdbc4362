"""What is asked of every method: a picture, where it may change, the words, and, where known, the exact result."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from random import Random
from typing import Any, Protocol

import numpy as np

from editcore.editors.base import Target
from editcore.lexicon import parse
from editcore.lexicon.wording import placed, with_article

UNSEEN = 900_000
"""First seed of the studio's specimens here; training uses 100,000 to 110,000 and 500,000 to 510,000."""
KINDS = ("recolour", "background", "material")
"""Kinds measured unless others are asked for: what the bundled model is trained for."""

SPECIMENS = 24
"""Specimens per kind unless another number is asked for."""
TARGETS: dict[str, Target] = {"product": "product", "background": "background"}
"""Regions of studio edits that engines know by name; others are given as a region."""


@dataclass(frozen=True)
class Case:
    """One edit to be made. Arrays are (H, W[, 3]) uint8 of one size."""

    case_id: str
    kind: str
    image: np.ndarray
    """Source, sRGB."""
    region: np.ndarray
    """Exact share of each pixel that may change, 255 = wholly; 0 = must stay."""
    alpha: np.ndarray
    """What the engine is given: the matte of the product, or of the region for target "region"."""
    target: Target
    words: str
    source_caption: str
    target_caption: str
    truth: np.ndarray | None
    """The exact result, sRGB; None where nobody knows it (PIE-Bench)."""
    colour: tuple[int, int, int] | None
    """The one colour that the words name for the region, sRGB 0-255; None if they name none or several."""

    @property
    def inside(self) -> np.ndarray:
        """(H, W) bool, pixels wholly inside the region: where errors to the truth are measured."""
        return self.region > 250

    @property
    def outside(self) -> np.ndarray:
        """(H, W) bool, pixels that must stay."""
        return self.region == 0


class CaseSet(Protocol):
    """A set of cases, sorted by kind; ``load`` gives the same cases every time."""

    kinds: tuple[str, ...]
    identity: dict[str, str]
    """What settles the cases; enters the fingerprint of results."""

    def load(self, kind: str) -> list[Case]:
        """All cases of one kind."""
        ...


class Studio:
    """Exact edits of studio specimens that nobody trained on, photographed at ``size`` x ``size`` pixels."""

    def __init__(
        self,
        specimens: int = SPECIMENS,
        kinds: Sequence[str] = KINDS,
        size: int = 256,
        products: Sequence[str] = (),
    ) -> None:
        """products: kinds of products, for models of one range; all if empty. ValueError for kinds of edits or of
        products that the studio does not know."""
        from editcore.studio.edits import EDITS
        from editcore.studio.kinds import KINDS as PRODUCTS

        if unknown := set(kinds) - set(EDITS):
            raise ValueError(f"unknown kinds {sorted(unknown)}; choose from {', '.join(EDITS)}")
        if unknown := set(products) - set(PRODUCTS):
            raise ValueError(f"unknown products {sorted(unknown)}; choose from {', '.join(sorted(PRODUCTS))}")
        self.products = tuple(products)
        self.kinds, self.specimens, self.size = tuple(kinds), specimens, size
        self.identity = {"cases": "studio", "first_seed": str(UNSEEN), "size": str(size)}
        self.identity["specimens"] = str(specimens)
        if products:
            self.identity["products"] = ", ".join(products)
        self._loaded = lru_cache(maxsize=4)(self._photograph)

    def load(self, kind: str) -> list[Case]:
        """See ``CaseSet``. Fewer than ``specimens`` for kinds that not every product can have (a ball has no lid)."""
        return self._loaded(kind)

    def _photograph(self, kind: str) -> list[Case]:
        every = self.products or (None,)
        made = (studio_case(kind, i, self.size, every[i % len(every)]) for i in range(self.specimens))
        return [case for case in made if case]


def studio_case(kind: str, number: int, size: int = 256, product: str | None = None) -> Case | None:
    """Case ``number`` of a kind, of any product unless one is named; None where it cannot have the edit."""
    from editcore.studio.edits import photograph_edit, sample_edit
    from editcore.studio.photograph import sample_setup

    edit = sample_edit(kind, sample_setup(UNSEEN + number, product), Random(number))
    if edit is None:
        return None
    photos = photograph_edit(edit, size)
    region = _bytes(photos.region_1HW)[0]
    words = edit.words[0]
    target = TARGETS.get(edit.region, "region")
    alpha = _bytes(photos.source.mask_B1HW[0])[0] if target == "background" else region
    return Case(
        case_id=f"{kind}-{UNSEEN + number}",
        kind=kind,
        image=_picture(photos.source.rgb_B3HW[0]),
        region=region,
        alpha=alpha,
        target=target,
        words=words,
        source_caption=_caption(edit.source, kind),
        target_caption=_caption(edit.target, kind),
        truth=_picture(photos.target.rgb_B3HW[0]),
        colour=_named_colour(edit, target),
    )


def _named_colour(edit: Any, target: Target) -> tuple[int, int, int] | None:
    """Recolours name their colour; other words are read as the night reads them: a floor names several."""
    if edit.kind in ("recolour", "recolour_part"):
        return edit.colour.rgb
    colour = parse(edit.words[0], target).colour if edit.kind in ("background", "material") else None
    return colour.rgb if colour else None


def _caption(setup: Any, kind: str) -> str:
    """The canonical caption: source and target differ in the edit and in nothing else."""
    from editcore.studio.captions import look_words, part_words, scene_words

    product = with_article(look_words(setup.look, setup.noun))
    if kind in ("recolour_part", "part") and (parts := part_words(setup)):
        product += f" with {' and '.join(parts)}"
    scene = placed(scene_words(setup.scene))
    return f"{product} {scene}" if setup.shown else scene


def _bytes(share: Any) -> np.ndarray:
    """A float tensor in [0, 1] as uint8."""
    return (share.clamp(0, 1) * 255).round().byte().numpy()


def _picture(rgb_3HW: Any) -> np.ndarray:
    return np.ascontiguousarray(_bytes(rgb_3HW).transpose(1, 2, 0))
