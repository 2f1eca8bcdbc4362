"""Colour grading: a pair whose pictures differ in tone only, and the same tone on any other photograph.

after = clip([before, 1] M)^gamma, the same for every pixel, sRGB in [0, 1], M (4, 3): gains, saturation, contrast, a
light of another colour, brightness. Nothing is painted, so no detail is lost.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from editcore.lexicon.colour import srgb_to_lab

GAMMAS = np.geomspace(0.4, 2.5, 15)
RIDGE = 1e-3
"""Pull of M towards one of ``USUAL``, in mean squares."""
USUAL = (np.eye(4, 3), np.outer([0.299, 0.587, 0.114, 0], np.ones(3)))
"""What becomes of colours that the pair does not show: they stay as they are, or turn grey (ITU-R BT.601)."""
CLIPPED = 0.02
"""Values this near to black or white say nothing about the gamma."""
LEAST = 200
"""Pixels that a fit takes at least."""
FOLLOWS = 4.5
"""CIELAB distance within which nine tenths of the picture follow: then the pair may show a grade."""
TELLS = 0.6
"""Error of product and background told by each other, as a share of not knowing, geometric mean: a new colour of one
of them says nothing about the other (``benchmarks/pair_kinds.py``: 12 of 12 lights of another colour, no other)."""
SHADES = 0.5
"""Largest ``_shades`` of a grade."""
NOTICED = (3.0, 0.2, 3.0)
"""Change that is put into words: mid-grey's CIELAB L, contrast and saturation over its level, its a or b."""


@dataclass(frozen=True)
class Grade:
    """See the module's docstring."""

    matrix_43: np.ndarray
    gamma: float

    def __call__(self, rgb: np.ndarray) -> np.ndarray:
        """(..., 3) uint8, or float in [0, 1], to the same."""
        if rgb.dtype != np.uint8:
            linear = rgb @ self.matrix_43[:3] + self.matrix_43[3]
            return np.clip(linear, 0, 1) ** self.gamma
        return np.round(255 * self(rgb.astype(np.float32) / 255)).astype(np.uint8)

    def __str__(self) -> str:
        """In words: "darker and warmer"."""
        grey, steps = np.full(3, 0.5), (np.full(3, 0.35), np.full(3, 0.65))
        now, level = self(grey), float(self(grey).mean()) / 0.5
        lightness, *tint = srgb_to_lab(now) - srgb_to_lab(grey)
        colours = grey + 0.2 * (np.eye(3) - 1 / 3)
        contrast = _span(*(self(step) for step in steps)) / _span(*steps) / level
        saturation = np.mean([_span(self(c), now) / _span(c, grey) for c in colours]) / level
        light, share, cast = NOTICED
        said = [
            ("brighter", "darker", lightness / light),
            ("stronger contrast", "softer contrast", (contrast - 1) / share),
            ("richer colours", "black and white" if saturation < 0.15 else "paler colours", (saturation - 1) / share),
            ("warmer", "cooler", tint[1] / cast), ("pinker", "greener", tint[0] / cast),
        ]  # fmt: skip
        strongest = [one for one in sorted(said, key=lambda one: -abs(one[2]))[:2] if abs(one[2]) >= 1]
        return " and ".join(up if size > 0 else down for up, down, size in strongest) or "a little"


def grade_shown(before: np.ndarray, after: np.ndarray, on: np.ndarray, off: np.ndarray) -> Grade | None:
    """The grade that makes ``after`` of ``before``, (H, W, 3) uint8 of one scene; None if none does.

    on, off: (H, W) bool, the product and what is around it; both must follow, and each tell something of the other.
    """
    was, now = (cv2.GaussianBlur(picture, (3, 3), 0) / 255.0 for picture in (before, after))
    best: tuple[float, Grade] | None = None
    for usual in USUAL:
        grade = _fit(was.reshape(-1, 3), now.reshape(-1, 3), usual)
        if grade is None or np.percentile(_distance(grade(was), now), 90) > FOLLOWS:
            continue
        told = _told(was, now, on, off, usual) * _told(was, now, off, on, usual)
        if told < min(TELLS**2, best[0] if best else np.inf) and _shades(grade(was), now, on, off) < SHADES:
            best = told, grade
    return best[1] if best else None


def _shades(graded: np.ndarray, now: np.ndarray, on: np.ndarray, off: np.ndarray) -> float:
    """Error in what a part shows besides its mean colour, as a share of that: some grade makes any two plain colours
    of two others."""
    error = shown = 0.0
    for part in (on, off):
        one, other = (srgb_to_lab(picture[part]) for picture in (graded, now))
        one, other = one - one.mean(axis=0), other - other.mean(axis=0)
        error += float(np.linalg.norm(one - other, axis=1).sum())
        shown += float(np.linalg.norm(other, axis=1).sum())
    return error / shown if shown > on.sum() + off.sum() else float("inf")


def _told(was: np.ndarray, now: np.ndarray, known: np.ndarray, other: np.ndarray, usual: np.ndarray) -> float:
    """Error in the ``other`` pixels of what the ``known`` ones say, as a share of saying nothing."""
    grade = _fit(was[known], now[known], usual)
    if grade is None or not other.any():
        return float("inf")
    unsaid = _distance(was[other], now[other]).mean()
    return float(_distance(grade(was[other]), now[other]).mean() / max(unsaid, 1.0))


def _fit(was_N3: np.ndarray, now_N3: np.ndarray, usual_43: np.ndarray) -> Grade | None:
    """Ridge regression onto the picture before its gamma, for each gamma; the one that fits best."""
    whole = ((now_N3 > CLIPPED) & (now_N3 < 1 - CLIPPED)).all(axis=1)
    if whole.sum() < LEAST:
        return None
    was, now = np.c_[was_N3[whole], np.ones(whole.sum())], now_N3[whole]
    left = was.T @ was / len(was) + RIDGE * np.eye(4)
    best: tuple[float, Grade] | None = None
    for gamma in GAMMAS:
        right = was.T @ now ** (1 / gamma) / len(was) + RIDGE * usual_43
        grade = Grade(np.linalg.solve(left, right), float(gamma))
        error = float(np.abs(grade(was[:, :3]) - now).mean())
        if best is None or error < best[0]:
            best = error, grade
    return best[1] if best else None


def _distance(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """CIELAB, (...)."""
    return np.asarray(np.linalg.norm(srgb_to_lab(one) - srgb_to_lab(other), axis=-1))


def _span(one: np.ndarray, other: np.ndarray) -> float:
    return float(np.linalg.norm(one - other))
