"""Floors with their texture: the model's room, repainted from the studio's own tiles at full resolution.

The bundled model puts a floor of the right colour and light behind a product, but its autoencoder is too small for
grain, veins and joints. Where the words name a surface, this module finds in the model's picture where the floor
ends, takes a camera that fits, paints that floor as the studio does, and lights and colours it as the model did.
What comes back is a factor on the model's picture, for ``backdrop.compose_background``; it calms a plain wall. The
model's own blurred texture is divided out with it: two patterns on one floor would show as one too many. It is a
procedural texture, and ``compose_background`` says so in the notes.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import cv2
import numpy as np

from editcore.editors.backdrop import DARKEST, GHOST, fill_ghost
from editcore.editors.crop import Box, bounds, give_back, take
from editcore.editors.vantage import camera_for, find_boundary, plausible_cameras, unrest_of
from editcore.lexicon import Colour, Instruction
from editcore.studio.gbuffer import Camera
from editcore.studio.scenes import Scene, paint_floor
from editcore.studio.setting import WHITE_WALL
from editcore.studio.vocabulary import OUTDOOR_SURFACES, SURFACES, Tone

LAYOUTS = 12
"""Layouts (turn, scale, tile, place) tried for each camera."""
WORK_SIZE = 128
"""Square at which layouts are compared with the model's floor and the light is fitted."""
MODEL_BLUR = 0.016
"""Blur of the model's pictures in shares of the frame, for the comparison."""
MAX_PAINTED = 1536
"""Side of the largest square painted; larger pictures get it enlarged."""
EDGE_FADE = 0.03
"""Share of the frame below the boundary over which the texture comes in."""
WALL_CLEARANCE = 0.07
"""Share of the frame above the boundary that tells nothing about the wall."""
WALL_UNREST = 0.3
"""Blotches of the model's walls, as ``unrest`` of ``_smooth_light``."""
LIGHT_RANGE, TINT_RANGE = (0.45, 2.0), (0.96, 1.05)
"""How far the model's light and its colour (per channel, after light) may leave the surface's own. Little colour: the
model's floors take a cast from its walls, and white squares before a pink wall must stay white."""
BEHIND = 0.3
"""Least floor above the product's foot, in shares of its longer side: what stands on a floor is deep, too."""
DETAIL_RANGE = (0.02, 100.0)
LIGHT_SPREAD, PATCHES = 0.15, 30
"""What light varies over a floor (standard deviation), and how many independent patches of texture one shows."""
CALM = {"linen": 0.55, "grass": 0.8} | {name: 0.75 for name in SURFACES if name.endswith(" wood")}
"""Contrast of textures that are too lively at full resolution; others keep theirs."""
SKY = Tone("sky blue", (150, 196, 235))
"""Behind outdoor surfaces, as in ``studio.scenes.sample_scene``."""


class FloorDetail(NamedTuple):
    """A floor's texture as a factor on the model's picture, and how it was found."""

    detail: np.ndarray
    """(H, W, 3) float32; about 1 on average; on a wall with a finish, and outdoors, 1 above the floor."""
    notes: dict[str, float | str]
    """``floor_edge`` (row of the boundary, share of the model's square), ``floor_match`` (correlation of the
    texture with the model's), ``floor_layout`` (seed), ``floor_pitch`` (degrees)."""


