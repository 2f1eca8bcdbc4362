"""Who describes a picture that came without words.

``Blip`` (Li et al. 2022, arXiv 2201.12086) writes a sentence, as iEdit does for every picture; ``Tags`` puts
together the noun, colour and material that CLIP finds most likely (zero-shot, Radford et al. 2021, section 3.1).
Each says its name, and the name is kept beside every caption.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np

from editcore.lexicon import COLOURS
from editcore.lexicon.tables import canonical, nouns
from editcore.lexicon.wording import joined, material_words, with_article
from editcore.sources.captions import tidy
from editcore.training.pairs.settings import PairSettings
from editcore.training.pairs.siblings import FINISHES

GIVEN = "given"
"""The captioner of a caption that came with the picture."""


class Captioner(Protocol):
    """Describes pictures."""

    name: str
    """Kept beside every caption it writes."""

    def describe(self, pictures: Sequence[np.ndarray]) -> list[str]:
        """One caption for each (H, W, 3) uint8 picture."""
        ...


def load_captioner(settings: PairSettings, clip: Any) -> Captioner:
    """The captioner the settings name; ``clip`` (``scoring.clip.Clip``) serves the tags.

    Raises ValueError if BLIP has no model, and what transformers raises if it is not there."""
    if settings.captioner == "tags":
        return Tags(clip)
    if not settings.captioner_model:
        raise ValueError(
            "found captioner blip without captioner_model; give the folder or id of a BLIP model"
        )
    return Blip(settings.captioner_model, settings.device)


class Blip:
    """BLIP through transformers, from a folder or a model id; greedy, so that a picture has one caption."""

    def __init__(self, model: str, device: str = "cpu", max_new_tokens: int = 30) -> None:
        from transformers import BlipForConditionalGeneration, BlipProcessor

        self._processor: Any = BlipProcessor.from_pretrained(model)
        self._model: Any = (
            BlipForConditionalGeneration.from_pretrained(model, use_safetensors=True).to(device).eval()
        )
        self._device, self._length = device, max_new_tokens
        self.name = f"blip:{model.rstrip('/').rsplit('/', 1)[-1]}"

    def describe(self, pictures: Sequence[np.ndarray]) -> list[str]:
        import torch

        inputs = self._processor(images=list(pictures), return_tensors="pt").to(self._device)
        with torch.inference_mode():
            tokens = self._model.generate(
                **inputs, max_new_tokens=self._length, num_beams=1, do_sample=False, repetition_penalty=1.2
            )
        return [tidy(text) for text in self._processor.batch_decode(tokens, skip_special_tokens=True)]


class Tags:
    """Noun, then colour, then material, each chosen by CLIP given the ones before.

    One after the other, because the 29 x 95 x 40 phrases together would cost more and say no more."""

    def __init__(self, clip: Any) -> None:
        self._clip = clip
        self._texts: dict[str, np.ndarray] = {}
        self.name = f"tags:{clip.name}"
        self._nouns = sorted({noun.name for noun in nouns().values() if noun.name == noun.kind})
        self._colours = [name for name in COLOURS if " " not in name]
        stuff = [material_words(m) for m in canonical("material") if m not in (*FINISHES, "wooden", "metal")]
        woods = [material_words("wooden", wood) for wood in canonical("wood")]
        self._materials = [*stuff, *woods, *(material_words("metal", metal) for metal in canonical("metal"))]

    def describe(self, pictures: Sequence[np.ndarray]) -> list[str]:
        captions = []
        for embedding in self._clip.images(pictures):
            noun = self._best(embedding, "", self._nouns, "")
            colour = self._best(embedding, "", self._colours, noun)
            material = self._best(embedding, "", self._materials, noun)
            # A wood or metal has its colour in the name: "navy walnut wood" would be two.
            natural = material.endswith((" wood", " metal"))
            captions.append(with_article(joined(None if natural else colour, material, noun)))
        return captions

    def _best(self, embedding: np.ndarray, before: str, words: Sequence[str], after: str) -> str:
        phrases = [f"a photo of {with_article(joined(before, word, after))}" for word in words]
        missing = [phrase for phrase in phrases if phrase not in self._texts]
        if missing:
            self._texts |= dict(zip(missing, self._clip.texts(missing), strict=True))
        scores = np.stack([self._texts[phrase] for phrase in phrases]) @ embedding
        return words[int(scores.argmax())]
