"""Lights objects: turns a G-buffer and looks into colours."""

# ruff: noqa: N802  shape-suffixed fields
from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from editcore.studio import tiles  # noqa: F401  registers the painters
from editcore.studio.finish import Finish, Look
from editcore.studio.gbuffer import Camera, GBuffer
from editcore.studio.materials import Material, material
from editcore.studio.patterns import GIRTH, ROUND_KINDS, chart, inks
from editcore.studio.perspective import TAN_HALF_FOV, Perspective
from editcore.studio.surfaces import RGB, Surface
from editcore.studio.textures import SHADE_RANGE, tile
from editcore.studio.vocabulary import Tone


@dataclass(frozen=True)
class _Points:
    """The N pixels of one picture that show the object."""

    kind: str
    position_N3: Tensor
    normal_N3: Tensor
    light_N1: Tensor
    weight_N1: Tensor
    key_3: Tensor
    ambient_3: Tensor
    own_normal_N3: Tensor
    view: Perspective
    pixel: float
    """Size of a pixel on the object, object units."""
    size: int

    @cached_property
    def uv_N2(self) -> Tensor:
        """Chart coordinates, object units; only patterns and textures need them."""
        return chart(self.kind, self.position_N3, self.own_normal_N3)

    @property
    def up_N1(self) -> Tensor:
        """How far the surface faces the ceiling, [-1, 1]."""
        cos, sin = math.cos(self.view.pitch), math.sin(self.view.pitch)
        return self.normal_N3[:, 1:2] * cos + self.normal_N3[:, 2:] * sin


def shade(gbuffer: GBuffer, looks: Sequence[Look], ambient_rgb_B3: Tensor) -> Tensor:
    """Light every object with its look.

    ambient_rgb_B3: mean background colours, sRGB [0, 1]; they tint fill light, reflections and glass.
    Returns the objects' colours, float32 (B, 3, H, W) in [0, 1], not multiplied by coverage; 0 elsewhere.
    The exposure is set per object so that its mean diffuse colour is the colour named.
    """
    size = gbuffer.coverage_B1HW.shape[-1]
    picture_BN3 = torch.zeros(len(gbuffer), size * size, 3)
    for i, look in enumerate(looks):
        where = gbuffer.coverage_B1HW[i].flatten().nonzero()[:, 0]
        if not len(where):
            continue
        points = _points(gbuffer, i, where, ambient_rgb_B3[i], size)
        picture_BN3[i, where] = _shade_parts(points, look, _at(gbuffer.parts_BPHW[i], where))
    return picture_BN3.transpose(1, 2).reshape(len(gbuffer), 3, size, size)


def _at(planes_CHW: Tensor, where_N: Tensor) -> Tensor:
    return planes_CHW.flatten(1).index_select(1, where_N).T.contiguous()


def _points(gbuffer: GBuffer, i: int, where: Tensor, ambient_3: Tensor, size: int) -> _Points:
    return _Points(
        kind=gbuffer.kinds[i],
        position_N3=_at(gbuffer.position_B3HW[i], where),
        normal_N3=_at(gbuffer.normal_B3HW[i], where),
        light_N1=_at(gbuffer.light_B1HW[i], where),
        weight_N1=_at(gbuffer.coverage_B1HW[i], where),
        key_3=gbuffer.key_light_B3[i],
        ambient_3=ambient_3,
        own_normal_N3=_at(gbuffer.own_normal_B3HW[i], where),
        view=Perspective.of(gbuffer.camera, i),
        pixel=2 * TAN_HALF_FOV * float(gbuffer.camera.distance[i]) / size,
        size=size,
    )


def _shade_parts(points: _Points, look: Look, parts_NP: Tensor) -> Tensor:
    """Mix the shaded finishes by part coverage."""
    overrides = [(slot, finish) for slot, finish in look.parts if bool(parts_NP[:, slot].any())]
    colour_N3 = _shade_finish(points, look, look.seed)
    if not overrides:
        return colour_N3
    total = parts_NP.sum(1).clamp(min=1e-6)
    for slot, finish in overrides:
        share_N1 = (parts_NP[:, slot] / total)[:, None].clamp(0, 1)
        colour_N3 = colour_N3 + share_N1 * (_shade_finish(points, finish, look.seed + slot) - colour_N3)
    return colour_N3


# --- light -----------------------------------------------------------------------------------------------


