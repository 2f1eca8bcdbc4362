"""Groups: one change, or two, made to several products that differ in everything else.

A worker makes a chunk of groups from a pool of rendered geometries: rendering is three quarters of a photograph's
cost, and changes of appearance need no new geometry. The members of a group differ in product, pose, scale,
camera, light, look and scene, so any of them can show the change and any other can follow.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import pairwise
from random import Random
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from editcore.studio.changes import CHANGES, Change, composes, in_view, sample_change
from editcore.studio.gbuffer import GBuffer
from editcore.studio.kinds import KINDS
from editcore.studio.looks import sample_look
from editcore.studio.photograph import Geometry, Setup, photograph, sample_setup
from editcore.studio.scenes import sample_scene

PIXELS = 128
SEED, HELD_OUT_SEED, LAST_SEED = 800_000, 860_000, 900_000
"""First specimens of the groups to train on, of those to measure on, and of the text editor's evaluation."""
LEAVE_OUT = ("mood",)
"""Kept from training, to see what becomes of a kind never seen: its changes are plain to see and cost no shape."""
LEAVE_OUT_PAIRS = (("rotate", "background"),)
MIX = {
    "recolour": 0.20, "background": 0.22, "material": 0.10, "pattern": 0.08, "rotate": 0.06, "tilt": 0.05,
    "move": 0.05, "lid": 0.04, "part": 0.04, "scale": 0.04, "camera": 0.04, "mirror": 0.03, "light": 0.02,
    "remove": 0.02, "mood": 0.03,
}  # fmt: skip
"""Shares of the kinds of change."""
TWO_CHANGES = 0.25
"""Share of groups with two changes."""
MEMBERS = {1: 6, 2: 4}
"""Members of a group by its number of changes."""
FEWEST_MEMBERS = 3
POOL, GROUPS_PER_CHUNK, SEEDS_PER_CHUNK = 24, 24, 60
"""A chunk has a range of seeds of its own: the first are its pool's, the others for products with the right parts."""
DIFFERS = 20
"""A pixel has changed if a channel differs by more than this, of 255."""
CHANGED_SHARE = 0.012
"""Share of the picture that a change must reach."""
LOOK_SHARE, OUTLINE_SHARE = 0.3, 0.006
"""A new look must reach that share of the product, a turn must alter the outline over that share of the picture."""


@dataclass(frozen=True)
class Chunk:
    """What one worker makes at a time."""

    seed: int
    leave_out: tuple[str, ...] = ()
    """Kinds of change that no training group shows."""
    leave_out_pairs: tuple[tuple[str, str], ...] = ()
    """Kinds that no training group shows together."""
    held_out: bool = False
    """Made to be measured on: every kind as often as any other, those left out too."""
    groups: int = GROUPS_PER_CHUNK


@dataclass(frozen=True)
class Made:
    """One group, ready to be stored."""

    kinds: tuple[str, ...]
    """Kind of each change."""
    words: tuple[str, ...]
    """Phrase naming each change."""
    products: tuple[str, ...]
    """Catalogue kind of each member."""
    pictures: np.ndarray
    """(members, states, 3, 128, 128) uint8; states are bit masks of the changes made."""
    mattes: np.ndarray | None = None
    """(members, states, 128, 128) uint8, 255 = product; None for pictures from elsewhere."""
    held_out: bool = False


class Member(NamedTuple):
    """One product before, and after each set of the changes."""

    states: list[Setup]
    pictures: np.ndarray
    """(states, 3, 128, 128) uint8."""
    mattes: np.ndarray
    """(states, 128, 128) uint8."""


def make_chunk(chunk: Chunk) -> list[Made]:
    """The chunk's groups; the same every time."""
    studio, groups = _Studio(chunk.seed), list[Made]()
    while len(groups) < chunk.groups:
        changes, members = _shoot(studio, chunk)
        groups.append(_made(changes, members, chunk))
        back = tuple(change.inverse for change in changes if change.inverse)
        if len(back) == len(changes):
            members = studio.encore(back, members)
            if len(members) >= FEWEST_MEMBERS:
                groups.append(_made(back, members, chunk))
        studio.clear()
    return groups[: chunk.groups]


def _made(changes: Sequence[Change], members: Sequence[Member], chunk: Chunk) -> Made:
    return Made(
        kinds=tuple(change.kind for change in changes),
        words=tuple(change.words for change in changes),
        products=tuple(member.states[0].kind for member in members),
        pictures=np.stack([member.pictures for member in members]),
        mattes=np.stack([member.mattes for member in members]),
        held_out=chunk.held_out,
    )


def _shoot(studio: _Studio, chunk: Chunk) -> tuple[tuple[Change, ...], list[Member]]:
    for _ in range(40):
        kinds = _draw_kinds(chunk, studio.rng)
        for _ in range(4):
            changes = tuple(sample_change(kind, studio.rng) for kind in kinds)
            if all(composes(a, b) for a, b in pairwise(changes)):
                members = studio.members(changes)
                if len(members) >= FEWEST_MEMBERS:
                    return changes, members
    raise RuntimeError(f"chunk {chunk.seed}: no group of changes could be photographed in 40 tries")


def _draw_kinds(chunk: Chunk, rng: Random) -> tuple[str, ...]:
    """One kind, or two that may be shown together."""
    known = {kind: share for kind, share in MIX.items() if kind not in chunk.leave_out}
    if rng.random() >= TWO_CHANGES:
        shares = dict.fromkeys(MIX, 1.0) if chunk.held_out else known
        # Each shot of a change that can be undone makes a second group, the way back.
        return _draw({k: share / (2 if _example(k).inverse else 1) for k, share in shares.items()}, rng, 1)
    if chunk.held_out and chunk.leave_out_pairs and rng.random() < 0.5:
        return rng.choice(chunk.leave_out_pairs)
    unseen = {frozenset(pair) for pair in chunk.leave_out_pairs}
    while True:
        pair = _draw(known, rng, 2)
        if frozenset(pair) not in unseen and composes(*map(_example, pair)):
            return pair


