"""How far a mask can be believed: figures for the manifest and a sentence for people when it is doubtful.

The network does not know when it fails, but its failures leave traces: a mask that runs out of the picture,
several pieces, a wide soft zone, next to nothing or next to everything, another answer to a closer look, an
outline as ragged as the grass before the product. What leaves none (a neighbour joined with a crisp edge in
one piece, a handle that no look sees) needs eyes; see docs/lab.md for how many photos that were.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

_SMALL = 320
"""Figures are taken at this longer side: they do not depend on the photo's resolution, and cost 2 ms."""
_OUTLINE = 640
"""The outline's at this one: blades of grass are gone at 320."""
_SMOOTH = 0.0095
"""Deviation of the blur that smooths an outline, in shares of the longer side (6 px at 640)."""


@dataclass(frozen=True)
class Figures:
    """Columns ``mask_*`` of the manifest."""

    area: float
    """Share of the picture covered, [0, 1]."""
    border_share: float
    """Share of the picture's outline that the mask touches, [0, 1]."""
    components: int
    """Separate pieces larger than 1 % of the largest."""
    second_share: float
    """Area of all pieces but the largest over the whole mask, [0, 1)."""
    soft_share: float
    """Area between 10 % and 90 % over the mask's area, at most 1: indecision, or glass and fur. Of the
    network's own map if there is one (the refined matte is always crisp), else of the matte."""
    peak: float
    """Highest value of the network's map, [0, 1]; 1 for masks from people."""
    holes: float
    """Area of enclosed gaps over the mask's area (a mug's handle has one; a lost middle too)."""
    ragged: float
    """Length of the outline over that of the smoothed mask: 1 for a ball, 1.1 for fur, more for grass; 1 for
    masks from people, who may mean it."""
    disagreement: float
    """How far the network's looks are from the mask, [0, 1] (``opinions``); 0 without a network."""


@dataclass(frozen=True)
class DoubtThresholds:
    """Beyond these a mask goes to people. Chosen by looking at masks of real photos (docs/lab.md)."""

    min_area: float = 0.02
    """Smaller is a speck, [0, 1]."""
    max_area: float = 0.75
    """Larger is probably the picture, not a product in it, [0, 1]."""
    max_border_share: float = 0.02
    """More of the outline touched: the product is cut off, or the mask holds the table it stands on."""
    max_second_share: float = 0.06
    """More of the mask in other pieces: several objects, or a torn one."""
    max_soft_share: float = 0.22
    """More of the mask undecided."""
    min_peak: float = 0.6
    """The network never got surer than this."""
    max_holes: float = 0.10
    """More of the mask is gaps."""
    max_ragged: float = 1.15
    """A longer outline: grass before the product, fur, or a torn mask."""
    max_disagreement: float = 0.02
    """More of the mask contested by the network's own looks."""


def measure(alpha: np.ndarray, coarse: np.ndarray | None = None, disagreement: float = 0.0) -> Figures:
    """Figures of a matte (H, W) uint8, 255 = product; ``coarse`` is the network's map of the whole picture in
    [0, 1], if any, and ``disagreement`` that of its looks."""
    scale = _SMALL / max(alpha.shape)
    small = cv2.resize(alpha, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA) if scale < 1 else alpha
    solid = (small > 127).astype(np.uint8)
    sizes = _component_sizes(solid)
    total = max(int(solid.sum()), 1)
    map_ = small / 255.0 if coarse is None else coarse
    return Figures(
        area=float(solid.mean()),
        border_share=float(np.concatenate([solid[0], solid[-1], solid[1:-1, 0], solid[1:-1, -1]]).mean()),
        components=sum(size > 0.01 * sizes[0] for size in sizes) if sizes else 0,
        second_share=sum(sizes[1:]) / total,
        soft_share=min(1.0, float(((map_ > 0.1) & (map_ < 0.9)).sum() / max((map_ > 0.5).sum(), 1))),
        peak=1.0 if coarse is None else float(coarse.max()),
        holes=_holes(solid) / total,
        ragged=1.0 if coarse is None else _ragged(alpha),
        disagreement=disagreement,
    )


def doubt(figures: Figures, limits: DoubtThresholds | None = None) -> str:
    """Sentences that say why the mask is doubtful; empty when it is not."""
    f, t = figures, limits or DoubtThresholds()
    checks = (
        (f.area < t.min_area, f"The mask covers {f.area:.1%} of the picture: next to nothing."),
        (f.area > t.max_area, f"The mask covers {f.area:.0%} of the picture: nearly everything."),
        (
            f.border_share > t.max_border_share,
            f"The mask runs out of the picture on {f.border_share:.0%} of its outline.",
        ),
        (
            f.second_share > t.max_second_share,
            f"The mask is in {f.components} pieces ({f.second_share:.0%} beside the largest).",
        ),
        (f.soft_share > t.max_soft_share, f"The mask is undecided over {f.soft_share:.0%} of its area."),
        (f.peak < t.min_peak, f"Nothing stands out in the picture (at most {f.peak:.0%} sure)."),
        (f.holes > t.max_holes, f"The mask has gaps of {f.holes:.0%} of its area."),
        (
            f.ragged > t.max_ragged,
            f"The mask's outline is ragged ({f.ragged - 1:.0%} longer than smooth): grass, fur or a tear.",
        ),
        (
            f.disagreement > t.max_disagreement,
            f"Closer looks contest {f.disagreement:.0%} of the mask.",
        ),
    )
    return " ".join(sentence for failed, sentence in checks if failed)


def _component_sizes(solid: np.ndarray) -> list[int]:
    """Pixels of each 8-connected piece, largest first."""
    _, _, stats, _ = cv2.connectedComponentsWithStats(solid, connectivity=8)
    return sorted((int(size) for size in stats[1:, cv2.CC_STAT_AREA]), reverse=True)


def _holes(solid: np.ndarray) -> int:
    """Background pixels that cannot be reached from outside the picture."""
    framed = np.pad(1 - solid, 1, constant_values=1)
    _, labels = cv2.connectedComponents(framed, connectivity=4)
    return int(((labels != labels[0, 0]) & (framed == 1)).sum())


def _ragged(alpha: np.ndarray) -> float:
    """Outline of the mask at ``_OUTLINE`` pixels over that of the same, smoothed; 1 where nothing is left."""
    scale = min(1.0, _OUTLINE / max(alpha.shape))
    small = cv2.resize(alpha, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    smooth = cv2.GaussianBlur((small > 127).astype(np.float32), (0, 0), _SMOOTH * max(small.shape))
    length = _outline(smooth > 0.5)
    return _outline(small > 127) / length if length else 1.0


def _outline(solid: np.ndarray) -> float:
    """Length of all outer outlines in pixels."""
    outlines, _ = cv2.findContours(solid.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    return float(sum(cv2.arcLength(outline, True) for outline in outlines))