def _shade_finish(points: _Points, finish: Finish, seed: int) -> Tensor:
    rng = random.Random(seed)
    stuff = material(finish.material, finish.variety)
    albedo_N3 = _albedo(points, finish, stuff.surface, rng)
    normal, light = points.normal_N3, points.light_N1
    facing_N1 = normal[:, 2:].clamp(0, 1)
    diffuse_N1 = _diffuse(points, stuff, facing_N1)
    exposure = _exposure(diffuse_N1, points.weight_N1) * rng.uniform(0.96, 1.04)
    fill_3 = 1 + 0.22 * (points.ambient_3 - points.ambient_3.mean())
    colour_N3 = _film(albedo_N3 * (diffuse_N1 * exposure) * fill_3)
    softbox_N1 = _softboxes(normal)
    if stuff.metallic:
        mirror_N1 = _room(normal, softbox_N1) * (0.4 + 0.6 * light)
        mirror_N1 = mirror_N1 * _exposure(mirror_N1, points.weight_N1)
        colour_N3 = colour_N3 + stuff.metallic * (albedo_N3 * mirror_N1 * fill_3 - colour_N3)
    if stuff.translucency:
        through_N1 = stuff.translucency * facing_N1**0.7
        backdrop_3 = points.ambient_3 * (0.35 + 0.65 * albedo_N3)
        colour_N3 = colour_N3 * (0.55 + 0.45 * facing_N1) * (1 - through_N1) + through_N1 * backdrop_3
    half_3 = points.key_3 + torch.tensor([0.0, 0.0, 1.0])
    glint_N1 = (normal @ (half_3 / half_3.norm()))[:, None].clamp(min=0) ** stuff.shininess
    fresnel_N1 = (1 - facing_N1) ** 4
    coat_N1 = stuff.specular * glint_N1 * (0.25 + 0.75 * light)
    coat_N1 = coat_N1 + stuff.reflection * (1 + 2 * fresnel_N1) * softbox_N1 * (0.5 + 0.5 * light)
    tint_N3 = (1 - stuff.metallic) + stuff.metallic * albedo_N3
    rim_3 = points.ambient_3 * (0.5 * stuff.reflection + 0.04 * (stuff.specular > 0))
    colour_N3 = (
        colour_N3 + coat_N1 * tint_N3 * (1.02 - 0.5 * colour_N3.clamp(0, 1)) + fresnel_N1 * rim_3 * light
    )
    return colour_N3.clamp(0, 1)


def _diffuse(points: _Points, stuff: Material, facing_N1: Tensor) -> Tensor:
    """Key light, and fill that comes more from above than from below."""
    key_N1 = (points.normal_N3 @ points.key_3)[:, None].clamp(min=0) * points.light_N1
    fill_N1 = (0.52 + 0.12 * points.up_N1) * (0.45 + 0.55 * points.light_N1)
    diffuse_N1 = fill_N1 + 0.62 * key_N1
    diffuse_N1 = torch.where(
        diffuse_N1 > 0.85, 0.85 + 0.45 * (diffuse_N1 - 0.85), diffuse_N1
    )  # film shoulder
    if stuff.sheen:
        diffuse_N1 = diffuse_N1 * (1 + stuff.sheen * (1.3 * (1 - facing_N1) ** 1.5 - 0.45))
    return diffuse_N1


def _exposure(brightness_N1: Tensor, weight_N1: Tensor) -> float:
    """What brings the mean brightness to 1, within a photographer's reason."""
    mean = float((brightness_N1 * weight_N1).sum() / weight_N1.sum().clamp(min=1e-6))
    return min(max(1.0 / max(mean, 1e-3), 0.6), 1.9)


def _film(colour_N3: Tensor) -> Tensor:
    """Over-exposed colours keep their hue and pale a little, instead of clipping channel by channel."""
    over_N1 = (colour_N3.amax(1, keepdim=True) - 1).clamp(min=0)
    return colour_N3 / (1 + over_N1) + 0.35 * over_N1


def _softboxes(normal_N3: Tensor) -> Tensor:
    """Reflection of two tall studio lights and their edges, [0, 1]."""
    facing = normal_N3[:, 2:]
    right, up = 2 * facing * normal_N3[:, :1], 2 * facing * normal_N3[:, 1:2]
    box = lambda x, low, high: ((x - low) * 14).clamp(0, 1) * ((high - x) * 14).clamp(0, 1)  # noqa: E731
    left_box = box(right, -0.86, -0.58) * box(up, -0.25, 0.8)
    right_box = 0.5 * box(right, 0.72, 0.86) * box(up, -0.35, 0.7)
    return left_box + right_box


def _room(normal_N3: Tensor, softbox_N1: Tensor) -> Tensor:
    """What a mirror sees: bright ceiling, dark horizon, lit floor, softboxes."""
    facing = normal_N3[:, 2:]
    up, right = 2 * facing * normal_N3[:, 1:2], 2 * facing * normal_N3[:, :1]
    ceiling = ((up - 0.05) * 2.2).clamp(0, 1)
    floor = ((-0.1 - up) * 1.8).clamp(0, 1)
    sides = 0.5 + 0.5 * torch.sin(3.4 * right + 1.1 + 0.8 * up)
    return 0.30 + 0.75 * ceiling * (0.55 + 0.45 * sides) + 0.36 * floor + 0.34 * sides**3 + 0.8 * softbox_N1


