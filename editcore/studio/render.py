"""Photographs shapes into G-buffers. ``python -m editcore.studio.render`` measures how fast.

Each picture is traced on its own: plain numbers as shape parameters make a distance cheap, rays can be
dropped as soon as they are done, and pictures of different kinds mix freely in a batch.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from editcore.studio import shadows, trace
from editcore.studio.framing import Pose, sample_camera, sample_light, sample_pose
from editcore.studio.gbuffer import PART_SLOTS, Camera, GBuffer
from editcore.studio.kinds import KINDS, Shape, sample_shape
from editcore.studio.sdf import Array, Points
from editcore.studio.standing import standing


def render(
    shapes: Sequence[Shape],
    poses: Sequence[Pose],
    camera: Camera,
    light_azimuth: Tensor,
    size: int,
    supersample: int = 1,
) -> GBuffer:
    """Photographs B shapes, of any kinds, at ``size`` x ``size`` pixels.

    ``light_azimuth`` (B,), radians: 0 lights from the camera's side, positive from the right. Rims are
    anti-aliased; ``supersample`` > 1 also smooths edges inside the object, at its square in time. Nothing is
    random: the same arguments give the same picture, and the same geometry at any size.
    """
    if not len(shapes) == len(poses) == len(light_azimuth) == len(camera.pitch):
        raise ValueError(
            f"{len(shapes)} shapes, {len(poses)} poses, {len(camera.pitch)} cameras and {len(light_azimuth)} "
            "lights: give as many of each"
        )
    pictures = []
    for i, (shape, pose) in enumerate(zip(shapes, poses, strict=True)):
        row = Camera(camera.pitch[i : i + 1], camera.distance[i : i + 1], camera.height[i : i + 1])
        picture = _photograph(shape, pose, row, float(light_azimuth[i]), size * supersample)
        pictures.append(picture.shrink(supersample))
    return join(pictures)


def join(pictures: Sequence[GBuffer]) -> GBuffer:
    """One G-buffer of several of the same size, in order."""

    def cat(name: str) -> Tensor:
        return torch.cat([getattr(picture, name) for picture in pictures])

    camera = Camera(
        *(torch.cat([getattr(p.camera, n) for p in pictures]) for n in ("pitch", "distance", "height"))
    )
    return GBuffer(
        kinds=tuple(kind for picture in pictures for kind in picture.kinds),
        camera=camera,
        coverage_B1HW=cat("coverage_B1HW"),
        parts_BPHW=cat("parts_BPHW"),
        normal_B3HW=cat("normal_B3HW"),
        position_B3HW=cat("position_B3HW"),
        own_normal_B3HW=cat("own_normal_B3HW"),
        light_B1HW=cat("light_B1HW"),
        ground_B1HW=cat("ground_B1HW"),
        key_light_B3=cat("key_light_B3"),
    )


def _photograph(shape: Shape, pose: Pose, camera: Camera, azimuth: float, size: int) -> GBuffer:
    pitch, distance, height = (float(v[0]) for v in (camera.pitch, camera.distance, camera.height))
    shape = standing(shape, pose)
    view = trace.View.of(pose, pitch, distance, height, shadows.key_direction(azimuth), size)
    coverage, light = np.zeros((1, size * size), np.float32), np.zeros((1, size * size), np.float32)
    parts = np.zeros((PART_SLOTS, size * size), np.float32)
    normal, own_normal, position = (np.zeros((3, size * size), np.float32) for _ in range(3))
    for rows, columns, start in trace.pixels(shape, view):
        rays = view.rays(rows + 0.5, columns + 0.5)
        touched, t, nearest = trace.march(shape, view, rays, start)
        if not len(touched):
            continue
        footprint = t * view.pixel
        p, n, steepness = trace.refine(
            shape, trace.along(view.origin, Points(*(v[touched] for v in rays)), t), footprint
        )
        share = np.where(nearest < trace.DEEP, 1, np.clip(0.5 - nearest / steepness, 0, 1))
        index = rows[touched] * size + columns[touched]
        coverage[0, index] = share
        parts[:, index] = trace.part_shares(shape, p, footprint) * share
        normal[:, index] = view.to_camera(np.stack(n))
        own_normal[:, index] = np.stack(shape.own(n, direction=True))
        position[:, index] = np.stack(shape.own(p))
        light[0, index] = shadows.object_light(shape, view, p, n, footprint)
    seen = coverage > 0

    def picture(x: Array) -> Tensor:
        return torch.from_numpy(x * seen).reshape(1, -1, size, size)

    floor = shadows.floor_light(shape, replace(view, size=min(size, shadows.FLOOR_SIZE)))
    ground = torch.from_numpy(floor)[None, None]
    if ground.shape[-1] != size:
        ground = F.interpolate(ground, size=(size, size), mode="bilinear", align_corners=False)
    return GBuffer(
        kinds=(shape.kind,),
        coverage_B1HW=picture(coverage),
        parts_BPHW=picture(parts),
        normal_B3HW=picture(normal),
        position_B3HW=picture(position),
        own_normal_B3HW=picture(own_normal),
        light_B1HW=picture(light),
        ground_B1HW=ground,
        camera=camera,
        key_light_B3=torch.from_numpy(view.to_camera(np.array(view.light, np.float32)))[None],
    )


def photograph_catalogue(
    kinds: Sequence[str], seeds: Sequence[int], size: int, supersample: int = 1
) -> GBuffer:
    """One picture of each (kind, seed): shape, pose, camera and light all sampled from the seed."""
    shapes = [sample_shape(kind, seed) for kind, seed in zip(kinds, seeds, strict=True)]
    poses = [sample_pose(kind, seed) for kind, seed in zip(kinds, seeds, strict=True)]
    return render(shapes, poses, sample_camera(shapes, poses, seeds), sample_light(seeds), size, supersample)


def main() -> None:
    """Prints CPU milliseconds per picture of every kind, and pictures per second over all of them."""
    torch.set_num_threads(1)
    count, total = 6, 0.0
    for kind in KINDS:
        begin = time.process_time()
        photograph_catalogue([kind] * count, range(count), size=128)
        spent = time.process_time() - begin
        total += spent
        print(f"{kind:12s} {1e3 * spent / count:6.1f} ms")
    print(f"{len(KINDS) * count / total:.1f} pictures of 128 x 128 per second of one core")


if __name__ == "__main__":
    main()
