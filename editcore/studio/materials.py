"""How each material answers light, and the tile and natural colours it is made of."""

from __future__ import annotations

from dataclasses import dataclass, replace

from editcore.studio.surfaces import MARBLE_COLOURS, RGB, SURFACE_TABLE, Surface, plain
from editcore.studio.vocabulary import MATERIALS

METAL_COLOURS: dict[str, RGB] = {
    "gold": (0.90, 0.69, 0.25),
    "brass": (0.77, 0.62, 0.30),
    "copper": (0.80, 0.47, 0.30),
    "rose gold": (0.86, 0.62, 0.57),
    "bronze": (0.55, 0.39, 0.21),
    "silver": (0.80, 0.80, 0.82),
    "chrome": (0.74, 0.76, 0.79),
    "steel": (0.58, 0.60, 0.63),
}


@dataclass(frozen=True)
class Material:
    """Optical answer of a finish; the albedo is a dyed ``Surface``."""

    surface: Surface
    specular: float = 0.0
    """Strength of the highlight, [0, 1]."""
    shininess: float = 20.0
    """Blinn-Phong exponent of the highlight."""
    reflection: float = 0.0
    """Share of the softboxes seen in a clear coat at normal incidence, [0, 1]."""
    metallic: float = 0.0
    """Share of coloured mirror reflection instead of diffuse light, [0, 1]."""
    sheen: float = 0.0
    """Brighter rim and darker face: the pile of velvet."""
    translucency: float = 0.0
    """Share of the backdrop's colour that shines through, [0, 1]."""


def _coat(
    specular: float, shininess: float, reflection: float = 0.0, natural: RGB = (0.8, 0.8, 0.78)
) -> Material:
    return Material(plain("smooth", natural), specular, shininess, reflection)


def _cloth(tile: str, width: float, natural: RGB, **optics: float) -> Material:
    return Material(plain(tile, natural, width), **optics)


def _speckled(first: RGB, second: RGB) -> tuple[RGB, RGB, RGB]:
    pale = (first[0] * 0.55 + 0.45, first[1] * 0.55 + 0.45, first[2] * 0.55 + 0.45)
    return first, (first[0] * 0.62, first[1] * 0.6, first[2] * 0.6), pale


MATERIAL_TABLE: dict[str, Material] = {
    "ceramic": _coat(0.34, 60, 0.16),
    "matte": _coat(0.0, 5),
    "glossy": _coat(0.75, 160, 0.34),
    "plastic": _coat(0.3, 24, 0.04),
    "metal": Material(plain("smooth", METAL_COLOURS["steel"]), 0.5, 60, metallic=0.92),
    "wooden": Material(SURFACE_TABLE["oak wood"], 0.08, 16),
    "marble": Material(SURFACE_TABLE["white marble"], 0.35, 70, 0.14),
    "stone": Material(replace(SURFACE_TABLE["granite"], width=1.2, dye=_speckled), 0.05, 20),
    "concrete": Material(replace(SURFACE_TABLE["concrete"], width=1.4), 0.0),
    "terracotta": _cloth("clay", 1.2, (0.76, 0.42, 0.29)),
    "fabric": _cloth("weave", 0.8, (0.70, 0.66, 0.60)),
    "knitted": _cloth("knit", 0.9, (0.86, 0.82, 0.74)),
    "velvet": _cloth("pile", 1.5, (0.45, 0.06, 0.15), sheen=1.0),
    "leather": _cloth("leather", 1.0, (0.47, 0.27, 0.15), specular=0.2, shininess=18),
    "denim": _cloth("denim", 0.8, (0.24, 0.33, 0.48)),
    "glass": Material(plain("smooth", (0.75, 0.86, 0.84)), 0.9, 220, 0.3, translucency=0.6),
    "wicker": _cloth("wicker", 1.2, (0.74, 0.56, 0.34), specular=0.06),
    "cork": Material(replace(SURFACE_TABLE["cork"], width=1.0, dye=_speckled)),
    "paper": _cloth("paper", 1.6, (0.74, 0.60, 0.44)),
    "rubber": _coat(0.12, 8, 0.0, (0.16, 0.16, 0.17)),
}


def material(name: str, variety: str = "") -> Material:
    """The material ``name`` of MATERIALS in a ``variety``: a wood, a metal, or a stone of MARBLE_COLOURS."""
    if name not in MATERIAL_TABLE:
        raise ValueError(f"unknown material {name!r}; expected one of {', '.join(MATERIALS)}")
    base = MATERIAL_TABLE[name]
    if name == "wooden":
        wood = SURFACE_TABLE[f"{variety or 'oak'} wood"]
        return replace(base, surface=replace(wood, tiles=("table top",), width=1.5, dye=_stain))
    if name == "marble":
        colours = MARBLE_COLOURS[variety or "white"]
        return replace(base, surface=Surface(("marble",), colours, 1.4, dye=_veined))
    if name == "metal" and variety:
        tile = "brushed" if variety == "steel" else "smooth"
        sharp = 1.0 if variety in ("chrome", "gold", "silver") else 0.9
        return replace(base, surface=plain(tile, METAL_COLOURS[variety], 1.4), metallic=sharp)
    return base


def _stain(first: RGB, second: RGB) -> tuple[RGB, RGB, RGB]:
    dark = (first[0] * 0.68, first[1] * 0.66, first[2] * 0.64)
    return first, dark, dark


def _veined(first: RGB, second: RGB) -> tuple[RGB, RGB, RGB]:
    light = sum(first) > 1.4
    vein = tuple(x * 0.6 for x in first) if light else tuple(x + (0.9 - x) * 0.7 for x in first)
    cloud = tuple(x * 0.9 for x in first) if light else tuple(x * 1.3 for x in first)
    return first, (vein[0], vein[1], vein[2]), (cloud[0], cloud[1], cloud[2])


assert set(MATERIAL_TABLE) == set(MATERIALS), set(MATERIAL_TABLE) ^ set(MATERIALS)