# --- colour ----------------------------------------------------------------------------------------------


def _albedo(points: _Points, finish: Finish, surface: Surface, rng: random.Random) -> Tensor:
    """Colour of the surface before light, (N, 3)."""
    ground_N3, shade_N1 = _textured(points, surface, finish.colour, rng)
    if finish.pattern == "plain":
        return ground_N3 * shade_N1
    height = points.position_N3[:, 1]
    height = (height - height.min()) / (height.max() - height.min()).clamp(min=1e-3)
    second_N, accent_N = inks(finish.pattern, points.uv_N2, height, points.pixel, rng.uniform(3.0, 4.6))
    first = _mean_colour(surface, finish.colour)
    second = torch.tensor(_rgb(finish.second) if finish.second else _opposite(first))
    accent = torch.tensor(_accent(first, tuple(second.tolist())))
    ground_N3 = ground_N3 + second_N[:, None] * (second - ground_N3)
    return (ground_N3 + accent_N[:, None] * (accent - ground_N3)) * shade_N1


def _textured(
    points: _Points, surface: Surface, colour: Tone | None, rng: random.Random
) -> tuple[Tensor, Tensor]:
    """Dyed tile colours (N, 3) and its shade (N, 1) at the points."""
    palette = torch.from_numpy(surface.colours(_rgb(colour) if colour else None, None))
    name, variant = surface.tiles[0], rng.randrange(3)
    if name == "smooth":
        return palette[0].expand(len(points.position_N3), 3), torch.ones(1, 1)
    width = surface.width
    if points.kind in ROUND_KINDS:
        width = GIRTH / max(1, round(GIRTH / width))  # the grain closes around the object
    uv = points.uv_N2.numpy() / width + np.array([rng.random(), rng.random()], np.float32)
    pixels = 512 if points.size <= 256 else 1024
    level = max(0.0, math.log2(points.pixel / width * pixels) + 0.3)
    planes = torch.from_numpy(_lookup(tile(name, variant, pixels), uv.astype(np.float32), level))
    mixed = planes[:, 1:] @ (palette[:2] - palette[2]) + palette[2]
    return mixed, planes[:, :1] * SHADE_RANGE


def _lookup(
    levels: Sequence[NDArray[np.uint8]], uv_N2: NDArray[np.float32], level: float
) -> NDArray[np.float32]:
    """Trilinear samples (N, 3) in [0, 1] at one mip level."""
    level = min(level, len(levels) - 1.001)
    count, columns = len(uv_N2), 256
    padded = np.zeros((-(-count // columns) * columns, 2), np.float32)
    padded[:count] = uv_N2 % 1.0
    grid = padded.reshape(-1, columns, 2)
    total = np.zeros((*grid.shape[:2], 3), np.float32)
    for number in (int(level), int(level) + 1):
        texels = grid * levels[number].shape[0] - 0.5
        image = cv2.remap(
            levels[number], texels[..., 0], texels[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_WRAP
        )
        total += image * ((1 - abs(level - number)) / 255)
    return total.reshape(-1, 3)[:count]


def _rgb(tone: Tone) -> RGB:
    return (tone.rgb[0] / 255, tone.rgb[1] / 255, tone.rgb[2] / 255)


def _mean_colour(surface: Surface, colour: Tone | None) -> RGB:
    return _rgb(colour) if colour else surface.palette[0]


def _opposite(first: RGB) -> RGB:
    """White, or dark grey on a light colour."""
    return (0.16, 0.16, 0.18) if sum(first) > 2.2 else (0.95, 0.95, 0.93)


def _accent(first: RGB, second: RGB) -> RGB:
    """The third tone of plaids and flower hearts: yellow unless that is near one of the two."""
    yellow, white = (0.95, 0.80, 0.25), (0.97, 0.97, 0.95)
    near = min(sum(abs(a - b) for a, b in zip(yellow, other, strict=True)) for other in (first, second))
    return white if near < 0.6 else yellow


def mean_rgb(background_rgb_B3HW: Tensor) -> Tensor:
    """Ambient colours (B, 3) of painted backgrounds, as ``shade`` takes them."""
    return background_rgb_B3HW.mean((2, 3))


def neutral(camera: Camera) -> Tensor:
    """Ambient colours (B, 3) of a neutral room."""
    return torch.full((len(camera.pitch), 3), 0.8)
