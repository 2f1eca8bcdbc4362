"""Where the floor and the wall are in a picture: rays and rows of a camera."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from editcore.studio.gbuffer import HALF_FOV, Camera

Array = NDArray[np.float32]
TAN_HALF_FOV = math.tan(math.radians(HALF_FOV))


def horizon_row(camera: Camera, size: int) -> Tensor:
    """Row (float, B) of the infinitely far floor; negative when it lies above the picture."""
    return (1 - torch.tan(camera.pitch) / TAN_HALF_FOV) * size / 2


@dataclass(frozen=True)
class Perspective:
    """One camera, as plain numbers."""

    pitch: float
    eye_y: float
    eye_z: float

    @staticmethod
    def of(camera: Camera, i: int) -> Perspective:
        pitch, distance, height = float(camera.pitch[i]), float(camera.distance[i]), float(camera.height[i])
        return Perspective(pitch, height + distance * math.sin(pitch), distance * math.cos(pitch))

    def rays(self, first: int, size: int, per_row: int) -> tuple[Array, Array]:
        """Direction (y, z) of the rays through rows ``first``.., for a unit step along the view axis."""
        rows = (np.arange(first * per_row, size * per_row) + 0.5) / per_row
        up = (1 - rows * (2 / size)) * TAN_HALF_FOV
        cos, sin = math.cos(self.pitch), math.sin(self.pitch)
        return (up * cos - sin).astype(np.float32), (-up * sin - cos).astype(np.float32)

    def row_of(self, y: float, z: float, size: int) -> float:
        """Picture row of the point (0, y, z)."""
        dy, dz = y - self.eye_y, z - self.eye_z
        depth = -dy * math.sin(self.pitch) - dz * math.cos(self.pitch)
        up = (dy * math.cos(self.pitch) - dz * math.sin(self.pitch)) / max(depth, 1e-3)
        return (1 - up / TAN_HALF_FOV) * size / 2

    def row_of_floor(self, z: float, size: int) -> float:
        return self.row_of(0.0, z, size)
