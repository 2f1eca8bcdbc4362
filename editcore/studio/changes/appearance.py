"""Changes of what things look like: colour, material, pattern, background and the light's mood."""

from __future__ import annotations

from dataclasses import dataclass, replace
from random import Random

from editcore.lexicon.tables import is_only_colour
from editcore.lexicon.wording import look_words, material_words
from editcore.studio.captions import scene_words
from editcore.studio.changes.base import Change, change_kind, with_look
from editcore.studio.looks import differ, dyed, made_of
from editcore.studio.materials import METAL_COLOURS
from editcore.studio.photograph import Setup
from editcore.studio.scenes import Scene, draw_tone, sample_scene
from editcore.studio.surfaces import MARBLE_COLOURS
from editcore.studio.vocabulary import PATTERNS, WOODS, Tone

_NATURAL = ("cork", "wicker", "stone", "terracotta", "denim", "concrete")
"""Materials that bring a colour of their own, besides woods, marbles and metals."""
_DYED = ("leather", "knitted", "glass")
"""Materials that take the product's colour and show at a small size what they are."""
_PRINTED = frozenset(
    ["ceramic", "matte", "glossy", "plastic", "fabric", "leather", "knitted", "denim", "paper", "rubber"]
)
"""Materials whose patterns are easy to see."""
MOODS: dict[str, tuple[float, float, float]] = {
    "warm": (1.06, 0.92, 0.70),
    "cool": (0.74, 0.92, 1.08),
    "dark": (0.52, 0.52, 0.54),
    "pink": (1.06, 0.78, 0.88),
    "green": (0.78, 1.02, 0.76),
}
"""Gains of the channels under a light of that mood."""


@change_kind("look")
@dataclass(frozen=True)
class Recolour(Change):
    """The product in another colour; pattern, material and parts of other colours stay."""

    kind = "recolour"
    colour: Tone

    @classmethod
    def sample(cls, rng: Random) -> Recolour:
        return cls(draw_tone(rng))

    @property
    def words(self) -> str:
        name = self.colour.name
        return f"make it {name}" if is_only_colour(name) else f"make it {name} coloured"

    def applies(self, setup: Setup) -> bool:
        return differ(self.colour, setup.look.colour)

    def apply(self, setup: Setup) -> Setup:
        return with_look(setup, dyed(setup.look, self.colour))


@change_kind("look")
@dataclass(frozen=True)
class Rematerial(Change):
    """The product in another material: in its natural colour, or dyed in the colour the product has."""

    kind = "material"
    material: str
    variety: str
    natural: bool

    @classmethod
    def sample(cls, rng: Random) -> Rematerial:
        name = rng.choice(["wooden", "wooden", "marble", "metal", "natural", "natural", "dyed", "dyed"])
        varieties = {"wooden": WOODS, "marble": tuple(MARBLE_COLOURS), "metal": tuple(METAL_COLOURS)}
        if name in varieties:
            return cls(name, rng.choice(varieties[name]), True)
        return cls(rng.choice(_NATURAL if name == "natural" else _DYED), "", name == "natural")

    @property
    def words(self) -> str:
        return f"make it {material_words(self.material, self.variety)}"

    def applies(self, setup: Setup) -> bool:
        same = (setup.look.material, setup.look.variety) == (self.material, self.variety)
        return not same and (self.natural or setup.look.colour is not None)

    def apply(self, setup: Setup) -> Setup:
        colour = None if self.natural else setup.look.colour
        return with_look(setup, made_of(setup.kind, setup.look, self.material, self.variety, colour))


@change_kind("look")
@dataclass(frozen=True)
class Repattern(Change):
    """A pattern in one new colour on a plain product, which keeps its own."""

    kind = "pattern"
    pattern: str
    second: Tone

    @classmethod
    def sample(cls, rng: Random) -> Repattern:
        return cls(rng.choice(PATTERNS[1:]), draw_tone(rng))

    @property
    def words(self) -> str:
        return f"make it {look_words('', self.second.name, pattern=self.pattern)}"

    def applies(self, setup: Setup) -> bool:
        look = setup.look
        plain = look.pattern == "plain" and look.material in _PRINTED and look.colour is not None
        return plain and differ(self.second, look.colour)

    def apply(self, setup: Setup) -> Setup:
        return with_look(setup, replace(setup.look, pattern=self.pattern, second=self.second))


@change_kind("scene")
@dataclass(frozen=True)
class Rescene(Change):
    """The product in another scene, with its shadow and reflection there."""

    kind = "background"
    scene: Scene

    @classmethod
    def sample(cls, rng: Random) -> Rescene:
        return cls(sample_scene(rng))

    @property
    def words(self) -> str:
        return scene_words(self.scene)

    def applies(self, setup: Setup) -> bool:
        return scene_words(self.scene) != scene_words(setup.scene)

    def apply(self, setup: Setup) -> Setup:
        return replace(setup, scene=self.scene)


@change_kind("tint")
@dataclass(frozen=True)
class Mood(Change):
    """The whole picture in another light: warmer, cooler, darker."""

    kind = "mood"
    mood: str
    strength: float

    @classmethod
    def sample(cls, rng: Random) -> Mood:
        return cls(rng.choice(list(MOODS)), rng.uniform(0.8, 1.1))

    @property
    def words(self) -> str:
        return f"in {self.mood} light"

    def applies(self, setup: Setup) -> bool:
        return setup.tint == (1.0, 1.0, 1.0)

    def apply(self, setup: Setup) -> Setup:
        red, green, blue = (gain**self.strength for gain in MOODS[self.mood])
        return replace(setup, tint=(red, green, blue))
