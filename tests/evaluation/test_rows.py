from __future__ import annotations

from pathlib import Path

import pytest

from editcore.editors.bundled import BUNDLED
from editcore.evaluation.methods import Engine
from editcore.evaluation.rows import Row, load_rows


def rows_file(folder: Path, text: str) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "rows.yaml").write_text(text, "utf-8")
    return folder / "rows.yaml"


def test_the_default_rows_are_the_pages() -> None:
    assert [(row.name, row.profile) for row in load_rows()] == [
        ("no edit", "none"), ("bundled", "bundled"), ("exact target", "exact"),
    ]  # fmt: skip


def test_shared_options_reach_every_engine_and_rows_may_differ(tmp_path: Path) -> None:
    file = rows_file(
        tmp_path,
        "options: {amount: 3}\n"
        "rows:\n"
        "  - {name: a, editor: 'madeup:Painter'}\n"
        "  - {name: b, editor: 'madeup:Painter', options: {amount: 5}, about: stronger}\n",
    )
    a, b = load_rows(file)
    method = a.method()
    assert isinstance(method, Engine) and method.batch_size == 3
    assert method._editor.amount == 3  # type: ignore[attr-defined]
    assert a.identity() != b.identity() and a.identity()["options.amount"] == "3"
    assert b.summary() == "stronger (bundled, madeup:Painter, amount 5)"


def test_results_belong_to_weights_and_not_to_their_place(tmp_path: Path) -> None:
    text = "rows: [{name: a, folder: model}, {name: b, editor: 'madeup:Painter', folder: model}]"
    identities = []
    for name, content in (("one", "{}"), ("two", "{}"), ("three", '{"other": 1}')):
        file = rows_file(tmp_path / name, text)
        (tmp_path / name / "model").mkdir()
        (tmp_path / name / "model" / "model_index.json").write_text(content)
        identities.append([row.identity() for row in load_rows(file)])
    assert identities[0] == identities[1]
    assert identities[0][0] != identities[2][0] and identities[0][1] != identities[2][1]
    assert str(tmp_path) not in str(identities)


def test_a_folder_is_the_bundled_engines_option_and_other_engines_checkpoint(tmp_path: Path) -> None:
    bundled = Row(name="a", folder=BUNDLED)._profile()
    assert bundled.options["folder"] == BUNDLED and not bundled.checkpoint and not bundled.weights
    lora = tmp_path / "adapter.safetensors"
    other = Row(name="b", folder=BUNDLED, lora=lora, editor="editcore.editors:load_diffusion")._profile()
    assert other.checkpoint == str(BUNDLED) and "folder" not in other.options
    assert other.adapters == {str(lora): 1.0}
    with pytest.raises(ValueError, match="takes no adapter"):
        Row(name="c", lora=lora)._profile()


@pytest.mark.parametrize(
    "text, words",
    [
        ("rows: [{name: a, profil: none}]", r"rows\.0\.profil"),
        ("rows: []", "rows: List should have at least 1 item"),
        ("rows: [{name: a, profile: none}, {name: a, profile: exact}]", "rows of one name: a"),
        ("rows: [{name: a, profile: nonesuch}]", "nonesuch"),
        ("rows: [{name: a, folder: absent}]", "row a: .*absent is not there"),
        ("rows: [", "is no YAML"),
        ("rows: [{name: a, folders: [absent]}]", "row a: .*absent is not there"),
        ("rows: [{name: a, folder: x, folders: [x]}]", "row a: found folder and folders"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        load_rows(rows_file(tmp_path, text))


def test_a_missing_file_says_what_to_give(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="found no rows file"):
        load_rows(tmp_path / "rows.yaml")


def test_one_row_may_be_several_trainings(tmp_path: Path) -> None:
    text = "rows: [{name: a, editor: 'madeup:Painter', folders: [s0, s1, s2]}, {name: b, profile: none}]"
    for name in ("s0", "s1", "s2"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "model_index.json").write_text(f'{{"seed": "{name}"}}')
    trained, untouched = load_rows(rows_file(tmp_path, text))
    told = [(row.folder, list(numbers)) for row, numbers in trained.trainings(2)]
    assert told == [(tmp_path / "s0", [0]), (tmp_path / "s1", [1])]
    assert len({str(row.identity()) for row, _ in trained.trainings(3)}) == 3, "each by its own weights"
    assert untouched.trainings(3) == [(untouched, (0,))]
    assert trained.summary() == "a (bundled, madeup:Painter, 3 trainings)"
    with pytest.raises(ValueError, match="found 3 folders for 4 seeds"):
        trained.trainings(4)