def floor_detail(
    instruction: Instruction, alpha: np.ndarray, model_crop: np.ndarray, crop_box: Box, seed: int
) -> FloorDetail | None:
    """The texture of the floor that ``instruction`` names, in the perspective of the model's picture.

    alpha: (H, W) uint8, 255 = product; model_crop: (h, h, 3) float sRGB in [0, 1], the model's picture of
    ``crop_box``. seed: of the row; layouts are drawn from it. None unless a background names a surface that the
    studio can paint. Raises ValueError for an empty mask.
    """
    if (
        instruction.kind != "background"
        or instruction.setting != "floor"
        or instruction.surface not in SURFACES
    ):
        return None
    room = fill_ghost(np.clip(model_crop, 0, 1).astype(np.float32), alpha, crop_box)
    foot, extent = _stance(alpha, crop_box)
    scene = _scene(instruction)
    small = cv2.resize(room, (WORK_SIZE, WORK_SIZE), interpolation=cv2.INTER_AREA)
    outdoors = instruction.surface in OUTDOOR_SURFACES
    near = paint_floor(scene, camera_for(0.3, foot, extent), WORK_SIZE)
    floor, wall = near[-WORK_SIZE // 4 :].mean(axis=(0, 1)), np.array(scene.wall.rgb) / 255
    found, sureness = find_boundary(
        small, foot, floor if outdoors else None, wall if outdoors else None, unrest_of(near)
    )
    edge = min(found, max(foot - BEHIND * extent, 0.0))
    cameras = plausible_cameras(edge, foot, extent, outdoors)
    weight = _visible_floor(alpha, crop_box, found)
    camera, scene, match = _best(scene, cameras, small, weight, seed)
    relit = _relit(scene, camera, small, weight, edge, crop_box)
    above = _levelled(room, alpha, crop_box, edge)
    plain = not outdoors and instruction.wall_finish in (None, "plain")
    calm = _calm_wall(room, alpha, crop_box, edge) if plain else None
    detail = _as_factor(
        relit, room, above if calm is None else calm, crop_box, alpha.shape, edge, calm is not None
    )
    notes: dict[str, float | str] = {
        "floor_edge": round(edge, 4), "floor_edge_sureness": round(sureness, 3), "floor_match": round(match, 3),
        "floor_layout": scene.seed, "floor_pitch": round(math.degrees(float(camera.pitch[0])), 1),
    }  # fmt: skip
    return FloorDetail(detail, notes)


def _tone(colour: Colour | None) -> Tone | None:
    return Tone(colour.name, colour.rgb) if colour else None


def _scene(instruction: Instruction) -> Scene:
    surface = instruction.surface or ""
    wall = _tone(instruction.wall) or (SKY if surface in OUTDOOR_SURFACES else WHITE_WALL)
    first, second = _tone(instruction.surface_colour), _tone(instruction.second_colour)
    return Scene("floor", first, surface, second, wall, style=instruction.style or "")


def _stance(alpha: np.ndarray, box: Box) -> tuple[float, float]:
    """Row on which the product stands and its longer side, in shares of the box."""
    left, top, right, bottom = bounds(alpha)
    side = box[3] - box[1]
    return (bottom - box[1]) / side, max(right - left, bottom - top) / side


def _visible_floor(alpha: np.ndarray, box: Box, edge: float) -> np.ndarray:
    """Weights (WORK_SIZE, WORK_SIZE): 1 where the model shows floor, clear of the product and of the boundary."""
    mask = take(alpha, box, WORK_SIZE, cv2.BORDER_CONSTANT) / 255
    reach = 2 * max(round(1.3 * GHOST * WORK_SIZE), 1) + 1
    weight = (cv2.dilate(mask, np.ones((reach, reach), np.uint8)) < 0.02).astype(np.float32)
    first = min(int((edge + EDGE_FADE) * WORK_SIZE) + 1, WORK_SIZE - 12)
    weight[:first] = 0
    if weight.sum() < 0.02 * weight.size:  # the product fills the floor: its filled ghost must do
        weight[first:] = 1
    return weight


def _best(
    scene: Scene, cameras: list[Camera], small: np.ndarray, weight: np.ndarray, seed: int
) -> tuple[Camera, Scene, float]:
    """The camera and the layout whose floor, as blurred as the model's, goes best with the model's."""
    wanted = _texture(small, weight, blur=0.0)
    best: tuple[float, Camera, Scene] | None = None
    for number in range(LAYOUTS):
        candidate = _with_seed(scene, (seed + number) % 2**31)
        for camera in cameras:
            texture = _texture(paint_floor(candidate, camera, WORK_SIZE), weight, MODEL_BLUR)
            match = float((wanted * texture).sum())
            if best is None or match > best[0]:
                best = match, camera, candidate
    assert best is not None
    return best[1], best[2], best[0]


def _with_seed(scene: Scene, seed: int) -> Scene:
    return Scene(
        scene.setting,
        scene.colour,
        scene.surface,
        scene.second,
        scene.wall,
        scene.wall_finish,
        scene.style,
        seed,
    )


def _texture(picture: np.ndarray, weight: np.ndarray, blur: float) -> np.ndarray:
    """Grey texture around its smooth light, 0 outside the weight, of norm 1."""
    grey = picture.mean(axis=-1)
    if blur:
        grey = cv2.GaussianBlur(grey, (0, 0), blur * WORK_SIZE)
    grey = (grey - _smooth_light(grey[..., None], weight)[..., 0]) * weight
    return grey / (np.linalg.norm(grey) + 1e-6)


def _smooth_light(picture: np.ndarray, weight: np.ndarray, unrest: float = 0.0) -> np.ndarray:
    """Quadratic through the weighted pixels of (h, h, C), per channel: the studio's pool of light is one.

    unrest: relative deviation of the texture. The stronger it is, the less a slope of the mean says about light
    (ridge regression with the light's usual spread as its prior).
    """
    axis = np.linspace(-1, 1, picture.shape[0], dtype=np.float32)
    x, y = (plane.ravel() for plane in np.meshgrid(axis, axis))
    basis = np.stack([np.ones_like(x), x, y, x * x, x * y, y * y], axis=-1)
    share = weight.reshape(-1, 1) / weight.sum()
    basis[:, 1:] -= (share * basis[:, 1:]).sum(axis=0)
    known = basis * share
    ridge = np.full(6, 1e-4 + unrest**2 / PATCHES / LIGHT_SPREAD**2, np.float32)
    ridge[0] = 0
    flat = picture.reshape(len(x), -1)
    return (basis @ np.linalg.solve(known.T @ basis + np.diag(ridge), known.T @ flat)).reshape(picture.shape)


def _gain(model: np.ndarray, painted: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """What brings the painted floor into the model's light and overall tint: (WORK_SIZE, WORK_SIZE, 3)."""
    share = weight[..., None] / weight.sum()
    mean = (share * painted).sum(axis=(0, 1))
    tint = ((share * model).sum(axis=(0, 1)) + 0.01) / (mean + 0.01)
    tint = np.clip(tint / tint.mean(), *TINT_RANGE)
    grey, own = model.mean(axis=-1, keepdims=True), painted.mean(axis=-1, keepdims=True)
    unrest = float(np.sqrt((share * (own - _smooth_light(own, weight)) ** 2).sum()) / (mean.mean() + 0.01))
    light = [np.maximum(_smooth_light(x, weight, unrest), 0.01) for x in (grey, own)]
    return np.clip(light[0] / light[1], *LIGHT_RANGE) * tint


def _relit(
    scene: Scene, camera: Camera, small: np.ndarray, weight: np.ndarray, edge: float, box: Box
) -> np.ndarray:
    """The painted floor in the model's light and colour: (S, S, 3), rows above the boundary repeat its first."""
    low = paint_floor(scene, camera, WORK_SIZE)
    gain, calm = _gain(small, low, weight), CALM.get(scene.surface, 1.0)
    size = min(box[3] - box[1], MAX_PAINTED)
    first = min(max(int((edge - 0.01) * size), 0), size - 2)
    floor = paint_floor(scene, camera, size, first)
    if calm < 1:
        mean = cv2.resize(_smooth_light(low, weight), (size, size), interpolation=cv2.INTER_LINEAR)[first:]
        floor = mean + calm * (floor - mean)
    floor = np.clip(floor * cv2.resize(gain, (size, size), interpolation=cv2.INTER_LINEAR)[first:], 0, 1)
    return np.concatenate([np.broadcast_to(floor[:1], (first, size, 3)), floor]) if first else floor


def _levelled(room: np.ndarray, alpha: np.ndarray, box: Box, edge: float) -> np.ndarray:
    """The model's room with a level boundary behind the product, and its texture run together along it."""
    size = room.shape[0]
    rows = (np.arange(size, dtype=np.float32) + 0.5) / size - edge
    mask = cv2.dilate(
        take(alpha, box, size, cv2.BORDER_CONSTANT) / 255, np.ones((size // 8, size // 8), np.uint8)
    )
    known = np.clip(1 - mask, 0.001, 1)[..., None]
    options = {"sigmaX": 0.15 * size, "sigmaY": 0.6, "borderType": cv2.BORDER_REPLICATE}
    norm = cv2.GaussianBlur(known[..., 0], (0, 0), **options)[..., None]
    run = cv2.GaussianBlur(room * known, (0, 0), **options) / norm
    near = np.clip(2 - np.abs(rows) / EDGE_FADE, 0, 1)[:, None]
    share = near * np.maximum(cv2.GaussianBlur(mask, (0, 0), size / 64), (rows > 0)[:, None])
    return room + share[..., None] * (run - room)


def _calm_wall(room: np.ndarray, alpha: np.ndarray, box: Box, edge: float) -> np.ndarray | None:
    """A plain wall's smooth light and colour over the whole square, from the model's wall well above the floor.

    A floor of strong contrast smears over the foot of the model's wall, and a small model's wall is blotchy; a
    plain wall has neither. None where too little wall is seen to tell.
    """
    size = room.shape[0]
    mask = cv2.dilate(
        take(alpha, box, size, cv2.BORDER_CONSTANT) / 255, np.ones((size // 12, size // 12), np.uint8)
    )
    weight = (mask < 0.02).astype(np.float32)
    weight[max(int((edge - WALL_CLEARANCE) * size), 0) :] = 0
    for _ in range(2):  # the second time without what stood out the first time
        if weight.sum() < 0.04 * weight.size:
            return None
        light = _smooth_light(room, weight, unrest=WALL_UNREST)
        weight = weight * (np.abs(room - light).max(axis=-1) < 0.12)
    return np.clip(light, 0, 1).astype(np.float32)


def _as_factor(
    relit: np.ndarray, room: np.ndarray, level: np.ndarray, box: Box, shape: tuple[int, int], edge: float,
    whole: bool,
) -> np.ndarray:  # fmt: skip
    """What turns the model's picture at full resolution into the relit floor, fading out at the boundary.

    Above it the picture becomes ``level``: over the whole wall if ``whole``, else only near the boundary.
    """
    full, model = give_back(relit, box, shape), np.clip(give_back(room, box, shape), 0, 1)
    rows = (np.arange(shape[0], dtype=np.float32) + 0.5 - box[1]) / (box[3] - box[1])
    share = np.clip((rows - edge) / EDGE_FADE, 0, 1) if edge > 0 else np.ones_like(rows)
    share = (share * share * (3 - 2 * share))[:, None, None]
    if edge > 0:
        levelled = give_back(level, box, shape)
        full = levelled + share * (full - levelled)
    factor = np.clip(full / np.maximum(model, DARKEST), *DETAIL_RANGE).astype(np.float32)
    if not whole:
        factor[rows < edge - 2.2 * EDGE_FADE] = 1.0
    return factor
