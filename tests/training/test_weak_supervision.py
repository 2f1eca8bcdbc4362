"""The experiment on weak supervision: what it tells its models, and the whole of it at the smallest scale."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from random import Random

import numpy as np
import pytest

from benchmarks.weak_supervision import exact, stages, wording
from benchmarks.weak_supervision.__main__ import main
from benchmarks.weak_supervision.arms import ARMS
from benchmarks.weak_supervision.back import rows_of
from benchmarks.weak_supervision.base import specimen
from benchmarks.weak_supervision.plan import BASE_SEED, EXACT_SEED, POOL_SEED, TRAINING_SEEDS, Plan
from benchmarks.weak_supervision.pool import photo
from benchmarks.weak_supervision.rows import UNTUNED
from editcore.editors.base import EditRequest
from editcore.editors.diffusion import DiffusionEditor
from editcore.editors.prompts import prompt
from editcore.evaluation.cases import TARGETS, UNSEEN
from editcore.evaluation.methods import Engine
from editcore.evaluation.rows import load_rows
from editcore.lexicon import parse
from editcore.studio.edits import sample_edit
from editcore.studio.photograph import sample_setup
from editcore.training.pairs import PairStore
from editcore.training.pairs.store import _pair

NOTHING = np.zeros((1, 1), np.uint8)


@pytest.mark.parametrize("kind", ["recolour", "background", "material"])
def test_what_the_evaluation_tells_a_model_is_worded_as_its_training(kind: str) -> None:
    asked, known = 0, 0
    for number in range(60):
        edit = sample_edit(kind, sample_setup(UNSEEN + number), Random(number))
        if edit is None:
            continue
        target = TARGETS[edit.region]
        request = EditRequest("", NOTHING, NOTHING, edit.words[0], target, 0)
        told = prompt("caption", request, parse(edit.words[0], target))
        asked += 1
        known += told in [*wording.of_product(edit.target), *wording.of_scene(edit.target)]
    assert asked >= 50 and known / asked > 0.8, f"{known} of {asked}"


def test_the_base_sees_pictures_with_something_hidden_and_never_an_edit() -> None:
    one = specimen(BASE_SEED, ("mug",))
    for example in one.examples:
        source, target = (one.pictures[int(example[end])].astype(int) for end in ("source", "target"))  # type: ignore[call-overload]
        region = one.regions[int(example["region"])]  # type: ignore[call-overload]
        solid = np.kron(region == 255, np.ones((8, 8))).astype(bool)
        untouched = np.kron(region == 0, np.ones((8, 8))).astype(bool)
        assert solid.any() and abs(source[:, solid].mean() - 127.5) < 3
        assert np.abs(source - target)[:, untouched].mean() < 8 if untouched.any() else True, "grain only"
    assert {example["kind"] for example in one.examples} == {"everything", "product", "background"}


@pytest.mark.parametrize("kind", exact.EDITS)
def test_exact_pairs_are_read_as_pseudo_pairs_are_and_differ_inside_their_region(kind: str) -> None:
    pair = _pair(exact.pair_row(EXACT_SEED, kind, ("mug", "lamp")), 64)
    difference = np.abs(pair.source.astype(int) - pair.target).mean(axis=2)
    inside = pair.region == 255
    assert pair.kind == kind and pair.edit_prompt != pair.source_caption
    assert difference[inside].mean() > 3 * difference[~inside].mean()


def test_a_photo_becomes_the_target_of_its_recoloured_self(tmp_path: Path) -> None:
    _, file, caption, _ = photo(POOL_SEED + 2, tmp_path, ("mug",), 128)
    full = wording.in_full(sample_setup(POOL_SEED + 2, "mug"))
    recoloured, hidden = (_pair(row, 64) for row in rows_of(tmp_path / file, full))
    assert (recoloured.kind, hidden.kind) == ("colour", "setting") and recoloured.edit_prompt == full
    product = recoloured.source_mask > 200
    difference = np.abs(recoloured.source.astype(int) - recoloured.target).mean(axis=2)
    assert difference[product].mean() > 5 * difference[recoloured.source_mask == 0].mean()
    assert np.array_equal(hidden.source, hidden.target) and hidden.source_mask[0, 0] == 255
    assert len(rows_of(tmp_path / file, "a navy mug")) == 1, "nothing is said of the setting"
    assert caption


def test_seeds_do_not_meet() -> None:
    plan = Plan(Path("unused"))
    assert BASE_SEED + plan.base_specimens < POOL_SEED < POOL_SEED + plan.photos < EXACT_SEED
    assert EXACT_SEED + exact.APART * exact.TRIES < UNSEEN and 4 * plan.photos < exact.APART


def test_a_stage_says_what_it_needs_and_a_folder_keeps_its_plan(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"stage arms needs base/editor/words\.json; run --stage base first"):
        stages.make(Plan(tmp_path, 0.0001), "arms")
    with pytest.raises(ValueError, match=r"was begun with .*0\.0001.*; give the same, or another folder"):
        stages.make(Plan(tmp_path, 0.5), "store")


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_every_model_comes_from_one_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    command = f"weak_supervision --work {tmp_path} --scale 0.0001 --workers 1 --exact-masks"
    monkeypatch.setattr(sys, "argv", command.split())
    main()
    rows = load_rows(tmp_path / "rows.yaml")
    assert [row.name for row in rows] == ["no edit", *UNTUNED, *ARMS, "exact target"]
    for row in rows[1:-1]:
        for one, _ in row.trainings(3 if row.folders else 1):
            method = one.method()
            assert isinstance(method, Engine) and isinstance(method._editor, DiffusionEditor)
            assert method._editor.settings.steps == 1 and method._editor.prompt == "caption"
    pseudo, true = PairStore(str(tmp_path / "pairs")), PairStore(str(tmp_path / "exact"))
    assert len(pseudo) == len(true) > 0
    tuned = json.loads((tmp_path / "arms" / "arms.json").read_text("utf-8"))
    assert len(tuned) == len(ARMS) * len(TRAINING_SEEDS)
    assert {facts["steps"] for facts in tuned.values()} == {2}
    capsys.readouterr()
    main()
    assert capsys.readouterr().out.splitlines() == [f"{stage}: done before" for stage in stages.STAGES]
