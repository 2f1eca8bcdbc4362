"""From pictures to columns: all networks loaded once."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from editcore.evaluation import pixels
from editcore.evaluation.cases import Case
from editcore.evaluation.columns import NIGHT, RAW, SCORE, all_columns
from editcore.evaluation.methods import Edited
from editcore.evaluation.structure import Structure
from editcore.scoring import BUNDLED_CLIP, Scorer, ScoreRequest, product_square
from editcore.scoring.clip import direction
from editcore.scoring.colour import colour_errors

Values = dict[str, float | None]


class Measures:
    """Everything ``columns`` describes, for edits of cases."""

    def __init__(
        self,
        clip: str | Path | None = "bundled",
        clip_pretrained: str | None = None,
        vit: Path | None = None,
        device: str = "cpu",
    ) -> None:
        """clip, clip_pretrained: as for ``scoring.Scorer``; PIE-Bench's is ``ViT-L-14`` with ``openai``. vit: folder
        of a ViTModel for the structure distance; PIE-Bench's is DINO ViT-B/8. None: not measured."""
        self._scorer = Scorer(clip, clip_pretrained, device)
        self._structure = Structure(vit, device) if vit is not None else None
        structure = self._structure.name if self._structure else "none"
        self.networks = self._scorer.identity | {"structure": structure}
        """Which network made which figures; values of two do not compare. With a digest of the weights, so that
        another network of the same name is another one."""
        places = {"clip": BUNDLED_CLIP if clip == "bundled" else clip_pretrained or clip, "structure": vit}
        for part, place in places.items():
            if place and (digest := _digest(Path(place))):
                self.networks[part] += f" {digest}"

    def measure(self, cases: Sequence[Case], edits: Sequence[Edited]) -> list[Values]:
        """Every column of ``columns.NAMES``, the raw ones and the night's scores; None where nothing was made."""
        rows: list[Values] = [dict.fromkeys(all_columns()) for _ in cases]
        made = [i for i, edit in enumerate(edits) if edit.image is not None]
        with_raw = [i for i in made if edits[i].raw is not None]
        for indices, prefix in ((made, ""), (with_raw, RAW)):
            pictures = [edits[i].raw if prefix else edits[i].image for i in indices]
            measured = self._columns([cases[i] for i in indices], pictures)  # type: ignore[arg-type]
            for i, values in zip(indices, measured, strict=True):
                rows[i] |= {prefix + name: value for name, value in values.items()}
        scores = self._scorer.score([_as_the_night(cases[i], edits[i]) for i in made])
        for i, score in zip(made, scores, strict=True):
            rows[i] |= {SCORE + name: score[name] for name in NIGHT}  # type: ignore[misc]
        return rows

    def _columns(self, cases: Sequence[Case], pictures: Sequence[np.ndarray]) -> list[Values]:
        if not cases:
            return []
        rows: list[Values] = [{} for _ in cases]
        for row, case, picture in zip(rows, cases, pictures, strict=True):
            row |= pixels.kept(case.image, picture, case.outside)
            if case.colour:
                inside = np.where(case.inside, 255, 0).astype(np.uint8)
                row["chroma_to_named"] = colour_errors(picture, inside, case.colour)["chroma_error"]
            if case.truth is not None:
                row |= pixels.errors(picture, case.truth, case.inside)
            row |= self._perceptual(case, picture)
        if self._structure:
            distances = self._structure([c.image for c in cases], pictures)
            for row, distance in zip(rows, distances, strict=True):
                row[self._structure.column] = distance
        for row, values in zip(rows, self._words(cases, pictures), strict=True):
            row |= values
        return rows

    def _perceptual(self, case: Case, picture: np.ndarray) -> Values:
        values: Values = {}
        if case.outside.any():
            pair = tuple(pixels.only(p, case.outside) for p in (case.image, picture))
            (values["lpips_unedit_part"],) = self._scorer.lpips([pair])  # type: ignore[list-item]
        if case.truth is not None and case.inside.any():
            inside = np.where(case.inside, 255, 0).astype(np.uint8)
            only_inside = np.where(case.inside[..., None], picture, case.truth)
            squares = tuple(product_square(p, inside, margin=0.0) for p in (case.truth, only_inside))
            (values["lpips_to_truth"],) = self._scorer.lpips([squares])  # type: ignore[list-item]
        return values

    def _words(self, cases: Sequence[Case], pictures: Sequence[np.ndarray]) -> list[Values]:
        """PIE-Bench's CLIP columns, 100 x max(cosine, 0), and the direction; {} without a CLIP model."""
        clip = self._scorer.clip
        if clip is None:
            return [{} for _ in cases]
        parts = [pixels.only(p, ~c.outside) for c, p in zip(cases, pictures, strict=True)]
        was, now, part = np.split(clip.images([*(c.image for c in cases), *pictures, *parts]), 3)
        texts = clip.texts([*(c.source_caption for c in cases), *(c.target_caption for c in cases)])
        source, target = np.split(texts, 2)
        directions = direction(was, now, source, target)
        cosine = lambda a, b: 100 * max(0.0, float(a @ b))  # noqa: E731
        return [
            {
                "clip_similarity_source_image": cosine(was[i], source[i]),
                "clip_similarity_target_image": cosine(now[i], target[i]),
                "clip_similarity_target_image_edit_part": cosine(part[i], target[i]),
                "clip_direction": directions[i],
            }
            for i in range(len(cases))
        ]


def _digest(place: Path) -> str:
    """Eight hex digits over the weights in a folder, or over one file; "" for a mere name."""
    files = [place] if place.is_file() else sorted(place.glob("*.safetensors")) if place.is_dir() else []
    digest = hashlib.sha256()
    for file in files:
        with open(file, "rb") as stream:
            digest.update(hashlib.file_digest(stream, "sha256").digest())
    return digest.hexdigest()[:8] if files else ""


def _as_the_night(case: Case, edit: Edited) -> ScoreRequest:
    assert edit.image is not None
    region = edit.region if edit.region is not None else np.where(case.outside, 0, 255).astype(np.uint8)
    return ScoreRequest(case.image, edit.image, region, case.words, case.target, alpha=case.alpha)
