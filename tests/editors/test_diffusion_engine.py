"""The engine over tiny random models of the public classes: the contract, regions, adapters."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tiny_pipelines as tiny
import torch

from editcore.editors import diffusion
from editcore.editors.base import EditRequest
from editcore.editors.bundled import BundledEditor
from editcore.editors.crop import model_input
from editcore.editors.diffusion import DiffusionEditor
from editcore.outcomes import RowError

KINDS: dict[str, Callable[[], Any]] = {"sd": tiny.stable_diffusion, "sdxl": tiny.sdxl, "sd3": tiny.sd3}
FEW: dict[str, Any] = {"steps": 1, "guidance": 2.0}


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory, random_model: Path) -> dict[str, Path]:
    found = {"bundled": random_model}
    for name, build in KINDS.items():
        found[name] = tmp_path_factory.mktemp(name)
        tiny.seeded(build).save_pretrained(found[name])
    return found


@pytest.fixture(scope="module")
def sd(folders: dict[str, Path]) -> DiffusionEditor:
    return DiffusionEditor(folders["sd"], **FEW)


def request_for(words: str, target: str = "product", seed: int = 1) -> EditRequest:
    rng = np.random.default_rng(0)
    image = rng.integers(0, 255, (100, 80, 3), dtype=np.uint8)
    alpha = np.zeros((100, 80), np.uint8)
    alpha[30:75, 20:60] = 255
    alpha[29] = alpha[30] // 2
    return EditRequest(f"row-{words}", image, alpha, words, target, seed)  # type: ignore[arg-type]


CASES = [
    ("make the mug navy", "product"),
    ("turn it into walnut", "product"),
    ("make the yellow parts blue", "region"),
    ("on a walnut table", "background"),
]


@pytest.mark.parametrize("kind", [*KINDS, "bundled"])
def test_pixels_outside_the_region_are_the_sources_with_any_backbone(
    kind: str, folders: dict[str, Path]
) -> None:
    editor = DiffusionEditor(folders[kind], **FEW)
    requests = [request_for(*case) for case in CASES]
    for request, result in zip(requests, editor.edit(requests), strict=True):
        kept = result.region == 0
        assert np.array_equal(result.image[kept], request.image[kept])
        assert not np.array_equal(result.image, request.image)
        product = request.alpha == 255
        assert kept[product].all() if request.target == "background" else not kept[product].any()
        assert result.raw is not None and result.raw.shape[0] == (256 if kind == "bundled" else tiny.SIDE)
        assert result.notes["steps"] == 1 and result.notes["mask"] == "given"


def test_text_to_image_models_are_told_what_the_picture_will_show(sd: DiffusionEditor) -> None:
    results = sd.edit([request_for(*case) for case in CASES])
    assert [r.notes["words"] for r in results[:2]] == ["a navy mug", "a walnut wood product"]
    (unknown,) = sd.edit([request_for("make the mug flurbish navy")])
    assert unknown.warnings == ("not understood: flurbish",)


def test_over_the_bundled_model_it_is_the_bundled_engine(random_model: Path) -> None:
    requests = [request_for("make the mug navy"), request_for("beige studio background", "background", 5)]
    ours = DiffusionEditor(
        random_model, steps=2, guidance=2.0, strength=1.0, blend=False, prompt="canonical", cut_out=True
    ).edit(requests)
    theirs = BundledEditor(random_model, steps=2, floor_detail=False).edit(requests)
    for one, other in zip(ours, theirs, strict=True):
        assert np.abs(one.image.astype(int) - other.image).max() <= 1
        assert np.array_equal(one.region, other.region)


def test_seeds_and_not_neighbours_decide(sd: DiffusionEditor) -> None:
    words, target = "beige studio background", "background"
    first, again, other = sd.edit([request_for(words, target, seed) for seed in (5, 5, 6)])
    (alone,) = sd.edit([request_for(words, target, 5)])
    assert np.abs(first.image.astype(int) - again.image).max() <= 1
    assert np.abs(first.image.astype(int) - alone.image).max() <= 1
    assert not np.array_equal(first.image, other.image)


def test_the_model_may_say_where_and_backgrounds_stay_the_mattes(
    folders: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    editor = DiffusionEditor(folders["sd"], mask="model", **FEW)
    asked: dict[str, Any] = {}

    def left_half(backbone: Any, source: Any, words: Any, before: Any, seeds: Any, condition: bool) -> Any:
        asked.update(words=words, before=before)
        region = torch.zeros(len(source), 1, tiny.SIDE, tiny.SIDE)
        region[..., : tiny.SIDE // 2] = 1
        return region

    monkeypatch.setattr(diffusion, "estimate_region", left_half)
    requests = [request_for("make the mug navy"), request_for("on a walnut table", "background")]
    product, background = editor.edit(requests)
    assert asked == {"words": ["a navy mug"], "before": ["a mug"]}
    middle = (product.crop[0] + product.crop[2]) // 2
    assert product.notes["mask"] == "model" and background.notes["mask"] == "given"
    assert product.region[product.crop[1] : product.crop[3], product.crop[0] : middle - 4].all()
    assert not product.region[:, : product.crop[0]].any(), "the model saw nothing there"
    assert not product.region[:, middle + 6 :].any()
    kept = product.region == 0
    assert np.array_equal(product.image[kept], requests[0].image[kept])
    assert (background.region[requests[1].alpha == 255] == 0).all()


def test_the_models_own_region_keeps_the_contract_too(folders: dict[str, Path]) -> None:
    editor = DiffusionEditor(folders["sd"], mask="model", **FEW)
    request = request_for("make the mug navy")
    (result,) = editor.edit([request])
    kept = result.region == 0
    assert 0 < kept.mean() < 1
    assert np.array_equal(result.image[kept], request.image[kept])


def test_a_model_that_sees_nothing_to_change_says_so(
    folders: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    editor = DiffusionEditor(folders["sd"], mask="model", **FEW)
    monkeypatch.setattr(
        diffusion, "estimate_region", lambda _, source, *rest, **named: torch.zeros_like(source[:, :1])
    )
    with pytest.raises(RowError) as error:
        editor.edit([request_for("make the mug navy")])
    assert error.value.code == "no_region_found"


def test_a_picture_with_nan_is_the_models_fault(sd: DiffusionEditor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(diffusion, "edit_pictures", lambda *_: torch.full((1, 3, 32, 32), torch.nan))
    with pytest.raises(RowError, match="half precision"):
        sd.edit([request_for("make the mug navy")])


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ({"mask": "mine"}, "expected given or model"),
        ({"prompt": "poem"}, "expected one of caption"),
        ({"strength": 2.0}, "strength is"),
    ],
)
def test_options_that_make_no_sense_are_refused(
    folders: dict[str, Path], option: dict[str, Any], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        DiffusionEditor(folders["sd"], **option)


def _adapter(folder: Path, network: Any, prefix: str) -> Path:
    """A LoRA of random weights in diffusers' format."""
    from diffusers import StableDiffusion3Pipeline, StableDiffusionPipeline
    from peft import LoraConfig
    from peft.utils import get_peft_model_state_dict

    torch.manual_seed(1)
    network.add_adapter(LoraConfig(r=2, target_modules=["to_q", "to_v"], init_lora_weights=False))
    writer: Any = StableDiffusionPipeline if prefix == "unet" else StableDiffusion3Pipeline
    writer.save_lora_weights(folder, **{f"{prefix}_lora_layers": get_peft_model_state_dict(network)})
    return folder / "pytorch_lora_weights.safetensors"


