"""Is this a pair an edit can be learnt from? What speaks against it, in sentences a merchandiser can act on.

What makes a pair useless raises ``BadPair``; what makes it doubtful is a warning. Whether two pictures show the same
object is asked where more than a colour or the background changes, and judged by their outlines and, if the caller has
an image model, by its likeness: a hint, not a proof.
"""

from __future__ import annotations

import cv2
import numpy as np

from editcore.editors.base import Exemplar
from editcore.editors.transfer.change import Change
from editcore.images import BadInput

LEAST_SIDE = 64
"""Pixels; below, nothing can be learnt."""
MODEL_SIDE = 128
"""Pixels the model looks at; below, detail is made up."""
SAME_PROPORTIONS = 0.01
"""Relative difference of width / height up to which two pictures count as the same crop."""
NOTHING = 0.002
"""Share of the picture below which nothing changed that anyone would see."""
EVERYTHING = 0.8
"""Share of the picture above which an edit that is no new background left nothing to hold on to."""
SAME_OUTLINE = 0.55
"""IoU of the two outlines, brought to one place and size, below which it may be another object."""
LIKE = 0.5
"""CLIP cosine of the two pictures below which it may be another object."""


class BadPair(BadInput):
    """No edit can be learnt from this pair; ``code`` is pair_size, pair_small, pair_same or a code of ``images``."""


def same_size(before: np.ndarray, after: np.ndarray) -> tuple[np.ndarray, np.ndarray, tuple[str, ...]]:
    """The pair at one size, (H, W, 3) uint8 each, and warnings.

    Pictures of the same proportions are brought to the smaller one. Raises ``BadPair`` for other proportions and for
    pictures that are too small.
    """
    sizes = f"the picture before is {_size(before)} pixels, the one after {_size(after)}"
    (h, w), (h2, w2) = before.shape[:2], after.shape[:2]
    if abs((w / h) / (w2 / h2) - 1) > SAME_PROPORTIONS:
        raise BadPair(
            "pair_size", f"{sizes}; expected the same crop of the same photo. Export both at one size."
        )
    side = min(h, w, h2, w2)
    if side < LEAST_SIDE:
        raise BadPair(
            "pair_small", f"{sizes}; expected at least {LEAST_SIDE} on each side. Give larger ones."
        )
    warnings = []
    if side < MODEL_SIDE:
        warnings.append(f"The pair is small ({sizes}): fine detail of the change is lost.")
    if (h, w) != (h2, w2):
        warnings.append(f"Sizes differ: {sizes}; the larger one was made smaller.")
        if h * w > h2 * w2:
            before = cv2.resize(before, (w2, h2), interpolation=cv2.INTER_AREA)
        else:
            after = cv2.resize(after, (w, h), interpolation=cv2.INTER_AREA)
    return before, after, tuple(warnings)


def check_change(exemplar: Exemplar, change: Change, likeness: float | None = None) -> tuple[str, ...]:
    """Warnings about what changes in the pair; ``BadPair`` if nothing does.

    likeness: CLIP cosine of the two pictures, [-1, 1]; None where no model looked.
    """
    if change.share < NOTHING:
        raise BadPair(
            "pair_same",
            f"Nothing changes between the two pictures (only {change.share:.1%} of the pixels differ visibly). "
            "Check that before and after are not the same file.",
        )
    warnings = []
    if change.share > EVERYTHING and change.kind not in ("background", "grade"):
        warnings.append(
            f"Nearly everything differs ({change.share:.0%} of the picture): product and background at once, or two "
            "photos that do not fit on each other. An edit of one thing is learnt better."
        )
    outline = _outline_iou(exemplar.before_alpha, exemplar.after_alpha)
    if change.kind in ("other", "grade") and (
        outline < SAME_OUTLINE or (likeness is not None and likeness < LIKE)
    ):
        seen = f"outlines agree by {outline:.0%}"
        seen += "" if likeness is None else f", likeness {likeness:.2f}"
        warnings.append(f"Is this the same object? The two pictures hardly show one ({seen}).")
    return tuple(warnings)


def _outline_iou(one: np.ndarray, other: np.ndarray, side: int = 96) -> float:
    """IoU of two mattes after bringing both to the same box: blind to place and scale, not to shape."""
    boxes = []
    for alpha in (one, other):
        rows, columns = np.flatnonzero((alpha > 127).any(1)), np.flatnonzero((alpha > 127).any(0))
        if not rows.size:
            return 0.0
        inside = alpha[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
        boxes.append(cv2.resize(inside, (side, side), interpolation=cv2.INTER_AREA) > 127)
    return float((boxes[0] & boxes[1]).sum() / max((boxes[0] | boxes[1]).sum(), 1))


def _size(picture: np.ndarray) -> str:
    return f"{picture.shape[1]} x {picture.shape[0]}"
