"""LPIPS offline: its name is recorded, it grows with damage, and the stand-in modules leave no trace."""

from __future__ import annotations

import sys
from importlib import util
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from skimage import data

from editcore.scoring.perceptual import ALEXNET_FILE, Lpips


@pytest.fixture(scope="module")
def photo() -> np.ndarray:
    return np.ascontiguousarray(data.coffee()[:300, 100:400])


@pytest.fixture(scope="module")
def lpips(tmp_path_factory: pytest.TempPathFactory) -> Lpips:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(torch.hub, "get_dir", lambda: str(tmp_path_factory.mktemp("hub")))
        return Lpips()


def test_without_a_cached_backbone_the_shift_tolerant_weights_serve(lpips: Lpips) -> None:
    assert lpips.name == "stlpips-alex-ST0.0"
    for name in ("IPython", "torchsummary"):
        assert util.find_spec(name) is not None or name not in sys.modules


def test_identical_is_zero_and_damage_grows(lpips: Lpips, photo: np.ndarray) -> None:
    assert lpips([(photo, photo)]) == [0.0]
    blurred = [cv2.GaussianBlur(photo, (0, 0), sigma) for sigma in (2, 4, 8, 16)]
    other = np.ascontiguousarray(data.astronaut()[:300, :300])
    *distances, elsewhere = lpips([(photo, worse) for worse in [*blurred, other]])
    assert all(better < worse for better, worse in pairwise(distances))
    assert distances[0] > 0 and elsewhere > 0.4


def test_a_shift_by_one_pixel_is_small(lpips: Lpips, photo: np.ndarray) -> None:
    shifted, noisy = lpips([(photo[:, 1:], photo[:, :-1]), (photo, photo[::-1])])
    assert shifted < 0.05 < 0.3 < noisy


def test_sizes_may_differ_between_pairs(lpips: Lpips, photo: np.ndarray) -> None:
    pairs = [(photo, 255 - photo), (photo[:100], 255 - photo[:100]), (photo[:40, :40], 255 - photo[:40, :40])]
    assert all(distance > 0.1 for distance in lpips(pairs))


def test_a_cached_backbone_is_used_by_the_lpips_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, photo: np.ndarray
) -> None:
    """A random AlexNet in the cache: enough to prove that it is found, renamed and loaded completely."""
    from torchvision.models import alexnet

    (tmp_path / "checkpoints").mkdir()
    torch.manual_seed(0)
    backbone = alexnet(weights=None)
    torch.save(backbone.state_dict(), tmp_path / "checkpoints" / ALEXNET_FILE)
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path))
    metric = Lpips()
    assert metric.name == "lpips-alex-0.1"
    loaded = metric._model.net.slice5[0].weight
    assert torch.equal(loaded, backbone.features[10].weight)
    assert metric([(photo, 255 - photo)])[0] > 0
