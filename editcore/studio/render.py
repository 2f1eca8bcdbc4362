"""Photographs shapes: sphere tracing of signed distances into a G-buffer.

Each picture is traced on its own, because plain numbers as shape parameters make a distance cheap. Rays are found
coarse to fine: a cone per tile of pixels is marched until it meets the surface (tiles that meet nothing are dropped),
then the pixels of the remaining tiles are marched from there. Soft shadows follow Inigo Quilez, "Soft shadows".
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import torch
import torch.nn.functional as F
from torch import Tensor

from editcore.studio import sdf
from editcore.studio.framing import Pose
from editcore.studio.gbuffer import HALF_FOV, PART_SLOTS, Camera, GBuffer
from editcore.studio.kinds import KINDS, Shape
from editcore.studio.sdf import Points

TILE = 8
"""Pixels along the side of a coarse tile."""
MARCH_STEPS = 96
ENTERED = 0.1
"""A ray has met the surface when it is this share of a pixel near."""
CHUNK = 1 << 15
"""Rays marched at once: bounds the memory and stays in the cache."""
KEY_ELEVATION = math.radians(48.0)
"""Height of the key light above the horizon."""
LIGHT_WIDTH = 0.22
"""Tangent of the key light's half size seen from the object: larger is softer."""
AMBIENT = 0.4
"""Share of the light that a shadow does not take away."""
GROUND_SIZE = 384
"""Above this picture size the smooth floor shadow is computed on every second, third... pixel."""

Vec = tuple[float, float, float]


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
            f"{len(shapes)} shapes, {len(poses)} poses, {len(camera.pitch)} cameras and {len(light_azimuth)} lights: "
            "give as many of each"
        )
    pictures = []
    for i, (shape, pose) in enumerate(zip(shapes, poses, strict=True)):
        row = Camera(camera.pitch[i : i + 1], camera.distance[i : i + 1], camera.height[i : i + 1])
        picture = _photograph(shape, pose, row, float(light_azimuth[i]), size * supersample)
        pictures.append(picture.shrink(supersample))
    return _join(pictures)


def _join(pictures: Sequence[GBuffer]) -> GBuffer:
    def cat(name: str) -> Tensor:
        return torch.cat([getattr(picture, name) for picture in pictures])

    camera = Camera(*(torch.cat([getattr(p.camera, n) for p in pictures]) for n in ("pitch", "distance", "height")))
    return GBuffer(
        kinds=tuple(kind for picture in pictures for kind in picture.kinds),
        camera=camera,
        coverage_B1HW=cat("coverage_B1HW"),
        parts_BPHW=cat("parts_BPHW"),
        normal_B3HW=cat("normal_B3HW"),
        position_B3HW=cat("position_B3HW"),
        light_B1HW=cat("light_B1HW"),
        ground_B1HW=cat("ground_B1HW"),
        key_light_B3=cat("key_light_B3"),
    )


@dataclass(frozen=True)
class View:
    """A camera in the object's own frame, where the pose is undone."""

    origin: Vec
    right: Vec
    up: Vec
    forward: Vec
    light: Vec
    size: int

    @property
    def pixel(self) -> float:
        """Width of a pixel at distance 1."""
        return 2 * math.tan(math.radians(HALF_FOV)) / self.size

    def rays(self, row: Tensor, column: Tensor) -> Points:
        """Unit directions through (fractional) pixel coordinates; pixel centres are at +0.5."""
        middle = self.size / 2
        across, upward = (column - middle) * self.pixel, (middle - row) * self.pixel
        scale = torch.addcmul(torch.addcmul(torch.ones_like(across), across, across), upward, upward).rsqrt()
        r, u, f = self.right, self.up, self.forward
        return Points(*((across * r[i] + upward * u[i] + f[i]) * scale for i in range(3)))

    def to_camera(self, n: Points) -> Tensor:
        """Object-frame vectors in camera axes (x right, y up, z towards the camera), (3, N)."""
        axes = torch.tensor([self.right, self.up, tuple(-v for v in self.forward)])
        return axes @ torch.stack(tuple(n))


