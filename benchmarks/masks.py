"""What the second look is worth: masks by one opinion of the network and by several, against the truth.

    python benchmarks/masks.py [--pictures 100] [--photos folder [--sheets folder]]

For studio pictures of 512 pixels, whose masks are exact, it prints a line each, then of both, after refinement:
intersection over union, mean absolute error over the picture and within 8 pixels of the true edge, and seconds of the
network a picture. Of the doubts it prints how many masks with an IoU below 0.9 were doubted, and how many others.

For a folder of photos, which have no truth: figures and doubts of every mask. With ``--sheets`` a PNG each (photo, one
opinion, several) to be looked at.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import cv2
import numpy as np
import torch

from editcore.images import load
from editcore.segmentation import Figures, ask, doubt, measure, u2netp
from editcore.segmentation.refine import refine
from editcore.studio.photograph import photograph, sample_setup

UNSEEN = 900_000
SIZE = 512
PINK = np.array([255, 150, 200], np.float32)


def main() -> None:
    arguments = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    arguments.add_argument("--pictures", type=int, default=100)
    arguments.add_argument("--photos", type=Path)
    arguments.add_argument("--sheets", type=Path)
    given = arguments.parse_args()
    torch.set_num_threads(1)
    if given.photos:
        for file in sorted(given.photos.glob("*.jpg")):
            _photo(file, given.sheets)
    elif given.pictures:
        _studio(given.pictures)


class Judged:
    """One picture judged by one opinion (index 0) and by several (index 1)."""

    def __init__(self, picture: np.ndarray) -> None:
        self._network, self.spent = u2netp(), [0.0]
        opinions = ask(picture, self._look)
        self.looks = opinions.looks
        self.alphas = [refine(picture, opinions.whole), refine(picture, opinions.map)]
        self.figures: list[Figures] = [
            measure(self.alphas[0], opinions.whole),
            measure(self.alphas[1], opinions.whole, opinions.disagreement),
        ]
        self.seconds = [self.spent[1], sum(self.spent)]

    def _look(self, picture: np.ndarray) -> np.ndarray:
        started = time.process_time()
        map_ = self._network(picture)
        self.spent.append(time.process_time() - started)
        return map_


def _studio(count: int) -> None:
    errors, seconds, looks, ious, doubts = [], [], [], [], []
    for picture, truth in _pictures(count):
        judged = Judged(picture)
        errors.append([_errors(alpha / 255, truth) for alpha in judged.alphas])
        seconds.append(judged.seconds)
        looks.append(judged.looks)
        ious.append([_iou(alpha / 255, truth) for alpha in judged.alphas])
        sentences = [doubt(figures) for figures in judged.figures]
        doubts.append([sentence != "" for sentence in sentences])
        print(f"IoU {ious[-1][0]:.4f} {ious[-1][1]:.4f}, {judged.looks} looks | {sentences[1] or 'believed'}")
    mean_errors, mean_seconds = np.mean(errors, axis=0), np.mean(seconds, axis=0)
    for k, name in enumerate(("one opinion", "several")):
        iou, doubted = np.array(ious)[:, k], np.array(doubts)[:, k]
        bad = iou < 0.9
        print(
            f"{name}: IoU {iou.mean():.4f}, {bad.sum()} of {count} below 0.9 ({(bad & doubted).sum()} doubted, and "
            f"{(~bad & doubted).sum()} others); error {mean_errors[k, 0]:.4f}, at the edge {mean_errors[k, 1]:.4f}; "
            f"{mean_seconds[k]:.3f} s"
        )
    better, worse = (int((np.sign(np.diff(ious)) * s > 0).sum()) for s in (1, -1))
    print(f"IoU better in {better}, worse in {worse}; {np.mean(looks):.2f} looks a picture")


def _pictures(count: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """(512, 512, 3) uint8 and the exact mask in [0, 1]."""
    for i in range(count):
        photos = photograph([sample_setup(UNSEEN + i)], SIZE)
        rgb = (photos.rgb_B3HW[0].permute(1, 2, 0).numpy() * 255).round().astype(np.uint8)
        yield np.ascontiguousarray(rgb), photos.mask_B1HW[0, 0].numpy()


def _iou(alpha: np.ndarray, truth: np.ndarray) -> float:
    a, b = alpha > 0.5, truth > 0.5
    return float((a & b).sum() / max((a | b).sum(), 1))


def _errors(alpha: np.ndarray, truth: np.ndarray) -> tuple[float, float]:
    """Mean absolute error over the picture, and within 8 pixels of the true edge."""
    solid, kernel = (truth > 0.5).astype(np.uint8), np.ones((17, 17), np.uint8)
    edge = cv2.dilate(solid, kernel) != cv2.erode(solid, kernel)
    error = np.abs(alpha - truth)
    return float(error.mean()), float(error[edge].mean())


def _photo(file: Path, sheets: Path | None) -> None:
    picture = load(file).rgb
    judged = Judged(picture)
    for name, figures in zip(("one", f"{judged.looks} looks"), judged.figures, strict=True):
        shown = " ".join(f"{key} {value:.3f}" for key, value in asdict(figures).items())
        print(f"{file.stem}, {name}: {shown} | {doubt(figures) or 'believed'}")
    if sheets:
        sheets.mkdir(parents=True, exist_ok=True)
        cut = [_on_pink(picture, alpha) for alpha in judged.alphas]
        scale = 480 / max(picture.shape)
        sheet = cv2.resize(np.hstack([picture, *cut]), None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        cv2.imwrite(str(sheets / f"{file.stem}.png"), cv2.cvtColor(sheet, cv2.COLOR_RGB2BGR))


def _on_pink(picture: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    share = (alpha / np.float32(255))[..., None]
    return (share * picture + (1 - share) * PINK).astype(np.uint8)


if __name__ == "__main__":
    main()
