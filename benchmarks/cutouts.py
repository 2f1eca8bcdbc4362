"""Do cut-outs beside the studio's pictures help on real photos? Two arms each, the same start, seed and time.

    python benchmarks/cutouts.py autoencoder --work train --cutouts package/assets --photos photos [--seconds 360]
    python benchmarks/cutouts.py editor --work train --cutouts package/assets --photos photos [--seconds 300]

``train`` is the folder of a finished `vitrine train all`. Both arms go on from its models, side by side with one
process each, with the studio alone and with the cut-outs too. Prints each arm's figure on the photos (the
autoencoder's PSNR at 128 px; the editor's own chroma error to eight named colours, before composition) and the paired
difference with its standard error over photos.
"""

from __future__ import annotations

import argparse
import shutil
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from bundled_models import photo_squares

from editcore import images
from editcore.editors.base import EditRequest, EditResult, Target
from editcore.editors.bundled import KNOWN_WORDS, BundledEditor
from editcore.editors.crop import model_input
from editcore.lexicon import parse
from editcore.lexicon.colour import chroma_distance
from editcore.segmentation import segment
from editcore.training.autoencoder import AutoencoderJob
from editcore.training.cutouts import build_cutout_pictures, build_cutout_store
from editcore.training.editor import EditorJob
from editcore.training.loop import Budget, train

Arm = AutoencoderJob | EditorJob
ARMS = ("studio", "studio and cut-outs")
ASKED: dict[Target, tuple[str, ...]] = {
    "product": ("make it navy", "make it white", "make it red", "make it sage"),
    "background": tuple(f"{c} studio background" for c in ("warm beige", "light grey", "dusty pink", "teal")),
}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("model", choices=["autoencoder", "editor"])
    for name in ("work", "cutouts", "photos"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    parser.add_argument("--seconds", type=float, default=300)
    given = parser.parse_args()
    torch.set_num_threads(1)
    jobs = (autoencoder_arms if given.model == "autoencoder" else editor_arms)(given.work, given.cutouts)
    _train_side_by_side(jobs, given.work / "runs", given.seconds)
    if given.model == "editor":
        for job in jobs:
            shutil.copy(given.work / "editor" / KNOWN_WORDS, job.output)
    figures = photo_psnr if given.model == "autoencoder" else photo_chroma_errors
    for name, values in zip(*_tell([figures(job.output, given.photos) for job in jobs]), strict=True):
        print(name, values, flush=True)


def autoencoder_arms(work: Path, cutouts: Path) -> list[Arm]:
    """Jobs that go on from ``work/autoencoder``."""
    extra = work / "cutouts.npy"
    if not extra.exists():
        build_cutout_pictures(extra, cutouts)
    stores = [(work / "pictures.npy",), (work / "pictures.npy", extra)]
    outputs = [work / "arms" / f"autoencoder-{n}" for n in range(2)]
    return [AutoencoderJob(s, o, start=work / "autoencoder") for s, o in zip(stores, outputs, strict=True)]


def editor_arms(work: Path, cutouts: Path) -> list[Arm]:
    """Jobs that go on from ``work/editor``."""
    from editcore.training.store import encode_store

    extra = work / "cutout_store"
    if not (extra / "latents.npy").exists():
        build_cutout_store(extra, cutouts)
        encode_store(extra, work / "autoencoder")
    stores = [(work / "store",), (work / "store", extra)]
    outputs = [work / "arms" / f"editor-{n}" for n in range(2)]
    rest = (work / "autoencoder", work / "tokenizer")
    return [
        EditorJob(s, *rest, o, start=work / "editor", peak_lr=8e-4)
        for s, o in zip(stores, outputs, strict=True)
    ]


def _train_side_by_side(jobs: list[Arm], runs: Path, seconds: float) -> None:
    processes = [
        get_context("spawn").Process(
            target=train, args=(job, runs / job.output.name, Budget(seconds, workers=1))
        )
        for job in jobs
    ]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
        if process.exitcode:
            raise RuntimeError(f"an arm ended with exit code {process.exitcode}; its message stands above")


def photo_psnr(autoencoder: Path, photos: Path) -> np.ndarray:
    """PSNR at 128 px of every photo's centre square, dB."""
    from diffusers import AutoencoderDC

    from editcore.training.autoencoder import decode, encode

    model = AutoencoderDC.from_pretrained(autoencoder).float().to(memory_format=torch.channels_last)
    small = F.avg_pool2d(photo_squares(photos), 2)
    with torch.no_grad():
        output = torch.cat([F.avg_pool2d(decode(model, encode(model, chunk)), 2) for chunk in small.split(8)])
    return (-10 * (output.clamp(0, 1) - small).square().mean(dim=(1, 2, 3)).log10()).numpy()


def photo_chroma_errors(editor: Path, photos: Path) -> np.ndarray:
    """The model's own mean chroma error per photo over ``ASKED``, CIELAB a, b."""
    engine = BundledEditor(editor)
    errors = []
    for number, file in enumerate(sorted(photos.glob("*.jpg"))):
        picture = images.load(file.read_bytes())
        alpha = segment(picture).alpha
        requests = [
            EditRequest(file.name, picture.rgb, alpha, words, target, seed=number)
            for target, texts in ASKED.items()
            for words in texts
        ]
        results = engine.edit(requests)
        errors.append(np.mean([_chroma_error(*pair) for pair in zip(requests, results, strict=True)]))
    return np.array(errors)


def _chroma_error(request: EditRequest, result: EditResult) -> float:
    colour = parse(request.words, request.target).colour
    assert colour and result.raw is not None
    region = model_input(request.image, request.alpha, request.target, result.raw.shape[0]).region > 0.9
    mean = result.raw[region].mean(axis=0) / 255
    return chroma_distance((float(mean[0]), float(mean[1]), float(mean[2])), colour.rgb)


def _tell(figures: list[np.ndarray]) -> tuple[list[str], list[str]]:
    change = figures[1] - figures[0]
    error = change.std(ddof=1) / len(change) ** 0.5
    return [*ARMS, "difference"], [
        *(f"{f.mean():.3f}" for f in figures),
        f"{change.mean():+.3f} ± {error:.3f}",
    ]


if __name__ == "__main__":
    main()
