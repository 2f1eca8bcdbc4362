"""Structure distance: did the shapes stay, whatever their colours became?

Tumanyan et al. 2022 (Splicing ViT Features, arXiv 2202.12040), eq. 3: the self-similarity of a picture is the matrix
of cosines between the key features of all tokens in a vision transformer's last block, heads side by side. The
distance of two pictures is the mean squared difference of their matrices (PIE-Bench's form of the paper's norm).

PIE-Bench takes DINO ViT-B/8 at 224 pixels. That network is not shipped: give the folder of a ``transformers``
ViTModel. A ViT-B/8 fills ``structure_distance``, any other ``structure_distance_other``; without a folder both stay
empty. The bundled scorer's keys are no stand-in: on exact recolours, which change no shape, they gave a distance of
0.32 (two specimens), so they see colour.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

Keys = Callable[[Sequence[np.ndarray]], np.ndarray]
"""(N, T, D) float32 keys of N (H, W, 3) uint8 pictures."""

IMAGENET_MEAN, IMAGENET_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


def self_similarity(keys_NTD: np.ndarray) -> np.ndarray:
    """(N, T, T) cosines between all pairs of tokens."""
    lengths = np.linalg.norm(keys_NTD, axis=2)
    scale = np.maximum(lengths[:, :, None] * lengths[:, None, :], 1e-8)
    return keys_NTD @ keys_NTD.transpose(0, 2, 1) / scale


class Structure:
    """A network to measure with; ``column`` is where its figures belong."""

    def __init__(self, folder: Path, device: str = "cpu") -> None:
        """folder: of a ViTModel. ValueError says what is wrong with it."""
        vit = VitKeys(folder, device)
        published = vit.config.hidden_size == 768 and vit.config.patch_size == 8
        self._keys: Keys = vit.as_published if published else vit
        self.column = "structure_distance" if published else "structure_distance_other"
        self.name = f"vit:{folder.name}"

    def __call__(self, before: Sequence[np.ndarray], after: Sequence[np.ndarray]) -> list[float]:
        """Distances of N pairs, >= 0; 0 = same structure."""
        if not len(before):
            return []
        was, now = np.split(self_similarity(self._keys([*before, *after])), 2)
        return [float(d) for d in np.square(was - now).mean(axis=(1, 2))]


class VitKeys:
    """Keys of the last block of a ``transformers`` ViTModel, class token first."""

    def __init__(self, folder: Path, device: str = "cpu") -> None:
        from transformers import ViTModel

        if not (folder / "config.json").is_file():
            raise ValueError(f"{folder} holds no config.json; expected a transformers folder of a ViTModel")
        self._model, loading = ViTModel.from_pretrained(
            folder,
            local_files_only=True,
            use_safetensors=True,
            add_pooling_layer=False,
            output_loading_info=True,
        )
        if missing := sorted(loading["missing_keys"]):
            raise ValueError(
                f"{folder}: weights are missing ({missing[0]}, {len(missing)} in all); is it a ViTModel?"
            )
        self._model.eval().to(device)
        self._device, self.config = device, self._model.config

    def __call__(self, pictures: Sequence[np.ndarray]) -> np.ndarray:
        """Pictures in [0, 1], normalised as ImageNet's."""
        return self._run(pictures, 255.0)

    def as_published(self, pictures: Sequence[np.ndarray]) -> np.ndarray:
        """The published evaluation does not divide pixels by 255 before it normalises; nor does this."""
        return self._run(pictures, 1.0)

    def _run(self, pictures: Sequence[np.ndarray], divisor: float) -> np.ndarray:
        import torch
        import torch.nn.functional as F

        side = self.config.image_size
        mean, std = (torch.tensor(v).view(3, 1, 1) for v in (IMAGENET_MEAN, IMAGENET_STD))
        seen: list[Any] = []
        layer = self._model.layers[-1].attention.k_proj
        hook = layer.register_forward_hook(lambda module, given, out: seen.append(out))
        try:
            with torch.inference_mode():
                for picture in pictures:  # one by one: pictures differ in size
                    rgb_13HW = torch.from_numpy(picture).permute(2, 0, 1)[None].float() / divisor
                    small = F.interpolate(rgb_13HW, (side, side), mode="bilinear", antialias=True)
                    self._model(((small - mean) / std).to(self._device))
        finally:
            hook.remove()
        return torch.cat(seen).float().cpu().numpy()
