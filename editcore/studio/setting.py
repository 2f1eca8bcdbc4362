"""What a scene is made of, without painting it."""

from __future__ import annotations

from dataclasses import dataclass

from editcore.studio.surfaces import SURFACE_TABLE
from editcore.studio.vocabulary import SETTINGS, STYLES, SURFACES, WALL_FINISHES, Tone

WHITE_WALL = Tone("white", (240, 240, 238))


@dataclass(frozen=True)
class Scene:
    """What stands behind and below an object. Colours are sRGB with their caption names."""

    setting: str = "studio"
    """"studio": a seamless sweep of ``colour``. "floor": ``surface`` with a wall behind it."""
    colour: Tone | None = None
    """Sweep colour, or dye of the surface; None leaves the surface its natural colour."""
    surface: str = ""
    """One of SURFACES; "" in the studio."""
    second: Tone | None = None
    """Second colour of a checker."""
    wall: Tone = WHITE_WALL
    wall_finish: str = "plain"
    style: str = ""
    """One of STYLES."""
    seed: int = 0
    """Settles everything else: light, layout, tile, turn, wall distance."""
    blur: float = 0.0
    """Depth of field, [0, 1]: softness of the wall and the far floor."""

    def __post_init__(self) -> None:
        for field, allowed in (
            ("setting", SETTINGS),
            ("style", STYLES),
            ("wall_finish", WALL_FINISHES),
        ):
            if getattr(self, field) not in allowed:
                raise ValueError(
                    f"scene {field} is {getattr(self, field)!r}; expected one of {', '.join(allowed)}"
                )
        if self.setting == "floor" and self.surface not in SURFACE_TABLE:
            raise ValueError(f"unknown surface {self.surface!r}; expected one of {', '.join(SURFACES)}")
        if self.setting == "studio" and self.colour is None:
            raise ValueError("a studio scene needs a colour")
