"""Exact edits: two setups that differ in one thing, the words for it, and the region that may change.

Kinds: background, recolour, material, pattern, part (add or remove), rotate, move, scale, insert. The true target
is simply a photograph of the second setup.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import Literal

import torch
from torch import Tensor

from editcore.lexicon import grammar
from editcore.studio.captions import caption, look_words, scene_phrase, scene_words
from editcore.studio.finish import Finish
from editcore.studio.framing import Pose
from editcore.studio.gbuffer import GBuffer
from editcore.studio.kinds import KINDS
from editcore.studio.looks import differ, dyed, made_of, natural_parts, sample_look
from editcore.studio.photograph import Geometry, Photos, Setup, photograph, sample_setup
from editcore.studio.scenes import draw_tone, sample_scene
from editcore.studio.vocabulary import Tone

Region = Literal["product", "background", "part", "difference"]
VARIANTS = 4
"""Ways of saying an edit that are drawn for each."""


@dataclass(frozen=True)
class Edit:
    """One exact edit."""

    kind: str
    """A key of ``EDITS``."""
    source: Setup
    target: Setup
    words: tuple[str, ...]
    """Different ways to ask for it, canonical words first."""
    region: Region
    """What may change: the product, all but the product, one part, or whatever differs (shadows included)."""
    part_slot: int = 0
    """The slot of the part, for region "part"."""
    colour: Tone | None = None
    """The colour asked for, if one is."""

    def captions(self, rng: Random) -> tuple[str, str]:
        """Captions of source and target."""
        return caption(self.source, rng), caption(self.target, rng)


@dataclass(frozen=True)
class EditPhotos:
    """An edit photographed: float32, one picture each."""

    source: Photos
    target: Photos
    region_1HW: Tensor
    """Share of each pixel that may change, [0, 1]."""


def sample_edit(kind: str, setup: Setup, rng: Random) -> Edit | None:
    """An edit of ``kind`` starting from ``setup``; None where the product cannot have it (a ball has no lid)."""
    if kind not in EDITS:
        raise ValueError(f"unknown edit kind {kind!r}; choose one of {', '.join(EDITS)}")
    return EDITS[kind](setup, rng)


def sample_edits(seed: int, kinds: Sequence[str]) -> list[Edit]:
    """One edit per kind from one setup; kinds the product cannot have are left out."""
    rng = Random(seed)
    setup = sample_setup(seed)
    return [edit for kind in kinds if (edit := sample_edit(kind, setup, rng))]


def photograph_edit(edit: Edit, size: int, supersample: int = 1) -> EditPhotos:
    """Source, true target and region at ``size`` x ``size``."""
    gbuffers: dict[Geometry, GBuffer] = {}
    source, target = (photograph([s], size, supersample, gbuffers) for s in (edit.source, edit.target))
    return EditPhotos(source, target, region_of(edit, source, target))


def region_of(edit: Edit, source: Photos, target: Photos) -> Tensor:
    """The region of ``edit``, (1, H, W) in [0, 1]; photos hold one picture each."""
    if edit.region == "product":
        return source.mask_B1HW[0]
    if edit.region == "background":
        return 1 - source.mask_B1HW[0]
    if edit.region == "part":
        return source.parts_BPHW[0, edit.part_slot][None]
    differs = (source.rgb_B3HW[0] - target.rgb_B3HW[0]).abs().amax(dim=0, keepdim=True) > 1.5 / 255
    return torch.maximum(differs.float(), torch.maximum(source.mask_B1HW[0], target.mask_B1HW[0]))


# --- the kinds of edit


def _ways(say: Callable[[], str], canonical: str | None = None) -> tuple[str, ...]:
    """Distinct ways of saying it; ``say`` draws one."""
    return tuple(dict.fromkeys([*([canonical] if canonical else []), *(say() for _ in range(VARIANTS))]))


def _background(setup: Setup, rng: Random) -> Edit:
    scene = sample_scene(rng)
    target = replace(setup, scene=scene)
    words = _ways(lambda: grammar.background(rng, setup.noun, scene_phrase(scene, rng)), scene_words(scene))
    return Edit("background", setup, target, words, "background", colour=scene.colour)


def _recolour(setup: Setup, rng: Random) -> Edit:
    colour = _other_tone(setup.look.colour, rng)
    look = dyed(setup.look, colour)
    words = _ways(lambda: grammar.recolour(rng, setup.noun, colour.name), f"make {setup.noun} {colour.name}")
    return Edit("recolour", setup, replace(setup, look=look), words, "product", colour=colour)


def _recolour_part(setup: Setup, rng: Random) -> Edit | None:
    kind = KINDS[setup.kind]
    slots = [slot for part, slot in kind.optional.items() if part in setup.geometry.shape.present and slot]
    if not slots:
        return None
    slot = rng.choice(slots)
    finishes = dict(setup.look.parts)
    colour = _other_tone(finishes.get(slot, setup.look).colour, rng)
    finishes[slot] = replace(_plain_finish(finishes.get(slot, setup.look)), colour=colour, variety="")
    look = replace(setup.look, parts=tuple(sorted(finishes.items())))
    words = _ways(lambda: grammar.recolour(rng, kind.parts[slot], colour.name))
    return Edit("recolour_part", setup, replace(setup, look=look), words, "part", slot, colour)


def _material(setup: Setup, rng: Random) -> Edit | None:
    for _ in range(20):
        new = sample_look(setup.kind, rng)
        if new.material != setup.look.material:
            break
    else:
        return None
    colour = new.colour if rng.random() < 0.5 or not setup.look.colour else None
    # A natural material brings its own colour; a dyed one keeps the product's unless one is named.
    kept = None if new.colour is None else (colour or setup.look.colour)
    look = made_of(setup.kind, setup.look, new.material, new.variety, kept)
    named = kept.name if kept and colour else None
    words = _ways(lambda: grammar.material(rng, setup.noun, new.material, new.variety or None, named))
    return Edit("material", setup, replace(setup, look=look), words, "product", colour=kept)


def _pattern(setup: Setup, rng: Random) -> Edit | None:
    for _ in range(30):
        new = sample_look(setup.kind, rng)
        if new.pattern not in ("plain", setup.look.pattern) and new.colour and new.second:
            break
    else:
        return None
    assert new.colour and new.second
    undecorated = replace(setup.look, pattern="plain", second=None, parts=natural_parts(setup.kind))
    plain = replace(setup, look=replace(undecorated, material=new.material, variety=""))
    first = plain.look.colour or new.colour
    source = replace(plain, look=replace(plain.look, colour=first))
    look = replace(source.look, pattern=new.pattern, second=new.second)
    say = lambda: grammar.pattern(rng, setup.noun, new.pattern, first.name, new.second.name)  # noqa: E731
    return Edit("pattern", source, replace(source, look=look), _ways(say), "product", colour=first)


def _part(setup: Setup, rng: Random) -> Edit | None:
    shape = setup.geometry.shape
    options = sorted(KINDS[setup.kind].optional)
    if not options:
        return None
    part = rng.choice(options)
    adds = part not in shape.present
    changed = shape.with_part(part) if adds else shape.without_part(part)
    target = replace(setup, geometry=replace(setup.geometry, shape=changed))
    return Edit("part", setup, target, _ways(lambda: grammar.part(rng, setup.noun, part, adds)), "difference")


def _rotate(setup: Setup, rng: Random) -> Edit:
    turn = rng.choice([-1, 1]) * rng.uniform(0.5, 1.1)
    return _posed(
        "rotate",
        setup,
        replace(setup.geometry.pose, yaw=setup.geometry.pose.yaw + turn),
        lambda: grammar.rotate(rng, setup.noun),
    )


def _move(setup: Setup, rng: Random) -> Edit:
    direction = rng.choice(["left", "right"])
    step = rng.uniform(0.15, 0.3) * (1 if direction == "right" else -1)
    say = lambda: grammar.move(rng, setup.noun, direction)  # noqa: E731
    return _posed("move", setup, replace(setup.geometry.pose, x=setup.geometry.pose.x + step), say)


def _scale(setup: Setup, rng: Random) -> Edit:
    bigger = rng.random() < 0.4
    factor = rng.uniform(1.12, 1.22) if bigger else rng.uniform(0.65, 0.85)
    say = lambda: grammar.scale(rng, setup.noun, bigger)  # noqa: E731
    return _posed("scale", setup, replace(setup.geometry.pose, scale=setup.geometry.pose.scale * factor), say)


def _insert(setup: Setup, rng: Random) -> Edit:
    empty = replace(setup, shown=False)
    say = lambda: grammar.insert(rng, look_words(setup.look, setup.noun))  # noqa: E731
    return Edit("insert", empty, setup, _ways(say), "difference")


def _posed(kind: str, setup: Setup, pose: Pose, say: Callable[[], str]) -> Edit:
    target = replace(setup, geometry=replace(setup.geometry, pose=pose))
    return Edit(kind, setup, target, _ways(say), "difference")


EDITS: dict[str, Callable[[Setup, Random], Edit | None]] = {
    "background": _background,
    "recolour": _recolour,
    "recolour_part": _recolour_part,
    "material": _material,
    "pattern": _pattern,
    "part": _part,
    "rotate": _rotate,
    "move": _move,
    "scale": _scale,
    "insert": _insert,
}


def _plain_finish(finish: Finish) -> Finish:
    return Finish(finish.material, finish.colour)


def _other_tone(current: Tone | None, rng: Random) -> Tone:
    """A colour far enough from the current one to be worth asking for."""
    for _ in range(20):
        tone = draw_tone(rng)
        if differ(tone, current):
            return tone
    return tone
