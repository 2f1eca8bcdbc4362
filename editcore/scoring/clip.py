"""CLIP (Radford et al. 2021) by ``open_clip``: does the picture match the words, and did it move their way?

A model is a folder (``open_clip_config.json``, ``open_clip_model.safetensors``, tokenizer files), which is
how the bundled scorer ships, or any name that ``open_clip`` knows, given by the profile with its
``pretrained`` tag. The bundled scorer shares its captions with the bundled editor's training: it ranks
colours, materials and backgrounds of studio pictures, and is no general CLIP.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from torch import Tensor

WEIGHTS = "open_clip_model.safetensors"
CONFIG = "open_clip_config.json"
TOKENIZER_FILES = ("tokenizer.json", "tokenizer_config.json", "special_tokens_map.json")
PREPROCESS = {
    "mean": [0.5, 0.5, 0.5],
    "std": [0.5, 0.5, 0.5],
    "interpolation": "bicubic",
    "resize_mode": "squash",
}
"""Of scorers trained here; other models bring their own. Pictures come as squares already
(``scoring.product_square``)."""


class ScorerMissing(RuntimeError):  # noqa: N818 - says what is the matter
    """The CLIP model a profile names is not there."""


class Clip:
    """A loaded CLIP model. Embeddings are unit vectors, so their dot product is the cosine."""

    def __init__(self, model: str | Path, pretrained: str | None = None, device: str = "cpu") -> None:
        import open_clip

        name = _checked(model, pretrained)
        self._model, _, self._preprocess = open_clip.create_model_and_transforms(
            name, pretrained=pretrained, device=device
        )
        self._model.eval().requires_grad_(False)
        self._tokenizer: Any = open_clip.get_tokenizer(name)
        self._device = device
        self.name = f"open_clip:{Path(model).name}" + (f"/{pretrained}" if pretrained else "")

    def images(self, pictures: Sequence[np.ndarray]) -> np.ndarray:
        """(N, D) float32 unit embeddings of (H, W, 3) uint8 pictures."""
        import torch
        from PIL import Image

        batch = torch.stack([self._preprocess(Image.fromarray(p)) for p in pictures]).to(self._device)
        with torch.inference_mode():
            return self._model.encode_image(batch, normalize=True).float().cpu().numpy()

    @property
    def side(self) -> int:
        """Side of the square pictures it looks at, pixels."""
        size = self._model.visual.image_size
        return int(size if isinstance(size, int) else size[0])

    def embed(self, rgb_B3HW: Tensor) -> Tensor:
        """(B, D) unit embeddings of pictures in [0, 1], ``side`` square, with gradients to the pictures."""
        mean, std = (
            rgb_B3HW.new_tensor(getattr(self._model.visual, name)).view(1, 3, 1, 1)
            for name in ("image_mean", "image_std")
        )
        return self._model.encode_image((rgb_B3HW - mean) / std, normalize=True).float()

    def texts(self, texts: Sequence[str]) -> np.ndarray:
        """(N, D) float32 unit embeddings."""
        import torch

        with torch.inference_mode():
            tokens = self._tokenizer(list(texts)).to(self._device)
            return self._model.encode_text(tokens, normalize=True).float().cpu().numpy()

    def score(
        self,
        before: Sequence[np.ndarray],
        after: Sequence[np.ndarray],
        source_texts: Sequence[str],
        target_texts: Sequence[str],
    ) -> list[dict[str, float | str | None]]:
        """Columns ``clip_*`` of N edits."""
        n = len(before)
        if not n:
            return []
        images, texts = self.images([*before, *after]), self.texts([*source_texts, *target_texts])
        was, now, source, target = images[:n], images[n:], texts[:n], texts[n:]
        directions = direction(was, now, source, target)
        return [
            {
                "clip_text": float(now[i] @ target[i]),
                "clip_direction": directions[i],
                "clip_image": float(was[i] @ now[i]),
                "clip_model": self.name,
            }
            for i in range(n)
        ]


def direction(
    was_ND: np.ndarray, now_ND: np.ndarray, source_ND: np.ndarray, target_ND: np.ndarray
) -> list[float | None]:
    """Directional similarity: cosine of (now - was) in picture space and (target - source) in text space.

    StyleGAN-NADA (Gal et al. 2022, eq. 3), as a metric in InstructPix2Pix (Brooks et al. 2023). 0 when the
    picture did not change (nothing moved the asked way); None when the two texts are the same (nothing was
    asked).
    """
    moved, asked = now_ND - was_ND, target_ND - source_ND
    lengths = np.linalg.norm(moved, axis=1) * np.linalg.norm(asked, axis=1)
    dots = (moved * asked).sum(axis=1)
    wanted = np.linalg.norm(asked, axis=1) > 1e-5
    return [
        None if not want else float(dot / length) if length > 1e-7 else 0.0
        for dot, length, want in zip(dots, lengths, wanted, strict=True)
    ]


def save_scorer(model: Any, tokenizer_dir: str | Path, config: dict[str, Any], folder: str | Path) -> None:
    """Write a trained ``open_clip.model.CLIP`` so that ``Clip(folder)`` loads it: safetensors, float16.

    config: ``{"embed_dim": ..., "vision_cfg": {...}, "text_cfg": {...}}``, the model's keyword arguments.
    tokenizer_dir: a ``transformers`` tokenizer saved with ``save_pretrained``.
    """
    import torch
    from safetensors.torch import save_file

    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    text = {**config["text_cfg"], "hf_tokenizer_name": "local"}  # any name: open_clip then reads this folder
    whole = {"model_cfg": {**config, "text_cfg": text}, "preprocess_cfg": PREPROCESS}
    (folder / CONFIG).write_text(json.dumps(whole, indent=2) + "\n")
    for name in TOKENIZER_FILES:
        if (Path(tokenizer_dir) / name).is_file() and Path(tokenizer_dir).resolve() != folder.resolve():
            shutil.copyfile(Path(tokenizer_dir) / name, folder / name)
    weights = {k: v.detach().cpu().to(torch.float16).contiguous() for k, v in model.state_dict().items()}
    save_file(weights, str(folder / WEIGHTS))


def _checked(model: str | Path, pretrained: str | None) -> str:
    """The name ``open_clip`` wants, after making sure that it would not come up with random weights."""
    import open_clip

    folder = Path(str(model).removeprefix("local-dir:"))
    if folder.is_dir():
        for name in (CONFIG, WEIGHTS):
            if not (folder / name).is_file():
                raise ScorerMissing(f"{folder} holds no {name}; a CLIP folder has {CONFIG} and {WEIGHTS}.")
        return f"local-dir:{folder}"
    if str(model) not in open_clip.list_models() and not str(model).startswith("hf-hub:"):
        raise ScorerMissing(f"{str(model)!r} is neither a folder nor a model name that open_clip knows.")
    if not pretrained and not str(model).startswith("hf-hub:"):
        raise ScorerMissing(f"{model} needs a pretrained tag or file; without one its weights are random.")
    return str(model)
