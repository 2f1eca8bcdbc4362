"""PIE-Bench (Ju et al. 2024, arXiv 2310.01506) as cases, read in its published layout.

    folder/mapping_file.json            {"000000000000": {"image_path": ..., "original_prompt": ..., ...}, ...}
    folder/annotation_images/<image_path>

700 pictures of 512 x 512 pixels in ten kinds. The mask is a run-length code in row order: pairs of (first pixel,
number of pixels), 1 = to be edited. As in the published evaluation, a border of one pixel counts as edited ("to avoid
annotation errors in boundary"), and the square brackets that mark the edited words in the prompts are taken out.
There is no exact result, so columns that need one stay empty. The data are not ours and not shipped.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import BaseModel, ValidationError

from editcore import images
from editcore.evaluation.cases import Case
from editcore.lexicon import parse

MAPPING = "mapping_file.json"
IMAGES = "annotation_images"
KINDS: dict[str, str] = {
    "0": "random",
    "1": "change_object",
    "2": "add_object",
    "3": "delete_object",
    "4": "change_attribute_content",
    "5": "change_attribute_pose",
    "6": "change_attribute_color",
    "7": "change_attribute_material",
    "8": "change_background",
    "9": "change_style",
}
"""``editing_type_id`` to the name in the published folders."""


class _Entry(BaseModel):
    image_path: str
    original_prompt: str
    editing_prompt: str
    editing_instruction: str
    editing_type_id: str
    blended_word: str = ""
    mask: list[int]


class PieBench:
    """See ``cases.CaseSet``."""

    def __init__(self, folder: Path, kinds: Sequence[str] = (), limit: int | None = None) -> None:
        """kinds: names in ``KINDS``, all if empty; limit: only the first so many of each.

        Raises ``ValueError`` with the place of what does not fit the layout.
        """
        self.folder = folder
        mapping = folder / MAPPING
        if not mapping.is_file():
            raise ValueError(
                f"{folder} holds no {MAPPING}; expected PIE-Bench's folder with {IMAGES}/ beside it"
            )
        if unknown := set(kinds) - set(KINDS.values()):
            raise ValueError(f"unknown kinds {sorted(unknown)}; PIE-Bench has {', '.join(KINDS.values())}")
        data = mapping.read_bytes()
        entries = _entries(data, mapping)
        self._by_kind: dict[str, list[tuple[str, _Entry]]] = {}
        for key, entry in entries.items():
            kind = KINDS[entry.editing_type_id]
            if not kinds or kind in kinds:
                self._by_kind.setdefault(kind, []).append((key, entry))
        self._by_kind = {kind: rows[:limit] for kind, rows in self._by_kind.items()}
        self.kinds = tuple(kind for kind in KINDS.values() if kind in self._by_kind)
        digest = hashlib.sha256(data).hexdigest()[:16]
        self.identity = {"cases": "PIE-Bench", "mapping": digest, "limit": str(limit)}

    def load(self, kind: str) -> list[Case]:
        """See ``CaseSet``; ValueError for a picture that is missing, unreadable or lies outside the folder."""
        return [self._case(key, kind, entry) for key, entry in self._by_kind[kind]]

    def _case(self, key: str, kind: str, entry: _Entry) -> Case:
        root = (self.folder / IMAGES).resolve()
        file = (root / entry.image_path).resolve()
        if not file.is_relative_to(root) or not file.is_file():
            raise ValueError(f"entry {key}: no picture {entry.image_path!r} under {IMAGES}/")
        picture = images.load(file, min_side=1).rgb
        region = 255 * decode_mask(entry.mask, picture.shape[0], picture.shape[1], f"entry {key}")
        words = entry.editing_instruction
        colour = parse(words, "region").colour if kind == "change_attribute_color" else None
        return Case(
            case_id=key,
            kind=kind,
            image=picture,
            region=region,
            alpha=region,
            target="region",
            words=words,
            source_caption=_plain(entry.original_prompt),
            target_caption=_plain(entry.editing_prompt),
            truth=None,
            colour=colour.rgb if colour else None,
        )


def decode_mask(code: Sequence[int], height: int, width: int, name: str = "mask") -> np.ndarray:
    """The (height, width) uint8 mask of a run-length code, 1 = edited, with the published border of ones.

    A run that reaches beyond the last pixel ends there, as published. ValueError for an odd number of entries,
    negative ones, or a run that starts outside the picture (a mask of another size).
    """
    flat = np.zeros(height * width, np.uint8)
    starts, lengths = code[0::2], code[1::2]
    if len(starts) != len(lengths):
        raise ValueError(
            f"{name}: the run-length code has {len(code)} entries; expected pairs of start and length"
        )
    for start, length in zip(starts, lengths, strict=True):
        if not 0 <= start < flat.size or length < 0:
            raise ValueError(
                f"{name}: run ({start}, {length}) does not lie in a picture of {width} x {height} pixels; "
                "PIE-Bench's pictures have 512 x 512"
            )
        flat[start : start + length] = 1
    mask = flat.reshape(height, width)
    mask[[0, -1], :] = 1
    mask[:, [0, -1]] = 1
    return mask


def _entries(data: bytes, file: Path) -> dict[str, _Entry]:
    try:
        raw: Any = json.loads(data)
    except ValueError as error:
        raise ValueError(f"{file} is no JSON: {error}") from None
    if not isinstance(raw, dict):
        raise ValueError(
            f"{file}: expected an object of entries by picture number, found {type(raw).__name__}"
        )
    entries = {}
    for key, value in raw.items():
        try:
            entry = _Entry.model_validate(value)
        except ValidationError as error:
            first = error.errors()[0]
            place = ".".join(str(part) for part in first["loc"])
            raise ValueError(f"{file}: entry {key}: {place}: {first['msg']}") from None
        if entry.editing_type_id not in KINDS:
            raise ValueError(
                f"{file}: entry {key}: editing_type_id {entry.editing_type_id!r}; expected 0 to 9"
            )
        entries[key] = entry
    return entries


def _plain(prompt: str) -> str:
    return prompt.replace("[", "").replace("]", "")