def _draw(mix: dict[str, float], rng: Random, count: int) -> tuple[str, ...]:
    return tuple(rng.choices(list(mix), list(mix.values()), k=count))


@lru_cache
def _example(kind: str) -> Change:
    return sample_change(kind, Random(0))


class _Studio:
    """A pool of rendered products, and the camera."""

    def __init__(self, seed: int) -> None:
        self.rng, self.seed, self.others = Random(seed), seed, 0
        kinds = self.rng.sample(sorted(KINDS), POOL)
        self.pool = [self._stand(seed + i, kind) for i, kind in enumerate(kinds)]
        self.gbuffers: dict[Geometry, GBuffer] = {}

    def members(self, changes: Sequence[Change]) -> list[Member]:
        """Products that the changes could be made to, no more than wanted."""
        found: list[Member] = []
        for setup in self._candidates(changes):
            states = self._states(setup, changes)
            if states and (member := self._photograph(states, changes)):
                found.append(member)
            if len(found) == MEMBERS[len(changes)]:
                break
        return found

    def encore(self, back: Sequence[Change], members: Sequence[Member]) -> list[Member]:
        """The members on the way back, in other looks and scenes; their geometries are rendered already."""
        found: list[Member] = []
        for member in members:
            dressed = self._dressed(member.states[0])
            states = [replace(s, look=dressed.look, scene=dressed.scene) for s in reversed(member.states)]
            if shown := self._photograph(states, back):
                found.append(shown)
        return found

    def clear(self) -> None:
        """Keep the pool's renderings only."""
        known = {setup.geometry for setup in self.pool}
        self.gbuffers = {g: gbuffer for g, gbuffer in self.gbuffers.items() if g in known}

    def _dressed(self, setup: Setup) -> Setup:
        return replace(setup, look=sample_look(setup.kind, self.rng), scene=sample_scene(self.rng))

    def _candidates(self, changes: Sequence[Change]) -> Iterator[Setup]:
        """Products of the pool, or of kinds that have the parts the changes are about."""
        suited = frozenset(KINDS).intersection(*(c.products for c in changes if c.products is not None))
        tries = 2 * MEMBERS[len(changes)]
        fitting = [setup for setup in self.pool if setup.kind in suited]
        if len(fitting) >= tries:
            yield from self.rng.sample(fitting, tries)
            return
        kinds = self.rng.sample(sorted(suited), len(suited))
        for i in range(tries if kinds else 0):
            seed = self.seed + POOL + self.others % (SEEDS_PER_CHUNK - POOL)
            self.others += 1
            yield self._stand(seed, kinds[i % len(kinds)])

    def _stand(self, seed: int, kind: str) -> Setup:
        """A specimen, often farther away and off the centre: there must be room to move, lean and grow."""
        setup, rng = sample_setup(seed, kind), Random(seed)
        pitch, distance, height = setup.geometry.camera
        distance *= rng.uniform(1.15, 1.6) if rng.random() < 0.6 else 1.0
        pose = replace(setup.geometry.pose, x=rng.uniform(-0.3, 0.3))
        roomy = replace(setup.geometry, pose=pose, camera=(pitch, distance, height))
        return replace(setup, geometry=roomy) if in_view(roomy) else setup

    def _states(self, setup: Setup, changes: Sequence[Change]) -> list[Setup] | None:
        """The product in a look and scene that the changes apply to: before, and after each set of them."""
        for _ in range(12):
            before = self._dressed(setup)
            for change in changes:
                before = change.prepare(before)
            if all(change.applies(before) for change in changes):
                states = [before]
                for change in changes:
                    states += [change.apply(state) for state in states]
                return states if in_view(states[-1].geometry) else None
        return None

    def _photograph(self, states: list[Setup], changes: Sequence[Change]) -> Member | None:
        """The member in its states; None if a change can hardly be seen."""
        photos = photograph(states, PIXELS, gbuffers=self.gbuffers)
        pictures, masks = _bytes(photos.rgb_B3HW), photos.mask_B1HW[:, 0].numpy()
        for number, change in enumerate(changes):
            for before in (state for state in range(len(states)) if not state >> number & 1):
                both = [before, before | 1 << number]
                if not visible(change, pictures[both], masks[both]):
                    return None
        return Member(states, pictures, _bytes(photos.mask_B1HW[:, 0]))


def visible(change: Change, pictures_23HW: np.ndarray, masks_2HW: np.ndarray) -> bool:
    """Whether a change can be learned from its before and after (uint8) and the product's masks there."""
    before, after = pictures_23HW.astype(np.int16)
    changed = float((np.abs(before - after).max(axis=0) > DIFFERS).mean())
    if change.touches == {"look"} and changed < LOOK_SHARE * masks_2HW[0].mean():
        return False
    if "yaw" in change.touches and np.abs(masks_2HW[0] - masks_2HW[1]).mean() < OUTLINE_SHARE:
        return False
    return changed > CHANGED_SHARE


assert set(MIX) == set(CHANGES), "every kind of change has its share"


def _bytes(rgb: Tensor) -> np.ndarray:
    return (rgb.clamp(0, 1) * 255).round().to(torch.uint8).numpy()
