"""Where the floor of a painted room ends, and from where it was seen.

The model paints rooms as the studio does: a level camera looks down by 8 to 32 degrees at a product on a floor,
and a wall crosses the whole picture behind it. Rows are shares of the square's height, 0 = top.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import cv2
import numpy as np
import torch

from editcore.studio.gbuffer import Camera
from editcore.studio.perspective import TAN_HALF_FOV, Perspective

PITCHES = tuple(math.radians(angle) for angle in range(8, 33, 3))
"""Tilts of the training's cameras."""
INDOORS, OUTDOORS = (1.3, 4.0), (8.0, 16.0)
"""How far behind the product the floor ends, object units (``studio.rooms``)."""
DISTANCES = (2.0, 6.0)
"""Of the camera from the product, object units."""
_ROWS = 128
_CHROMA, _UNREST = 2.0, 2.0
"""Weights of chromaticity and of the texture's strength beside sRGB."""
_STRONG = 0.1
"""Unrest beyond which a floor cannot be taken for a wall."""
_TREND = 3
"""Terms of the polynomial that the light on the floor or on the wall follows from row to row."""


class Boundary(NamedTuple):
    """Where a floor ends."""

    row: float
    """Share of the height, 0 where the floor fills the picture."""
    sureness: float
    """Share of the rows' variance that a break there explains, [0, 1]."""