def _view(pose: Pose, camera: Camera, azimuth: float, size: int) -> View:
    pitch, distance, height = (float(v[0]) for v in (camera.pitch, camera.distance, camera.height))
    cos_p, sin_p = math.cos(pitch), math.sin(pitch)
    cos_e, sin_e = math.cos(KEY_ELEVATION), math.sin(KEY_ELEVATION)
    light = (math.sin(azimuth) * cos_e, sin_e, math.cos(azimuth) * cos_e)
    eye = (-pose.x, height + distance * sin_p, distance * cos_p - pose.z)
    x, y, z = pose.to_object(eye)
    return View(
        origin=(x / pose.scale, y / pose.scale, z / pose.scale),
        right=pose.to_object((1.0, 0.0, 0.0)),
        up=pose.to_object((0.0, cos_p, -sin_p)),
        forward=pose.to_object((0.0, -sin_p, -cos_p)),
        light=pose.to_object(light),
        size=size,
    )


def _photograph(shape: Shape, pose: Pose, camera: Camera, azimuth: float, size: int) -> GBuffer:
    view = _view(pose, camera, azimuth, size)
    area = size * size
    coverage, light = torch.zeros(area), torch.zeros(area)
    parts, normal, position = torch.zeros(PART_SLOTS, area), torch.zeros(3, area), torch.zeros(3, area)
    for rows, columns, start in _pixels(shape, view):
        rays = view.rays(rows + 0.5, columns + 0.5)
        chosen, t, closest = _march(shape, view, rays, start)
        rays = Points(*(v[chosen] for v in rays))
        p = _along(view.origin, rays, t)
        p, n, steepness = _surface(shape, p, view.pixel * t)
        share = (0.5 - closest / steepness).clamp(0, 1)
        index = rows[chosen] * size + columns[chosen]
        coverage[index] = share
        parts[:, index] = _part_shares(shape, p, view.pixel * t) * share
        normal[:, index] = view.to_camera(n)
        position[:, index] = torch.stack(tuple(p))
        light[index] = _object_light(shape, view, p, n, view.pixel * t)
    key = view.to_camera(Points(*(torch.tensor([v]) for v in view.light)))

    def picture(x: Tensor) -> Tensor:
        return x.reshape(1, -1, size, size)

    return GBuffer(
        kinds=(shape.kind,),
        coverage_B1HW=picture(coverage),
        parts_BPHW=picture(parts),
        normal_B3HW=picture(normal),
        position_B3HW=picture(position),
        light_B1HW=picture(light),
        ground_B1HW=_ground(shape, view),
        camera=camera,
        key_light_B3=key.T,
    )


# --- finding the surface -------------------------------------------------------------------------------------------


