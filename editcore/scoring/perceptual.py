"""LPIPS (Zhang et al. 2018), offline: whichever calibrated weights are on this machine, never a download.

1. ``lpips-alex-0.1``: the ``lpips`` package, when torchvision's AlexNet lies in the local torch hub cache;
2. ``stlpips-alex-ST0.0``: shift-tolerant LPIPS (Ghildyal and Liu 2022), whose trunk and heads ship in the
wheel of
   ``stlpips-pytorch`` (BSD-2-Clause). Its values are lower for small shifts, so the column ``lpips_model``
   says which.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import util
from pathlib import Path
from types import ModuleType
from typing import Any

import cv2
import numpy as np

from editcore.pixels import quiet

SIDE = 256
"""Longer side at which pictures are compared, pixels; LPIPS was calibrated on patches of 64."""
ALEXNET_FILE = "alexnet-owt-7be5be79.pth"
_SLICES = ((0, 1), (2, 5), (5, 8), (8, 10), (10, 12))
"""Layers of torchvision's AlexNet in each slice of ``lpips``' trunk."""
_LOCK = threading.Lock()


class Lpips:
    """A loaded metric; ``name`` goes into the column ``lpips_model``."""

    def __init__(self, device: str = "cpu") -> None:
        alexnet = _cached_alexnet()
        self.name = "lpips-alex-0.1" if alexnet else "stlpips-alex-ST0.0"
        self._model = (_load_lpips(alexnet) if alexnet else _load_stlpips()).to(device).eval()
        self._device = device

    @property
    def network(self) -> Any:
        """The metric's module: ``scaling_layer``, trunk ``net`` and one calibrated head a layer in ``lins``."""
        return self._model

    def __call__(self, pairs: Sequence[tuple[np.ndarray, np.ndarray]]) -> list[float]:
        """Distances of (before, after) pairs, (H, W, 3) uint8 each, >= 0; 0 = the same to the eye."""
        import torch

        distances = []
        for before, after in pairs:
            if np.array_equal(before, after):
                distances.append(0.0)
                continue
            with torch.inference_mode():
                a, b = (torch.from_numpy(_prepare(x)).to(self._device) for x in (before, after))
                distances.append(float(self._model(a, b)))
        return distances


def _prepare(picture_HW3: np.ndarray) -> np.ndarray:
    """(1, 3, h, w) float32 in [-1, 1], longer side ``SIDE``."""
    scale = SIDE / max(picture_HW3.shape[:2])
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    small = cv2.resize(picture_HW3, None, fx=scale, fy=scale, interpolation=method)
    return (small.astype(np.float32) / 127.5 - 1).transpose(2, 0, 1)[None]


def _cached_alexnet() -> Path | None:
    import torch

    path = Path(torch.hub.get_dir()) / "checkpoints" / ALEXNET_FILE
    return path if path.is_file() else None


def _load_lpips(alexnet: Path) -> Any:
    import lpips
    import torch

    with quiet():  # lpips names torchvision's arguments the old way
        model = lpips.LPIPS(net="alex", pnet_rand=True, verbose=False)
    weights = torch.load(alexnet, map_location="cpu", weights_only=True)
    renamed = {}
    for number, (first, end) in enumerate(_SLICES, start=1):
        for layer in range(first, end):
            for kind in ("weight", "bias"):
                if f"features.{layer}.{kind}" in weights:
                    renamed[f"slice{number}.{layer}.{kind}"] = weights[f"features.{layer}.{kind}"]
    model.net.load_state_dict(renamed)
    return model


def _load_stlpips() -> Any:
    with _LOCK, _stand_ins("IPython", "torchsummary"):
        from stlpips_pytorch import stlpips
    # Without the variant the package asks torchvision to download an AlexNet.
    return stlpips.LPIPS(net="alex", variant="shift_tolerant", verbose=False)


@contextmanager
def _stand_ins(*names: str) -> Iterator[None]:
    """Empty modules for packages that ``stlpips`` imports, never uses and does not declare; removed again."""
    missing = [name for name in names if name not in sys.modules and util.find_spec(name) is None]
    for name in missing:
        module = ModuleType(name)
        module.__dict__.update(embed=None, summary=None)
        sys.modules[name] = module
    try:
        yield
    finally:
        for name in missing:
            del sys.modules[name]
