"""Where the product stands and where the camera: poses and framing."""

from __future__ import annotations

import math
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from editcore.studio.gbuffer import Camera
from editcore.studio.kinds import KINDS, Shape
from editcore.studio.kinds.base import Dice
from editcore.studio.perspective import TAN_HALF_FOV
from editcore.studio.sdf import Array

LIMIT = 0.95
"""No part of an object comes nearer to the edge of the picture; the edge is 1."""

Vec = tuple[float, float, float]


@dataclass(frozen=True)
class Pose:
    """How an object stands on the floor: scaled, turned by ``yaw`` (radians), then moved to (x, z)."""

    yaw: float = 0.0
    x: float = 0.0
    z: float = 0.0
    scale: float = 1.0
    tilt: float = 0.0
    """Lean to a side, radians, positive = its top to the right in the picture; see ``standing.py``."""
    mirrored: bool = False
    """Left and right of the object exchanged before it is turned."""

    def to_object(self, v: Vec) -> Vec:
        """A world direction in the frame of the turned object."""
        c, s = math.cos(self.yaw), math.sin(self.yaw)
        return (c * v[0] - s * v[2], v[1], s * v[0] + c * v[2])

    def to_world(self, points_N3: Array) -> Array:
        """Object points where they stand in the world, (N, 3)."""
        c, s = math.cos(self.yaw), math.sin(self.yaw)
        turn = np.array([[c, 0.0, -s], [0.0, 1.0, 0.0], [s, 0.0, c]], np.float32) * self.scale
        return points_N3 @ turn + np.array([self.x, 0.0, self.z], np.float32)


def sample_pose(kind: str, seed: int) -> Pose:
    """A catalogue pose: turned within what the kind can show, a little off the centre."""
    dice = Dice(zlib.crc32(kind.encode()), seed, 2)
    facing = KINDS[kind].facing
    behind = math.pi if KINDS[kind].two_sided and dice.chance(0.5) else 0.0
    return Pose(yaw=dice(-facing, facing) + behind, x=dice(-0.08, 0.08), z=dice(-0.08, 0.08))


def sample_camera(shapes: Sequence[Shape], poses: Sequence[Pose], seeds: Sequence[int]) -> Camera:
    """Cameras that see each object whole, filling about half to three quarters of the frame.

    With every optional part the object would still be in view: give the versions of an object with a part
    added or removed one camera.
    """
    rows = [_frame(*row) for row in zip(shapes, poses, seeds, strict=True)]
    pitch, distance, height = (torch.tensor(v) for v in zip(*rows, strict=True))
    return Camera(pitch=pitch, distance=distance, height=height)


def sample_light(seeds: Sequence[int]) -> torch.Tensor:
    """Key light azimuths (B,), radians: from the front left to the front right."""
    return torch.tensor([Dice(seed, 4)(-1.2, 1.2) for seed in seeds])


def outline(points_N3: Array, camera: Vec) -> tuple[float, float, float, float]:
    """Left, right, bottom and top of world points in the picture of a (pitch, distance, height), -1 to 1."""
    pitch, distance, height = camera
    cos_p, sin_p = math.cos(pitch), math.sin(pitch)
    up = (points_N3[:, 1] - height) * cos_p - points_N3[:, 2] * sin_p
    depth = (distance - (points_N3[:, 1] - height) * sin_p - points_N3[:, 2] * cos_p) * TAN_HALF_FOV
    across, upward = points_N3[:, 0] / depth, up / depth
    return float(across.min()), float(across.max()), float(upward.min()), float(upward.max())


def _frame(shape: Shape, pose: Pose, seed: int) -> Vec:
    dice = Dice(zlib.crc32(shape.kind.encode()), seed, 3)
    pitch, fill, shift = math.radians(dice(8, 32)), dice(0.6, 0.82), dice(-0.05, 0.05)
    own, complete = (pose.to_world(s.extent().cloud_N3) for s in (shape, shape.complete()))
    height, distance = float(own[:, 1].mean()), 4.0
    for _ in range(8):
        left, right, bottom, top = outline(own, (pitch, distance, height))
        grown = max(right - left, top - bottom) / 2 / fill
        left, right, low, high = outline(complete, (pitch, distance, height))
        distance *= max(grown, max(-left, right) / LIMIT, (high - low) / 2 / LIMIT)
        middle = (bottom + top) / 2 - shift
        middle = min(max(middle, high - LIMIT), low + LIMIT)
        height += middle * TAN_HALF_FOV * distance * 0.9
    return pitch, distance, height