def find_boundary(
    scene: np.ndarray,
    foot: float,
    floor: np.ndarray | None = None,
    wall: np.ndarray | None = None,
    unrest: float = 0.0,
) -> Boundary:
    """The row at which the wall meets the floor.

    scene: (h, h, 3) float32 sRGB in [0, 1], the room without the product. foot: row on which the product stands;
    the floor ends above it. floor, wall: sRGB (3,) asked for; given only where the floor may fill the picture.
    unrest: ``unrest_of`` the floor asked for; where it is strong (a checker), the first row as restless is floor.

    The break that best divides the rows into two, each with its own smooth light, plus the size of the step.
    """
    small = cv2.resize(scene, (12, _ROWS), interpolation=cv2.INTER_AREA).astype(np.float64)
    rows = _features(small)
    last = max(min(round((foot - 0.03) * _ROWS), _ROWS - 8), 4)
    if unrest > _STRONG:
        restless = np.flatnonzero(_row_unrest(small)[6:] > 0.5 * unrest)
        last = max(min([last, *(restless[:1] + 6)]), 4)
    means = rows.mean(axis=1)
    whole = _residual(means)
    breaks = range(3, last + 1)
    explained = np.array([1 - (_residual(means[:e]) + _residual(means[e:])) / (whole + 1e-6) for e in breaks])
    step = np.array([_step(rows, e) for e in breaks])
    score = explained + step / max(step.max(), 0.03)
    best = int(np.argmax(score))
    if _is_floor(means[: breaks[best], :3].mean(axis=0), means[-_ROWS // 4 :, :3].mean(axis=0), floor, wall):
        return Boundary(0.0, 0.0)
    if step[best] < 0.012:  # wall and floor of one colour: where a wall usually stands
        return Boundary(max(min(0.35, foot - 0.2), 0.0), 0.0)
    return Boundary(_refined(step, best, breaks) / _ROWS, float(explained[best]))


def _features(rgb: np.ndarray) -> np.ndarray:
    """sRGB, chromaticity and unrest of every row: boards differ in brightness, a wall in colour and in its calm."""
    chroma = _CHROMA * rgb / (rgb.sum(axis=-1, keepdims=True) + 0.15)
    unrest = np.broadcast_to(_UNREST * _row_unrest(rgb)[:, None, None], (*rgb.shape[:2], 1))
    return np.concatenate([rgb, chroma, unrest], axis=-1)


def _row_unrest(rgb: np.ndarray) -> np.ndarray:
    """Deviation of brightness along the row, per row."""
    grey = rgb.mean(axis=-1)
    return np.sqrt(cv2.blur((grey - cv2.blur(grey, (5, 1))) ** 2, (1, 5)).mean(axis=1))


def unrest_of(floor: np.ndarray) -> float:
    """How restless a floor painted over (h, h, 3) is, as ``find_boundary`` measures it."""
    small = cv2.resize(np.ascontiguousarray(floor), (12, _ROWS), interpolation=cv2.INTER_AREA)
    return float(np.median(_row_unrest(small.astype(np.float64))[_ROWS // 2 :]))


def _residual(rows: np.ndarray) -> float:
    """Squared error of a low polynomial through the rows, plus what a wall or floor may vary anyway."""
    axis = np.linspace(-1, 1, len(rows))
    basis = np.polynomial.legendre.legvander(axis, min(_TREND, max(len(rows) // 6, 1)) - 1)
    fit = basis @ np.linalg.lstsq(basis, rows, rcond=None)[0]
    return float(np.square(rows - fit).sum()) + 1e-4


def _step(rows: np.ndarray, e: int) -> float:
    """Difference of colour across row e that all columns agree on."""
    reach = min(6, e)
    difference = rows[e : e + reach].mean(axis=0) - rows[e - reach : e].mean(axis=0)
    mean = difference.mean(axis=0)
    return float(
        np.linalg.norm(mean) ** 2 / (np.linalg.norm(mean) + np.linalg.norm(difference.std(axis=0)) + 1e-6)
    )


def _refined(step: np.ndarray, best: int, breaks: range) -> float:
    """Centre of the step around the best break."""
    near = slice(max(best - 3, 0), best + 4)
    weight = step[near] ** 2
    return float((weight * np.array(breaks[near])).sum() / (weight.sum() + 1e-9))


def _is_floor(
    above: np.ndarray, below: np.ndarray, floor: np.ndarray | None, wall: np.ndarray | None
) -> bool:
    """Whether what lies above the break looks like the floor below it and not at all like the wall."""
    if floor is None or wall is None or np.abs(wall - floor).max() < 0.1:
        return False
    own = min(np.linalg.norm(above - below), np.linalg.norm(above - floor))
    return bool(own < 0.6 * np.linalg.norm(above - wall))


def camera_for(pitch: float, foot: float, extent: float) -> Camera:
    """The camera that sees a product of one object unit standing on row ``foot``, ``extent`` of the height long."""
    distance = float(np.clip(0.5 / TAN_HALF_FOV / max(extent, 1e-3), *DISTANCES))
    up = (1 - 2 * foot) * TAN_HALF_FOV
    height = -up * distance / (math.cos(pitch) + up * math.sin(pitch))
    return Camera(*(torch.tensor([value]) for value in (pitch, distance, height)))


def plausible_cameras(
    edge: float, foot: float, extent: float, outdoors: bool, count: int = 3
) -> list[Camera]:
    """The ``count`` tilts for which a floor ending at row ``edge`` ends most nearly where the training's floors do."""
    cameras = [camera_for(pitch, foot, extent) for pitch in PITCHES]
    ranked = sorted(cameras, key=lambda camera: _strangeness(camera, edge, outdoors))
    return ranked[:count]


def _strangeness(camera: Camera, edge: float, outdoors: bool) -> float:
    """How far from the usual range of depths the floor ends (as a logarithm), and how unusual the tilt is."""
    near, far = OUTDOORS if outdoors else INDOORS
    behind = -depth_at(camera, edge)
    out = math.log(max(near / behind, behind / far, 1.0)) if behind > 0.05 else 5.0
    if edge <= 0 and behind < near:
        out = 0.0  # the floor goes on above the picture
    return out + abs(float(camera.pitch[0]) - math.radians(19)) / 2


def depth_at(camera: Camera, row: float) -> float:
    """World z (towards the viewer) of the floor seen at a row; -inf at and above the horizon."""
    view = Perspective.of(camera, 0)
    up = (1 - 2 * row) * TAN_HALF_FOV
    ray_y = up * math.cos(view.pitch) - math.sin(view.pitch)
    ray_z = -up * math.sin(view.pitch) - math.cos(view.pitch)
    return view.eye_z - view.eye_y / ray_y * ray_z if ray_y < -1e-3 else -math.inf
