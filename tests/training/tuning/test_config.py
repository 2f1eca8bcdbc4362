"""The tuning file: what it takes, what it refuses, and that the page describes it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml
from pydantic import BaseModel

from editcore.training.tuning import TuningConfig, TuningError, load_config
from editcore.training.tuning.config import instruction

DOCS = Path(__file__).parents[3] / "docs" / "training.md"


def written(tmp_path: Path, **more: object) -> Path:
    file = tmp_path / "tune.yaml"
    file.write_text(yaml.safe_dump({"model": "sd", "pairs": "/data/pairs", "output": "out", **more}))
    return file


def models(model: type[BaseModel]) -> Iterator[type[BaseModel]]:
    yield model
    for field in model.model_fields.values():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from models(field.annotation)


def test_paths_count_from_the_file(tmp_path: Path) -> None:
    config = load_config(written(tmp_path))
    assert (config.model, config.pairs, config.output) == (
        tmp_path / "sd",
        Path("/data/pairs"),
        tmp_path / "out",
    )


@pytest.mark.parametrize(
    ("more", "problem"),
    [
        ({"modell": 1}, "modell: Extra inputs are not permitted"),
        ({"losses": {"masked": 0}}, "losses: .*every weight is 0"),
        ({"starts": {"source": 0}}, "starts: .*source, target and path are all 0"),
        ({"times": {"low": 0.9, "high": 0.3}}, "times: .*low is 0.9 and high 0.3; expected low below high"),
        ({"cut_out": ["color"]}, r"cut_out: .*found \['color'\], expected kinds among"),
        ({"method": "dreambooth"}, "method: Input should be 'lora' or 'full'"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(tmp_path: Path, more: dict[str, object], problem: str) -> None:
    with pytest.raises(TuningError, match=f"tune.yaml: {problem}"):
        load_config(written(tmp_path, **more))


def test_files_that_are_not_there_or_not_yaml_are_refused(tmp_path: Path) -> None:
    with pytest.raises(TuningError, match="found no file"):
        load_config(tmp_path / "none.yaml")
    (tmp_path / "bad.yaml").write_text("a: [")
    with pytest.raises(TuningError, match="not YAML"):
        load_config(tmp_path / "bad.yaml")


def test_every_field_is_described_here_and_named_in_the_docs() -> None:
    page = DOCS.read_text("utf-8")
    for model in models(TuningConfig):
        for name, field in model.model_fields.items():
            assert field.description, f"{model.__name__}.{name}"
            assert f"`{name}`" in page, f"docs/training.md does not name {model.__name__}.{name}"


def test_the_examples_of_the_docs_can_be_loaded(tmp_path: Path) -> None:
    blocks = [block.split("```")[0] for block in DOCS.read_text("utf-8").split("```yaml\n")[1:]]
    assert blocks
    for block in blocks:
        (tmp_path / "tune.yaml").write_text(block)
        assert load_config(tmp_path / "tune.yaml").output


@pytest.mark.parametrize(
    ("kind", "new", "prompt", "said"),
    [
        ("colour", "navy", "a navy mug on oak wood", "make it navy"),
        (
            "setting",
            "oak wood",
            "a red mug on oak wood in front of a sage wall",
            "on oak wood in front of a sage wall",
        ),
    ],
)
def test_instructions_are_what_the_bundled_model_was_taught(
    kind: str, new: str, prompt: str, said: str
) -> None:
    assert instruction(SimpleNamespace(kind=kind, new=new, edit_prompt=prompt)) == said
