"""Putting the object into the scene: its shadow on the ground and its reflection in glossy floors."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from editcore.studio.gbuffer import GBuffer
from editcore.studio.perspective import TAN_HALF_FOV, Perspective
from editcore.studio.setting import Scene
from editcore.studio.surfaces import SURFACE_TABLE

SHADOW = {"floor": 0.75, "studio": 0.6}
"""Share of the light that the deepest shadow takes away."""
REFLECTION_HEIGHT = 0.45
"""Object units above the floor over which a reflection fades."""


def compose(
    gbuffer: GBuffer, object_rgb_B3HW: Tensor, background_rgb_B3HW: Tensor, scenes: Sequence[Scene]
) -> Tensor:
    """Object over background, with its shadow on the ground and, on glossy floors, its reflection.

    Outside the object only the ground shadow and the reflection change the background.
    Returns float32 (B, 3, H, W) in [0, 1].
    """
    depth_B111 = torch.tensor([SHADOW[scene.setting] for scene in scenes]).view(-1, 1, 1, 1)
    ground_B3HW = background_rgb_B3HW * (1 - depth_B111 * (1 - gbuffer.ground_B1HW))
    for i, scene in enumerate(scenes):
        gloss = SURFACE_TABLE[scene.surface].gloss if scene.setting == "floor" else 0.0
        if gloss >= 0.05:
            _reflect(ground_B3HW[i], gbuffer, object_rgb_B3HW[i], i, gloss)
    return torch.lerp(ground_B3HW, object_rgb_B3HW, gbuffer.coverage_B1HW).clamp_(0, 1)


def _reflect(ground_3HW: Tensor, gbuffer: GBuffer, object_3HW: Tensor, i: int, gloss: float) -> None:
    """Mirror the object about the floor, in place.

    The object counts as a cut-out standing at the depth of its foot, so the mirror image of a row is a row.
    """
    coverage_HW = gbuffer.coverage_B1HW[i, 0]
    size = coverage_HW.shape[-1]
    rows = (coverage_HW.amax(1) > 0.5).nonzero()
    if not len(rows):
        return
    foot = int(rows[-1]) + 1
    view = Perspective.of(gbuffer.camera, i)
    ray_y, ray_z = (torch.from_numpy(ray) for ray in view.rays(foot, size, 1))
    if foot >= size or float(ray_y[0]) >= -1e-3:
        return
    depth = view.eye_z - view.eye_y * float(ray_z[0] / ray_y[0])  # of the foot, on the floor
    height = -(view.eye_y + (depth - view.eye_z) / ray_z * ray_y).clamp(max=0)
    distance = (view.eye_y - height) * math.sin(view.pitch) + (view.eye_z - depth) * math.cos(view.pitch)
    up = (height - view.eye_y) * math.cos(view.pitch) - (depth - view.eye_z) * math.sin(view.pitch)
    source = ((1 - up / distance / TAN_HALF_FOV) * size / 2).long().clamp(0, size - 1)
    facing = -ray_y / torch.hypot(ray_y, ray_z)
    grazing = 0.3 + 0.7 * (1 - facing)
    strength = (0.5 + gloss) * gloss**0.5 * torch.exp(-height / REFLECTION_HEIGHT) * grazing
    share_HW = coverage_HW[source] * strength[:, None]
    ground_3HW[:, foot:] += share_HW * (object_3HW[:, source] - ground_3HW[:, foot:])
