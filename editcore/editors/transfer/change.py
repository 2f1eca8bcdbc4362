"""What changes between the two pictures of a pair: where, how much, and which composition it asks for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np

from editcore.editors.base import Exemplar
from editcore.editors.place import Stance
from editcore.editors.transfer.grade import Grade, grade_shown
from editcore.editors.transfer.stance import stance_shown
from editcore.lexicon.colour import delta_e, srgb_to_lab

Kind = Literal["grade", "recolour", "background", "stance", "other"]

SIDE = 256
"""Pairs are compared at this longer side, pixels: noise and grain of photographs average out."""
VISIBLE = 6.0
"""CIEDE2000 from which a pixel differs; compression stays below, a change of shade that anyone asks for above."""
SAME_OUTLINE = 0.85
"""IoU of the two mattes from which the product stands where it stood, in the same shape; mattes of photographs are
found anew for each picture and never agree quite."""
LEAST = 0.1
"""Share of the product that a recolour changes at least, and of the picture a grade: a lid or a label is less."""
UNTOUCHED = 0.15
"""Share of the product (or of what is around it) up to which it counts as unchanged: light and shadow spill over."""
SAME_SURFACE = 5.5
"""CIELAB distance within which nine tenths of the product follow from their old colour: then it is a recolour
(``benchmarks/pair_kinds.py``: 11 of 12 recolours, 4 of 12 materials that are plain, no pattern, part, lid or turn)."""
COLOURS = 4
"""Colours of the product that may each become another."""
RIM = 3
"""Pixels at ``SIDE`` around the product that belong to neither side: mattes are not exact, shadows touch it."""


@dataclass(frozen=True)
class Change:
    """See ``change_of``."""

    kind: Kind
    """``grade``: the whole picture in another tone. ``recolour``: the same surface in other colours. ``stance``: the
    same product mirrored, leaning, larger or elsewhere. ``other``: material, pattern, shape, parts, or product and
    background at once."""
    region: np.ndarray
    """(H, W) uint8, 255 where the pair differs visibly."""
    share: float
    """Share of the picture that differs, [0, 1]."""
    inside: float
    """Share of the differing pixels on the product, before or after, [0, 1]; 0 where nothing differs."""
    mean_delta_e: float
    """Mean CIEDE2000 of the differing pixels; 0 where nothing differs."""
    grade: Grade | None = None
    """Of kind ``grade``."""
    stance: Stance | None = None
    """Of kind ``stance``."""


def change_of(exemplar: Exemplar) -> Change:
    """Compare a pair. ValueError if its pictures have different sizes."""
    if exemplar.before.shape != exemplar.after.shape:
        raise ValueError(
            f"the pair's pictures are {_size(exemplar.before)} and {_size(exemplar.after)}; expected the same size"
        )
    before, after = (_smaller(picture) for picture in (exemplar.before, exemplar.after))
    was, now = (_smaller(alpha) > 127 for alpha in (exemplar.before_alpha, exemplar.after_alpha))
    distance = delta_e(*(cv2.GaussianBlur(picture, (3, 3), 0) for picture in (before, after)))
    differs = (
        cv2.morphologyEx((distance > VISIBLE).astype(np.uint8), cv2.MORPH_OPEN, np.ones((3, 3), np.uint8)) > 0
    )
    inside = float((differs & (was | now)).sum() / max(differs.sum(), 1))
    height, width = exemplar.before.shape[:2]
    region = cv2.resize(differs.astype(np.uint8) * 255, (width, height), interpolation=cv2.INTER_NEAREST)
    kind, grade = _kind(differs, was, now, before, after)
    stance = None
    if kind == "other":
        gone, come = _smaller(exemplar.before_alpha), _smaller(exemplar.after_alpha)
        stance = stance_shown(before, after, gone, come, differs)
        kind = "stance" if stance else kind
    return Change(
        kind, region, float(differs.mean()), inside,
        float(distance[differs].mean()) if differs.any() else 0.0, grade, stance,
    )  # fmt: skip


def _kind(
    differs: np.ndarray, was: np.ndarray, now: np.ndarray, before: np.ndarray, after: np.ndarray
) -> tuple[Kind, Grade | None]:
    outline = (was & now).sum() / max((was | now).sum(), 1)
    if outline < SAME_OUTLINE:
        return "other", None
    on = cv2.erode((was & now).astype(np.uint8), _disc(RIM)) > 0
    off = cv2.dilate((was | now).astype(np.uint8), _disc(RIM)) == 0
    if differs.mean() > LEAST and (grade := grade_shown(before, after, on, off)):
        return "grade", grade
    return _local_kind(differs, on, off, before, after), None


def _local_kind(
    differs: np.ndarray, on: np.ndarray, off: np.ndarray, before: np.ndarray, after: np.ndarray
) -> Kind:
    product, around = (float((differs & part).sum() / max(part.sum(), 1)) for part in (on, off))
    if product < UNTOUCHED < around:
        return "background"
    if around < UNTOUCHED and product > LEAST and _surface_change(before, after, on) < SAME_SURFACE:
        return "recolour"
    return "other"


def _surface_change(before: np.ndarray, after: np.ndarray, on: np.ndarray) -> float:
    """Ninth decile of the distance to what the old colours say, CIELAB: an affine map for each of ``COLOURS``."""
    was, now = (srgb_to_lab(cv2.GaussianBlur(picture, (3, 3), 0)[on]) for picture in (before, after))
    stop = (cv2.TERM_CRITERIA_EPS + cv2.TERM_CRITERIA_MAX_ITER, 20, 0.5)
    if len(was) < 16 * COLOURS:
        return 0.0
    cv2.setRNGSeed(0)
    shades = (was * [0.5, 1, 1]).astype(np.float32)  # a shadow is no other colour
    _, group, _ = cv2.kmeans(shades, COLOURS, None, stop, 1, cv2.KMEANS_PP_CENTERS)  # type: ignore[call-overload]
    left = np.zeros(len(was))
    for number in range(COLOURS):
        rows = group[:, 0] == number
        known = np.c_[was[rows], np.ones(rows.sum())]
        follows = known @ np.linalg.lstsq(known, now[rows], rcond=None)[0]
        left[rows] = np.linalg.norm(now[rows] - follows, axis=1)
    return float(np.percentile(left, 90))


def _smaller(picture: np.ndarray) -> np.ndarray:
    height, width = picture.shape[:2]
    scale = SIDE / max(height, width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return cv2.resize(picture, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)


def _disc(radius: int) -> np.ndarray:
    return cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1))


def _size(picture: np.ndarray) -> str:
    return f"{picture.shape[1]} x {picture.shape[0]}"
