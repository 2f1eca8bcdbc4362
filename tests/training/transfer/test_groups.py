"""Groups of the same change: what is drawn, what is left out, and what a store holds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from random import Random

import numpy as np
import pytest
import torch

from editcore.studio import groups
from editcore.studio.changes.appearance import Recolour, Rescene
from editcore.studio.changes.stance import Move, Rotate
from editcore.studio.groups import MIX, TWO_CHANGES, Chunk, make_chunk, visible
from editcore.studio.setting import Scene
from editcore.studio.vocabulary import Tone
from editcore.training.store import encode_store
from editcore.training.transfer import store
from editcore.training.transfer.store import ChangeStore, build

NAVY = Tone("navy", (24, 34, 80))
LEFT, LEFT_PAIRS = ("mood",), (("rotate", "background"),)


class _Here:
    """A pool that works in this process."""

    def __init__(self, *_: object, **__: object) -> None: ...
    def __enter__(self) -> _Here:
        return self

    def __exit__(self, *_: object) -> None: ...
    def map(self, function, items, chunksize=1):  # type: ignore[no-untyped-def]
        return map(function, items)


@pytest.fixture(autouse=True, scope="module")
def small() -> Iterator[None]:
    """Few products and members: rendering takes the time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(groups, "POOL", 12)
        patch.setattr(groups, "MEMBERS", {1: 3, 2: 3})
        yield


@pytest.fixture(scope="module")
def folder(small: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("changes")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(store, "ProcessPoolExecutor", _Here)
        build(path, 3, held_out=2, seed=810_000)
    return path


def test_a_store_holds_every_member_in_every_state(folder: Path) -> None:
    changes = ChangeStore(folder)
    assert len(changes) == 5 and [row["held_out"] for row in changes.groups] == [False] * 3 + [True] * 2
    rows = np.concatenate([np.ravel(row["pictures"]) for row in changes.groups])
    assert np.array_equal(np.sort(rows), np.arange(len(changes.pictures))), (
        "every picture belongs to one state"
    )
    for row in changes.groups:
        numbers = np.array(row["pictures"])
        assert numbers.shape == (len(row["products"]), 2 ** len(row["kinds"])) and len(numbers) >= 3
        assert len(row["words"]) == len(row["kinds"])
        for before, after in numbers[:, :2]:
            assert not np.array_equal(changes.pictures[before], changes.pictures[after])


def test_latents_are_added_as_to_any_store(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from editcore.training import store as stores
    from editcore.training.autoencoder import build_autoencoder

    torch.manual_seed(0)
    build_autoencoder().save_pretrained(folder / "trained")
    monkeypatch.setattr(
        stores, "ProcessPoolExecutor", lambda *_, initializer, initargs: _loaded(initializer, initargs)
    )
    encode_store(folder, folder / "trained")
    changes = ChangeStore(folder)
    assert len(changes.latents) == len(changes.pictures) and changes.latents.dtype == np.float16
    assert (folder / "autoencoder" / "config.json").is_file()


def _loaded(initializer, initargs):  # type: ignore[no-untyped-def]
    initializer(*initargs)
    return _Here()


def test_a_folder_without_a_store_is_told(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"groups\.parquet"):
        ChangeStore(tmp_path)


def test_training_never_shows_what_is_left_out_and_measuring_does() -> None:
    rng = Random(0)
    shown, measured = (
        [groups._draw_kinds(Chunk(0, LEFT, LEFT_PAIRS, held_out), rng) for _ in range(3000)]
        for held_out in (False, True)
    )
    singles, pairs = (Counter(frozenset(kinds) for kinds in shown if len(kinds) == n) for n in (1, 2))
    assert not any("mood" in kinds for kinds in shown)
    assert frozenset(("rotate", "background")) not in pairs and len(pairs) > 20
    assert sum(pairs.values()) / 3000 == pytest.approx(TWO_CHANGES, abs=0.03)
    # Changes that can be undone make two groups each time they are drawn.
    ratio = singles[frozenset(["recolour"])] / singles[frozenset(["rotate"])]
    assert ratio == pytest.approx(2 * MIX["recolour"] / MIX["rotate"], rel=0.3)
    assert {kinds[0] for kinds in measured if len(kinds) == 1} == set(MIX)
    assert frozenset(("rotate", "background")) in {frozenset(kinds) for kinds in measured}


def test_the_same_chunk_is_made_the_same_and_another_differs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(groups, "PIXELS", 40)
    one, again, other = (make_chunk(Chunk(seed, groups=1)) for seed in (820_000, 820_000, 820_060))
    assert [made.words for made in one] == [made.words for made in again] != [made.words for made in other]
    for first, second in zip(one, again, strict=True):
        assert np.array_equal(first.pictures, second.pictures)


def test_two_changes_are_states_by_bit_mask_and_the_way_back_reverses_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(groups, "PIXELS", 40)
    studio = groups._Studio(830_000)
    recolour, move = Recolour(NAVY), Move(0.12)
    members = studio.members((recolour, move))
    assert len({member.states[0].kind for member in members}) == len(members) >= 3, "different products"
    for before, coloured, moved, both in (member.states for member in members):
        assert (
            coloured == recolour.apply(before)
            and moved == move.apply(before)
            and both == move.apply(coloured)
        )
    turned = studio.members((Rotate(0.9),))
    back = studio.encore((Rotate(-0.9),), turned)
    assert back
    for member in back:
        there = next(m for m in turned if m.states[0].geometry == member.states[1].geometry)
        assert member.states[0].geometry == there.states[1].geometry
        assert member.states[0].look == member.states[1].look != there.states[0].look


def test_a_change_that_can_hardly_be_seen_is_no_example() -> None:
    before = np.full((3, 40, 40), 90, np.uint8)
    mask = np.zeros((40, 40), np.float32)
    mask[10:30, 10:30] = 1
    after = before.copy()
    after[:, 10:14, 10:30] = 200
    pair = np.stack([before, after])
    scene = Rescene(Scene("studio", NAVY))
    assert visible(scene, pair, np.stack([mask, mask]))
    assert not visible(scene, np.stack([before, before + 5]), np.stack([mask, mask]))
    assert not visible(Recolour(NAVY), pair, np.stack([mask, mask])), "a fifth of the product"
    assert not visible(Rotate(0.5), pair, np.stack([mask, mask])), "the outline is the same"


def test_seeds_of_other_data_are_not_touched(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="expected at most 24000"):
        build(tmp_path, 30_000)
