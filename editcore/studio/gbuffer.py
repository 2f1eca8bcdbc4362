"""What the renderer hands to the shader: geometry of one product, without colour.

A G-buffer separates the slow part (finding the surface) from the fast one (looks and backgrounds), so one
rendered object is photographed hundreds of times, and an edit keeps its geometry exactly.

Shapes: B pictures, P part slots, H rows, W columns. All tensors are float32 on the CPU.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import torch
import torch.nn.functional as F
from torch import Tensor

PART_SLOTS = 4
"""Every kind names at most this many parts; slot 0 is its body."""

HALF_FOV = 15.0
"""Half of the vertical (and horizontal: pictures are square) field of view, degrees."""


@dataclass(frozen=True)
class Camera:
    """A camera at azimuth 0 that looks at the axis of the object standing on the plane y = 0.

    It stands at ``(0, height + distance * sin(pitch), distance * cos(pitch))`` and looks along
    ``(0, -sin(pitch), -cos(pitch))``; x points right, y up. Each field has shape (B,).
    """

    pitch: Tensor
    """Radians downwards, 0.05 to 0.7."""
    distance: Tensor
    """Object units (a mug is about one unit high)."""
    height: Tensor
    """Height of the point looked at, object units."""


@dataclass(frozen=True)
class GBuffer:
    """Geometry of B photographed objects of one size H x W."""

    kinds: tuple[str, ...]
    """Catalogue kind of each object (a key of ``kinds.KINDS``)."""
    coverage_B1HW: Tensor
    """Share of the pixel covered by the object, [0, 1]; soft at the rim (anti-aliased)."""
    parts_BPHW: Tensor
    """Coverage by part; sums to ``coverage`` over P. Slot names: ``KINDS[kind].parts``."""
    normal_B3HW: Tensor
    """Camera-space unit normals (x right, y up, z towards the camera); 0 off the object."""
    position_B3HW: Tensor
    """Object-space surface point, object units (patterns stick to the object); 0 off the object."""
    own_normal_B3HW: Tensor
    """Object-space unit normals; 0 off the object."""
    light_B1HW: Tensor
    """Key-light visibility times ambient occlusion on the object, [0, 1]."""
    ground_B1HW: Tensor
    """Key-light visibility and contact occlusion on the floor, [0, 1]; 1 = no shadow."""
    camera: Camera
    key_light_B3: Tensor
    """Unit direction to the key light, camera space."""

    def __len__(self) -> int:
        return len(self.kinds)

    def take(self, index: list[int]) -> GBuffer:
        """The pictures at ``index``, in that order."""
        rows = torch.tensor(index, dtype=torch.long)
        tensors = {
            f.name: getattr(self, f.name)[rows] for f in fields(self) if f.name not in ("kinds", "camera")
        }
        camera = Camera(*(getattr(self.camera, f.name)[rows] for f in fields(Camera)))
        return GBuffer(kinds=tuple(self.kinds[i] for i in index), camera=camera, **tensors)

    def shrink(self, factor: int) -> GBuffer:
        """Area-average to ``H / factor``; normals and positions are weighted by coverage."""
        if factor == 1:
            return self
        weight = F.avg_pool2d(self.coverage_B1HW, factor).clamp(min=1e-6)
        pool = lambda x: F.avg_pool2d(x, factor)  # noqa: E731
        on_object = lambda x: pool(x * self.coverage_B1HW) / weight  # noqa: E731
        unit = lambda x: x / x.norm(dim=1, keepdim=True).clamp(min=1e-5)  # noqa: E731
        return replace(
            self,
            coverage_B1HW=pool(self.coverage_B1HW),
            parts_BPHW=pool(self.parts_BPHW),
            normal_B3HW=unit(on_object(self.normal_B3HW)),
            position_B3HW=on_object(self.position_B3HW),
            own_normal_B3HW=unit(on_object(self.own_normal_B3HW)),
            light_B1HW=on_object(self.light_B1HW),
            ground_B1HW=pool(self.ground_B1HW),
        )
