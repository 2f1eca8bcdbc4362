"""One call from a description of a picture to the picture, its masks and its depth of everything known about it.

A ``Setup`` settles every pixel. An exact edit is a pair of setups that differ in one thing (see ``edits.py``), so
source and target agree everywhere else by construction.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from editcore.studio.composite import compose
from editcore.studio.framing import Pose, sample_camera, sample_light, sample_pose
from editcore.studio.gbuffer import Camera, GBuffer
from editcore.studio.kinds import KINDS, Shape, sample_shape
from editcore.studio.looks import Look, mean_rgb, sample_look, shade
from editcore.studio.render import render
from editcore.studio.scenes import Scene, paint, sample_scene


@dataclass(frozen=True)
class Geometry:
    """What the renderer needs: all of a picture but its colours. Hashable."""

    shape: Shape
    pose: Pose
    camera: tuple[float, float, float]
    """(pitch, distance, height), see ``gbuffer.Camera``."""
    light: float
    """Azimuth of the key light, radians."""


@dataclass(frozen=True)
class Setup:
    """Everything that settles one photograph."""

    geometry: Geometry
    look: Look
    scene: Scene
    noun: str
    """What a caption calls the product."""
    shown: bool = True
    """False: the scene without the product (the source of an insertion)."""
    tint: tuple[float, float, float] = (1.0, 1.0, 1.0)
    """Gain of red, green and blue of the whole picture: a warmer, cooler or darker light."""

    @property
    def kind(self) -> str:
        return self.geometry.shape.kind


@dataclass(frozen=True)
class Photos:
    """B photographs, float32."""

    rgb_B3HW: Tensor
    """sRGB in [0, 1]."""
    mask_B1HW: Tensor
    """Exact share of each pixel covered by the product, [0, 1]; all 0 where it is not shown."""
    parts_BPHW: Tensor
    """The same by part; slot names are ``KINDS[kind].parts``."""
    cutout_B3HW: Tensor
    """The product alone, times its coverage (premultiplied); no background, no shadow."""


def sample_setup(seed: int, kind: str | None = None) -> Setup:
    """Setup ``seed`` of the catalogue: a specimen, its pose, camera, light, look and scene."""
    rng = random.Random(seed)
    kind = kind or rng.choice(sorted(KINDS))
    shape, pose = sample_shape(kind, seed), sample_pose(kind, seed)
    camera = sample_camera([shape], [pose], [seed])
    view = (float(camera.pitch[0]), float(camera.distance[0]), float(camera.height[0]))
    geometry = Geometry(shape, pose, view, float(sample_light([seed])[0]))
    return Setup(geometry, sample_look(kind, rng), sample_scene(rng), rng.choice(KINDS[kind].nouns))


def photograph(
    setups: Sequence[Setup], size: int, supersample: int = 1, gbuffers: dict[Geometry, GBuffer] | None = None
) -> Photos:
    """Photograph setups at ``size`` x ``size`` pixels.

    Setups of one geometry share one rendering, setups of one scene and camera one painted background.
    ``gbuffers`` keeps renderings between calls. At ``supersample`` n everything is drawn at n times the size and
    averaged.
    """
    gbuffers = {} if gbuffers is None else gbuffers
    for geometry in dict.fromkeys(s.geometry for s in setups):
        if geometry not in gbuffers:
            gbuffers[geometry] = render_geometry(geometry, size * supersample)
    backgrounds: dict[tuple[Scene, tuple[float, float, float]], Tensor] = {}
    for s in setups:
        seen = (s.scene, s.geometry.camera)
        if seen not in backgrounds:
            backgrounds[seen] = paint([s.scene], gbuffers[s.geometry].camera, size * supersample)
    rows = [_photograph_one(s, gbuffers[s.geometry], backgrounds[s.scene, s.geometry.camera]) for s in setups]
    stacked = [torch.cat(column) for column in zip(*rows, strict=True)]
    if supersample > 1:
        stacked = [torch.nn.functional.avg_pool2d(x, supersample) for x in stacked]
    return Photos(*stacked)


def render_geometry(geometry: Geometry, size: int) -> GBuffer:
    """The G-buffer of one geometry."""
    camera = Camera(*(torch.tensor([v]) for v in geometry.camera))
    return render([geometry.shape], [geometry.pose], camera, torch.tensor([geometry.light]), size)


def _photograph_one(
    setup: Setup, gbuffer: GBuffer, background: Tensor
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    if not setup.shown:
        gbuffer = replace(
            gbuffer,
            coverage_B1HW=torch.zeros_like(gbuffer.coverage_B1HW),
            parts_BPHW=torch.zeros_like(gbuffer.parts_BPHW),
            ground_B1HW=torch.ones_like(gbuffer.ground_B1HW),
        )
    product = shade(gbuffer, [setup.look], mean_rgb(background))
    picture = compose(gbuffer, product, background, [setup.scene])
    if setup.tint != (1.0, 1.0, 1.0):
        gain = torch.tensor(setup.tint).view(1, 3, 1, 1)
        picture, product = (picture * gain).clamp(0, 1), (product * gain).clamp(0, 1)
    coverage = gbuffer.coverage_B1HW
    return picture, coverage, gbuffer.parts_BPHW, product * coverage