@pytest.mark.parametrize("kind", ["sd", "sdxl", "sd3", "bundled"])
def test_an_adapter_changes_the_picture_as_much_as_its_scale(
    kind: str, folders: dict[str, Path], tmp_path: Path
) -> None:
    from editcore.editors.backbones import load_backbone

    file = _adapter(
        tmp_path, load_backbone(folders[kind]).network, "transformer" if kind == "sd3" else "unet"
    )
    request = request_for("turn it into walnut")
    raws = []
    for adapters in ({}, {str(file): 0.0}, {str(file): 1.0}):
        (result,) = DiffusionEditor(folders[kind], adapters=adapters, **FEW).edit([request])
        assert result.raw is not None
        raws.append(result.raw.astype(int))
    assert np.abs(raws[0] - raws[1]).max() <= 1
    assert np.abs(raws[0] - raws[2]).max() > 1


def test_adapters_that_do_not_fit_are_refused(folders: dict[str, Path], tmp_path: Path) -> None:
    from editcore.editors.backbones import load_backbone

    file = _adapter(tmp_path, load_backbone(folders["sd3"]).network, "transformer")
    with pytest.raises(ValueError, match="made for another model"):
        DiffusionEditor(folders["sd"], adapters={str(file): 1.0})
    with pytest.raises(FileNotFoundError, match="no adapter at"):
        DiffusionEditor(folders["sd"], adapters={str(tmp_path / "none.safetensors"): 1.0})
    pickled = tmp_path / "adapter.bin"
    pickled.write_bytes(b"x")
    with pytest.raises(ValueError, match="pickles are not read"):
        DiffusionEditor(folders["sd"], adapters={str(pickled): 1.0})


def test_what_may_change_can_be_hidden_from_an_inpainting_model(folders: dict[str, Path]) -> None:
    request = request_for("make the mug navy")
    shown = model_input(request.image, request.alpha, "product", tiny.SIDE)
    hidden = model_input(request.image, request.alpha, "product", tiny.SIDE, "always")
    inside, outside = shown.region > 0.999, shown.region < 0.001
    assert inside.any() and np.allclose(hidden.picture[inside], 0.5, atol=2e-3)
    assert not np.allclose(shown.picture[inside], 0.5, atol=2e-3)
    assert np.allclose(hidden.picture[outside], shown.picture[outside], atol=2e-3)
    with pytest.raises(ValueError, match="cut_out always with mask model"):
        DiffusionEditor(folders["sd"], mask="model", cut_out="always")
