"""The engine around diffusers' editing pipelines, with tiny random models of the same classes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tiny_pipelines as tiny

from editcore.editors.base import EditRequest
from editcore.editors.public import PIPELINES, PublicEditor, check_call

PIX2PIX: dict[str, Any] = {
    "pipeline": "StableDiffusionInstructPix2PixPipeline",
    "arguments": {"image": "image", "prompt": "prompt"},
    "call": {"num_inference_steps": 2, "guidance_scale": 3.0, "image_guidance_scale": 1.5},
    "side": 64,
}
INPAINTING: dict[str, Any] = {
    "pipeline": "StableDiffusionInpaintPipeline",
    "arguments": {
        "image": "image", "mask": "mask_image", "prompt": "prompt", "width": "width", "height": "height"
    },
    "call": {"num_inference_steps": 2, "guidance_scale": 3.0},
    "side": 64,
    "prompt": "caption",
}  # fmt: skip


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    found = {}
    for name, build in {"pix2pix": tiny.pix2pix, "inpainting": tiny.inpainting}.items():
        found[name] = tmp_path_factory.mktemp(name)
        tiny.seeded(build).save_pretrained(found[name])
    return found


@pytest.fixture(scope="module", params=["pix2pix", "inpainting"])
def editor(request: pytest.FixtureRequest, folders: dict[str, Path]) -> PublicEditor:
    options = PIX2PIX if request.param == "pix2pix" else INPAINTING
    return PublicEditor(folders[request.param], **options)


def request_for(words: str, target: str = "product", seed: int = 1) -> EditRequest:
    image = np.random.default_rng(0).integers(0, 255, (100, 80, 3), dtype=np.uint8)
    alpha = np.zeros((100, 80), np.uint8)
    alpha[30:75, 20:60] = 255
    return EditRequest(f"row-{words}", image, alpha, words, target, seed)  # type: ignore[arg-type]


def test_pixels_outside_the_region_are_the_sources(editor: PublicEditor) -> None:
    requests = [request_for("make the mug navy"), request_for("on a walnut table", "background")]
    for request, result in zip(requests, editor.edit(requests), strict=True):
        kept = result.region == 0
        assert np.array_equal(result.image[kept], request.image[kept])
        assert not np.array_equal(result.image, request.image)
        assert result.raw is not None and result.raw.shape == (64, 64, 3)
        assert result.notes["steps"] == 2
    assert editor.identity["name"] in PIPELINES


def test_a_seed_is_a_picture(editor: PublicEditor) -> None:
    first, again, other = editor.edit([request_for("turn it into walnut", seed=s) for s in (5, 5, 6)])
    assert np.array_equal(first.image, again.image) and not np.array_equal(first.image, other.image)


def test_what_the_pipeline_is_handed(folders: dict[str, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    editor = PublicEditor(folders["inpainting"], **INPAINTING)
    seen: list[dict[str, Any]] = []
    real = editor.pipeline

    def spy(**named: Any) -> Any:
        seen.append(named)
        return real(**named)

    monkeypatch.setattr(editor, "pipeline", spy)
    editor.edit([request_for("make the mug navy"), request_for("on a walnut table", "background")])
    product, background = seen
    assert product["prompt"] == "a navy mug" and background["prompt"].startswith("a product on")
    assert product["width"] == product["height"] == 64 and product["guidance_scale"] == 3.0
    assert np.asarray(product["mask_image"])[32, 32] == 255 and np.asarray(product["mask_image"])[0, 0] == 0
    assert (
        np.asarray(background["mask_image"])[32, 32] == 0
        and np.asarray(background["mask_image"])[0, 0] == 255
    )
    assert np.asarray(background["image"]).std() > 20, "the whole photograph, not a cut-out"


def test_instructions_go_to_those_that_follow_them(folders: dict[str, Path]) -> None:
    (result,) = PublicEditor(folders["pix2pix"], **PIX2PIX).edit([request_for("Make the mug NAVY, please")])
    assert result.notes["words"] == "Make the mug NAVY, please"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"pipeline": "os.system"}, "expected one of Flux2KleinPipeline"),
        ({"arguments": {"image": "image"}}, "expected image and prompt"),
        ({"arguments": {"image": "image", "prompt": "prompt", "sound": "x"}}, "expected image and prompt"),
        ({"arguments": {"image": "picture", "prompt": "prompt"}}, "takes no picture; it takes self, prompt"),
        ({"call": {"guidance": 3}}, "takes no guidance"),
        ({"call": {"prompt": "x"}}, "prompt would be given twice"),
    ],
)
def test_a_call_the_installed_diffusers_does_not_know_is_refused(
    change: dict[str, Any], message: str
) -> None:
    given = {key: PIX2PIX[key] for key in ("pipeline", "arguments", "call")} | change
    with pytest.raises(ValueError, match=message):
        check_call(**given)


@pytest.mark.parametrize("pipeline", PIPELINES)
def test_every_pipeline_on_the_list_exists_and_takes_a_picture_and_words(pipeline: str) -> None:
    check_call(pipeline, {"image": "image", "prompt": "prompt"}, {"num_inference_steps": 4})


def test_another_class_in_the_folder_is_named(folders: dict[str, Path], tmp_path: Path) -> None:
    with pytest.raises(
        ValueError, match="holds a StableDiffusionInpaintPipeline, expected a StableDiffusionInst"
    ):
        PublicEditor(folders["inpainting"], **PIX2PIX)
    with pytest.raises(FileNotFoundError, match="no model at"):
        PublicEditor(tmp_path, **PIX2PIX)
    with pytest.raises(ValueError, match="found dtype"):
        PublicEditor(folders["pix2pix"], **PIX2PIX, dtype="int4")


def test_it_leaves_the_device_once_and_has_nothing_to_leave_on_a_cpu(
    folders: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    editor = PublicEditor(folders["pix2pix"], **PIX2PIX)
    assert not editor.offload()
    asked: list[str] = []
    monkeypatch.setattr(editor.pipeline, "enable_model_cpu_offload", lambda device: asked.append(device))
    editor.device = "cuda"
    assert (editor.offload(), editor.offload()) == (True, False)
    assert asked == ["cuda"]