def _pixels(shape: Shape, view: View) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
    """Chunks of (rows, columns, distance to start from) of the pixels that may show the object."""
    tiles = -(-view.size // TILE)
    index = torch.arange(tiles * tiles)
    row, column = index.div(tiles, rounding_mode="floor") * TILE, index % tiles * TILE
    rays = view.rays(row + TILE / 2, column + TILE / 2)
    half_cone = TILE * view.pixel * 0.72
    near, far = _box_hits(shape, view.origin, rays, half_cone * 6)
    inside = (near < far).nonzero()[:, 0]
    row, column, t, far = row[inside], column[inside], near[inside], far[inside]
    rays = Points(*(v[inside] for v in rays))
    for _ in range(24):
        p = _along(view.origin, rays, t)
        t = t + ((shape.distance(p) - half_cone * t).clamp(min=0) * (1 / (1 + half_cone)))
    met = (t < far).nonzero()[:, 0]
    offset = torch.arange(TILE * TILE)
    rows = row[met, None] + offset.div(TILE, rounding_mode="floor")
    columns = column[met, None] + offset % TILE
    start = t[met, None].expand_as(rows)
    held = (rows < view.size) & (columns < view.size)
    yield from zip(*(v[held].split(CHUNK) for v in (rows, columns, start)), strict=True)


def _along(origin: Vec, rays: Points, t: Tensor) -> Points:
    return Points(*(torch.addcmul(torch.full_like(t, o), d, t) for o, d in zip(origin, rays, strict=True)))


def _box_hits(shape: Shape, origin: Vec, rays: Points, margin: float) -> tuple[Tensor, Tensor]:
    """Distances at which rays enter and leave the box around the shape, widened by ``margin``."""
    low, high, _ = shape.extent()
    near, far = torch.full_like(rays.x, 0.01), torch.full_like(rays.x, 1e3)
    for o, d, a, b in zip(origin, rays, low, high, strict=True):
        inverse = 1 / torch.where(d.abs() < 1e-6, 1e-6, d)
        first, second = (a - margin - o) * inverse, (b + margin - o) * inverse
        near, far = near.maximum(first.minimum(second)), far.minimum(first.maximum(second))
    return near, far


def _march(shape: Shape, view: View, rays: Points, t: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Indices of the rays that touch the object, where they do, and which only pass within a pixel of it.

    A ray that reaches half a pixel deep covers its pixel whole; for the others the closest approach tells the share
    covered. The surface point is where a ray first enters, else its closest approach.
    """
    _, far = _box_hits(shape, view.origin, rays, 0.02)
    index = torch.arange(len(t))
    closest, surface = torch.full_like(t, 1e3), t.clone()
    state = (index, *rays, t, far, closest, surface)
    for step in range(MARCH_STEPS):
        index, dx, dy, dz, at, end, best, best_at = state
        footprint = at * view.pixel
        distance = shape.distance(_along(view.origin, Points(dx, dy, dz), at))
        ratio = distance / footprint
        best_at = torch.where((ratio < best) & (best > ENTERED), at, best_at)
        best = best.minimum(ratio)
        deep = best < -0.45
        stride = distance + (footprint * 0.5).clamp(max=0.012)
        at = at + torch.where(deep, 0.0, stride.maximum(footprint * 0.25))
        state = (index, dx, dy, dz, at, end, best, best_at)
        if step % 4 == 3:
            closest[index], surface[index] = best, best_at
            going = (~deep & (at < end)).nonzero()[:, 0]
            if not len(going):
                break
            state = tuple(v[going] for v in state)
    closest[state[0]], surface[state[0]] = state[6], state[7]
    touched = (closest < 2.0).nonzero()[:, 0]
    return touched, surface[touched], closest[touched]


def _surface(shape: Shape, p: Points, footprint: Tensor) -> tuple[Points, Points, Tensor]:
    """Nearest surface points, outward unit normals there and the length of the distance's gradient.

    By finite differences at the corners of a small tetrahedron.
    """
    corners = torch.tensor([[1.0, -1, -1, 1], [-1, -1, 1, 1], [-1, 1, -1, 1]])
    step = (footprint * 0.5).clamp(0.0015, 0.006)
    around = Points(*((v + step * c[:, None]).reshape(-1) for v, c in zip(p, corners, strict=True)))
    distance = shape.distance(around).reshape(4, -1)
    gradient = (corners @ distance) / (4 * step)
    steepness = gradient.norm(dim=0).clamp(min=0.05)
    normal = gradient / steepness
    depth = (distance.mean(dim=0) / steepness).clamp(-0.02, 0.02)
    return Points(*(torch.stack(tuple(p)) - normal * depth)), Points(*normal), steepness


def _part_shares(shape: Shape, p: Points, footprint: Tensor) -> Tensor:
    """Share of each part slot at surface points (P, N); seams between parts are one pixel soft."""
    slots = KINDS[shape.kind].parts
    shares = torch.zeros(PART_SLOTS, len(p.x))
    distances = shape.parts(p)
    nearest = torch.stack(tuple(distances.values())).amin(dim=0)
    for name, distance in distances.items():
        shares[slots.index(name)] = (1 - (distance - nearest) / footprint).clamp(min=0)
    return shares / shares.sum(dim=0)


# --- light ---------------------------------------------------------------------------------------------------------


def _visibility(shape: Shape, light: Vec, p: Points, reach: Tensor, first: float) -> Tensor:
    """Share of the key light seen from each point, [0, 1]; ``reach`` is how far something may be in the way."""
    t = torch.full_like(p.x, first)
    seen = torch.ones_like(t)
    result, index = torch.ones_like(t), torch.arange(len(t))
    for step in range(40):
        q = Points(*(v + a * t for v, a in zip(p, light, strict=True)))
        d = shape.distance(q)
        seen = torch.minimum(seen, d / (t * LIGHT_WIDTH)).clamp(min=-1)
        t = t + d.abs().mul(0.8).clamp(0.012, 0.25)
        if step % 4 == 3:
            result[index] = seen
            going = ((t < reach) & (seen > -1)).nonzero()[:, 0]
            if not len(going):
                break
            index, t, seen, reach = (v[going] for v in (index, t, seen, reach))
            p = Points(*(v[going] for v in p))
    result[index] = seen
    return 0.25 * (1 + result) ** 2 * (2 - result)


def _object_light(shape: Shape, view: View, p: Points, n: Points, footprint: Tensor) -> Tensor:
    """Key light and ambient occlusion at surface points, [0, 1]."""
    lift = footprint + 0.008
    surface = Points(*(v + a * lift for v, a in zip(p, n, strict=True)))
    visible = _visibility(shape, view.light, surface, _leaving(shape, view.light, surface), 0.01)
    heights = (0.04, 0.12, 0.3)
    probes = Points(*(torch.cat([v + a * h for h in heights]) for v, a in zip(p, n, strict=True)))
    free = shape.distance(probes).minimum(probes.y).reshape(len(heights), -1)
    closed = torch.stack([(1 - free[i] / h).clamp(0, 1) for i, h in enumerate(heights)]).mean(dim=0)
    return (AMBIENT + (1 - AMBIENT) * visible) * (1 - 0.75 * closed)


def _leaving(shape: Shape, light: Vec, p: Points) -> Tensor:
    """How far towards the light each point leaves the box around the shape; <= 0 where it never enters."""
    low, high, _ = shape.extent()
    far = torch.full_like(p.x, 1e3)
    for v, a, lower, upper in zip(p, light, low, high, strict=True):
        if abs(a) > 1e-6:
            far = far.minimum(((upper if a > 0 else lower) - v) / a)
    return far


def _ground(shape: Shape, view: View) -> Tensor:
    """Light on the floor y = 0 at every pixel (1, 1, H, W), also behind the object; 1 = unshadowed."""
    size = min(view.size, GROUND_SIZE)
    small = replace(view, size=size)
    index = torch.arange(size * size)
    rays = small.rays(index.div(size, rounding_mode="floor") + 0.5, index % size + 0.5)
    t = view.origin[1] / (-rays.y).clamp(min=1e-3)
    floor = Points(view.origin[0] + rays.x * t, torch.zeros_like(t), view.origin[2] + rays.z * t)
    low, high, _ = shape.extent()
    centre = [(a + b) / 2 for a, b in zip(low, high, strict=True)]
    radius = math.dist(low, high) / 2
    to_centre = Points(*(c - v for c, v in zip(centre, floor, strict=True)))
    ahead = sum((v * a for v, a in zip(to_centre, view.light, strict=True)), torch.zeros_like(t))
    aside = (sdf.length(*to_centre) ** 2 - ahead * ahead).clamp(min=0).sqrt()
    shaded = (rays.y < -1e-3) & (aside - radius < LIGHT_WIDTH * (ahead + radius).clamp(min=0) + 0.15)
    index = shaded.nonzero()[:, 0]
    ground = torch.ones(size * size)
    for part in index.split(CHUNK):
        p = Points(*(v[part] for v in floor))
        visible = _visibility(shape, view.light, p, ahead[part] + radius, 0.012)
        contact = torch.ones_like(visible)
        for height in (0.05, 0.2):
            free = shape.distance(Points(p.x, p.y + height, p.z)) / height
            contact = contact * (0.62 + 0.38 * free.clamp(0, 1))
        ground[part] = (AMBIENT + (1 - AMBIENT) * visible) * contact
    picture = ground.reshape(1, 1, size, size)
    if size == view.size:
        return picture
    return F.interpolate(picture, size=(view.size, view.size), mode="bilinear", align_corners=False)
