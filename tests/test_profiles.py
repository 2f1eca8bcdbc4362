"""Profiles: every one that is shipped can be read, called and planned; weights that are absent are said so early."""

from __future__ import annotations

import inspect
from pathlib import Path

import pytest
import yaml

from editcore.checkpoints import CheckpointMissing, find_checkpoint
from editcore.profiles import HERE, ProfileError, load_profile, names, ready_profile
from flows.forecast import forecast

PUBLIC = [name for name in names() if name != "bundled"]


@pytest.fixture(autouse=True)
def no_models(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setenv("VITRINE_MODELS", str(tmp_path / "models"))
    return tmp_path / "models"


def _pretend(models: Path, checkpoint: str) -> Path:
    """A folder that looks like a whole download."""
    folder = models / checkpoint
    (folder / "unet").mkdir(parents=True)
    (folder / "model_index.json").write_text(
        '{"_class_name": "X", "unet": ["diffusers", "Y"], "a": [null, null]}'
    )
    (folder / "unet/config.json").write_text("{}")
    (folder / "unet/weights.safetensors").write_bytes(b"1")
    return folder


def test_the_shipped_profiles_are_these() -> None:
    assert names() == [
        "bundled", "edit-transfer-flux1-dev", "flux2-klein", "instruct-pix2pix", "qwen-image-edit", "sd15", "sdxl",
        "sdxl-inpainting",
    ]  # fmt: skip


@pytest.mark.parametrize("name", PUBLIC)
def test_a_public_profile_states_licence_and_memory_and_calls_what_exists(name: str) -> None:
    profile = load_profile(name)
    assert profile.name == name and profile.licence and profile.about and profile.checkpoint.count("/") == 1
    assert "arithmetic" in profile.memory or "published" in profile.memory
    profile.attribute("editor")
    if profile.transfer_options:
        from editcore.editors.transfer.flux import load_flux_editor, load_flux_painter

        painter = profile.transfer_options.keys() & inspect.signature(load_flux_painter).parameters.keys()
        inspect.signature(load_flux_painter).bind(
            "folder", {}, **{k: profile.transfer_options[k] for k in painter}
        )
        assert (
            profile.transfer_options.keys() - painter <= inspect.signature(load_flux_editor).parameters.keys()
        )
    if "pipeline" in profile.options:
        from editcore.editors.public import PublicEditor, check_call

        engine: type = PublicEditor
        check_call(profile.options["pipeline"], profile.options["arguments"], profile.options["call"])
    else:
        from editcore.editors.diffusion import DiffusionEditor

        engine = DiffusionEditor
    inspect.signature(engine).bind("folder", adapters={}, **profile.options)


def _campaign(tmp_path: Path, profile: str):  # type: ignore[no-untyped-def]
    from editcore.campaign import check_campaign

    (tmp_path / "photos").mkdir(exist_ok=True)
    return check_campaign({
        "name": "x", "source": {"folder": str(tmp_path / "photos")}, "output": str(tmp_path / "out"),
        "recipes": [{"id": "navy", "words": "make it navy"}], "profile": profile,
    })  # fmt: skip


@pytest.mark.parametrize("name", PUBLIC)
def test_planning_says_what_to_download_and_where_to_put_it(
    name: str, tmp_path: Path, no_models: Path
) -> None:
    checkpoint = load_profile(name).checkpoint
    with pytest.raises(ProfileError) as refused:
        forecast(_campaign(tmp_path, name))
    message = str(refused.value)
    assert f"hf download {checkpoint} --local-dir {no_models / checkpoint}" in message
    assert load_profile(name).licence in message
    _pretend(no_models, checkpoint)
    for adapter in load_profile(name).transfer_adapters:
        with pytest.raises(ProfileError, match=f"no adapter at {adapter}; put it there"):
            forecast(_campaign(tmp_path, name))
        Path(adapter).write_bytes(b"1")
    lines = forecast(_campaign(tmp_path, name))
    assert any(line.startswith("memory: ") for line in lines)


def test_the_command_line_answers_an_absent_model_with_a_sentence(tmp_path: Path) -> None:
    from typer.testing import CliRunner

    from flows.cli import app

    (tmp_path / "photos").mkdir()
    file = tmp_path / "campaign.yaml"
    file.write_text(
        "name: x\nsource: {folder: photos}\noutput: out\nprofile: sdxl\nrecipes: [{id: a, words: navy}]\n"
    )
    answer = CliRunner().invoke(app, ["plan", str(file)])
    assert answer.exit_code == 2 and "hf download stabilityai/" in answer.output
    unknown = CliRunner().invoke(app, ["plan", str(file), "--profile", "sdx"])
    assert unknown.exit_code == 2 and "found no profile 'sdx'" in unknown.output


def test_half_a_download_and_pickles_are_told_from_a_whole_one(no_models: Path) -> None:
    folder = _pretend(no_models, "owner/name")
    assert find_checkpoint("owner/name") == folder == find_checkpoint(str(folder))
    (folder / "unet/weights.safetensors").rename(folder / "unet/weights.bin")
    with pytest.raises(CheckpointMissing, match=r"no \.safetensors file"):
        find_checkpoint("owner/name")
    (folder / "unet").rename(folder / "gone")
    with pytest.raises(CheckpointMissing, match="lacks its part unet"):
        find_checkpoint("owner/name")


def test_a_profile_of_ones_own_lies_beside_its_weights(tmp_path: Path) -> None:
    folder = _pretend(tmp_path, "mine")
    settings = yaml.safe_load((HERE / "sd15.yaml").read_text()) | {
        "checkpoint": "mine", "adapters": {"range.safetensors": 0.8},
        "transfer": "editcore.editors:load_transfer",
        "transfer_adapters": {"a/pytorch_lora_weights.safetensors": 1, "b/pytorch_lora_weights.safetensors": 0.5},
    }  # fmt: skip
    file = tmp_path / "own.yaml"
    file.write_text(yaml.safe_dump(settings))
    with pytest.raises(ProfileError, match=r"no adapter at .*range"):
        ready_profile(str(file))
    (tmp_path / "range.safetensors").write_bytes(b"first")
    with pytest.raises(ProfileError, match=r"no adapter at .*a/pytorch.*, .*b/pytorch"):
        ready_profile(str(file))
    for place in ("a", "b"):
        (tmp_path / place).mkdir()
        (tmp_path / place / "pytorch_lora_weights.safetensors").write_bytes(place.encode())
    profile = ready_profile(str(file))
    assert profile.checkpoint_folder() == folder
    first = profile.identity()
    assert first["adapters.range.safetensors"].endswith("x 0.8")
    both = first["transfer_adapters.pytorch_lora_weights.safetensors"]
    assert " x 1 " in both and both.endswith(" x 0.5"), "two files of one name are two adapters"


def test_other_weights_are_another_night(tmp_path: Path) -> None:
    from editcore.profiles import Profile

    folder, adapter = _pretend(tmp_path, "mine"), tmp_path / "a.safetensors"
    adapter.write_bytes(b"first")
    facts = {"name": "x", "licence": "y", "checkpoint": str(folder), "adapters": {str(adapter): 1.0}}
    identities = [Profile(**facts).identity()]
    (tmp_path / "b").mkdir()
    other = tmp_path / "b/a.safetensors"
    other.write_bytes(b"second")
    identities.append(Profile(**facts | {"adapters": {str(other): 1.0}}).identity())
    second = _pretend(tmp_path, "other")
    (second / "unet/weights.safetensors").write_bytes(b"2")
    identities.append(Profile(**facts | {"checkpoint": str(second)}).identity())
    assert len({str(identity) for identity in identities}) == 3
    (second / "README.md").write_text("a card")
    (folder / "README.md").write_text("a card")
    assert Profile(**facts).identity() == identities[0], "a card changes no picture"


def test_the_bundled_profiles_identity_has_nothing_new_in_it() -> None:
    identity = load_profile("bundled").identity()
    assert not {key for key in identity if key.startswith(("checkpoint", "adapters", "memory"))}


def test_a_night_gets_its_engine_from_such_a_profile(tmp_path: Path) -> None:
    import numpy as np
    import tiny_pipelines as tiny

    from editcore.editors.base import EditRequest
    from tasks.models import _load

    tiny.seeded(tiny.stable_diffusion).save_pretrained(tmp_path / "mine")
    settings = yaml.safe_load((HERE / "sd15.yaml").read_text()) | {"checkpoint": "mine"}
    settings["options"] |= {"device": "cpu", "dtype": "float32", "steps": 1}
    (tmp_path / "own.yaml").write_text(yaml.safe_dump(settings))
    editor = _load("editor", ready_profile(str(tmp_path / "own.yaml")).model_dump_json())
    image, alpha = np.full((40, 40, 3), 90, np.uint8), np.zeros((40, 40), np.uint8)
    alpha[10:30, 10:30] = 255
    (result,) = editor.edit([EditRequest("r", image, alpha, "make it walnut", "product", 1)])
    assert editor.batch_size == 8
    assert np.array_equal(result.image[alpha == 0], image[alpha == 0])
    assert not np.array_equal(result.image, image)
