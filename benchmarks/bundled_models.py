"""How good the bundled models are, on studio objects nobody trained on, and how fast.

    python benchmarks/bundled_models.py [--specimens 48] [--photos folder]

Prints: reconstruction PSNR of the autoencoder; for recolours, backgrounds and materials the root mean square error to
the exact target inside the region, of the model's own output and of doing nothing; the chroma error to the named
colour of the raw output and of the finished picture; edits per second of the bare engine.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from random import Random

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image, ImageOps

from editcore.editors.base import EditRequest
from editcore.editors.bundled import BundledEditor
from editcore.lexicon import parse
from editcore.scoring.colour import colour_errors
from editcore.studio.edits import photograph_edit, sample_edit
from editcore.studio.photograph import photograph, sample_setup
from editcore.training.autoencoder import reconstruction_figures

UNSEEN = 900_000
"""First seed of the specimens; training uses 100,000 to 110,000 and 500,000 to 510,000."""
SIZE = 256


def main() -> None:
    arguments = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    arguments.add_argument("--specimens", type=int, default=48)
    arguments.add_argument("--photos", type=Path)
    given = arguments.parse_args()
    torch.set_num_threads(1)
    editor = BundledEditor()
    setups = [sample_setup(UNSEEN + i) for i in range(given.specimens)]
    pictures = torch.cat([photograph([s], SIZE).rgb_B3HW for s in setups])
    _show("autoencoder, unseen studio pictures", reconstruction_figures(editor.pipeline.vae, pictures))
    if given.photos:
        _show("autoencoder, photos", reconstruction_figures(editor.pipeline.vae, photo_squares(given.photos)))
    for kind in ("recolour", "background", "material"):
        _show(kind, _edit_figures(editor, kind, given.specimens))


def _edit_figures(editor: BundledEditor, kind: str, specimens: int) -> dict[str, float]:
    rows, seconds = [], 0.0
    for i in range(specimens):
        edit = sample_edit(kind, sample_setup(UNSEEN + i), Random(i))
        if edit is None:
            continue
        photos = photograph_edit(edit, SIZE)
        before, after = (_bytes(p.rgb_B3HW[0]) for p in (photos.source, photos.target))
        alpha = (photos.source.mask_B1HW[0, 0].numpy() * 255).round().astype(np.uint8)
        target = "background" if kind == "background" else "product"
        request = EditRequest(f"unseen-{i}", before, alpha, edit.words[0], target, seed=i)
        started = time.perf_counter()
        (result,) = editor.edit([request])
        seconds += time.perf_counter() - started
        rows.append(_figures(request, result.image, result.notes, after, edit.words[0]))
    known = {k: [r[k] for r in rows if not np.isnan(r[k])] for k in rows[0]}
    figures = {k: float(np.mean(values)) for k, values in known.items() if values}
    return figures | {"pictures": len(rows), "edits_per_second": len(rows) / seconds}


def _figures(
    request: EditRequest, image: np.ndarray, notes: dict[str, float | str], truth: np.ndarray, words: str
) -> dict[str, float]:
    inside = request.alpha > 250 if request.target == "product" else request.alpha < 5
    error = lambda a: float(np.sqrt(np.square((a[inside].astype(float) - truth[inside]) / 255).mean()))  # noqa: E731
    figures = {"rmse_finished": error(image), "rmse_untouched": error(request.image)}
    colour = parse(words, request.target).colour
    if colour:
        region = np.where(inside, 255, 0).astype(np.uint8)
        figures["chroma_error_finished"] = float(
            colour_errors(image, region, colour.rgb)["chroma_error"] or np.nan
        )
        figures["chroma_error_true_target"] = float(
            colour_errors(truth, region, colour.rgb)["chroma_error"] or np.nan
        )
        figures["chroma_error_raw"] = float(notes.get("raw_chroma_error", np.nan))
    else:
        figures |= dict.fromkeys(
            ("chroma_error_finished", "chroma_error_true_target", "chroma_error_raw"), np.nan
        )
    return figures


def photo_squares(folder: Path) -> torch.Tensor:
    """Centre squares of a folder's JPEG files, (B, 3, SIZE, SIZE) in [0, 1]."""
    squares = []
    for file in sorted(folder.glob("*.jpg")):
        picture = ImageOps.exif_transpose(Image.open(file).convert("RGB"))
        squares.append(np.array(ImageOps.fit(picture, (SIZE, SIZE), Image.Resampling.BOX)))
    return torch.from_numpy(np.stack(squares)).permute(0, 3, 1, 2).float() / 255


def _bytes(rgb_3HW: torch.Tensor) -> np.ndarray:
    return (F.relu(rgb_3HW).clamp(max=1) * 255).round().to(torch.uint8).permute(1, 2, 0).numpy()


def _show(title: str, figures: dict[str, float]) -> None:
    print(f"{title}: " + ", ".join(f"{k} {v:.3f}" for k, v in figures.items()), flush=True)


if __name__ == "__main__":
    main()
