"""Reading a data set of pairs: what training code sees of it. No torch until tensors are asked for.

store = PairStore("pairs/", side=256)
pair = store[3]                                  # numpy
for pair in store.epoch(seed=7): ...             # every pair once, shuffled
tensors(list(store.epoch(seed=7))[:8])["source_B3HW"]
"""

from __future__ import annotations

import bisect
import io
import itertools
import math
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image

from editcore import images, storage, tables

if TYPE_CHECKING:
    from torch import Tensor

OPEN_SHARDS = 8
"""Shards kept in memory as they lie on disk; with 64 pairs of 512 px a shard, about 10 MB each."""


class PairsMissing(RuntimeError):  # noqa: N818 - says what is the matter
    """A folder holds no pairs; the text says what was looked for."""


@dataclass(frozen=True)
class Pair:
    """One pseudo-pair. Pictures and masks are squares of one side S, the product in the middle but for settings."""

    pair_id: str
    """16 hex digits, the same every time the data set is made."""
    source: np.ndarray
    """(S, S, 3) uint8 sRGB."""
    target: np.ndarray
    """(S, S, 3) uint8 sRGB: a photo of the pool, which stands in for the edited one."""
    region: np.ndarray
    """(S, S) uint8, 255 = may change: union of both masks, one latent cell wider (0 or 255)."""
    source_mask: np.ndarray
    """(S, S) uint8, 255 = what the words removed lie on in the source (soft)."""
    target_mask: np.ndarray
    """(S, S) uint8, 255 = what the words inserted lie on in the target (soft)."""
    edit_prompt: str
    """The caption with the swap made: describes what the edited picture should show."""
    source_caption: str
    target_caption: str
    kind: str
    """What was swapped: noun, colour, material, pattern or setting."""
    old: str
    """The words taken out."""
    new: str
    """The words put in."""
    similarity: float
    """CLIP cosine of source and target picture, [-1, 1]; not a number for a source that was made."""
    gain: float
    """CLIP(edit prompt, target) - CLIP(edit prompt, source), above 0; or not a number."""


class PairStore(Sequence[Pair]):
    """Random access to the pairs of a folder (or bucket prefix), in the order of its shards."""

    def __init__(self, folder: str, side: int | None = None) -> None:
        """``side``: pictures and masks are resized to it; None: as they are stored.

        Raises ``PairsMissing`` if the folder holds no shard of pairs."""
        self.folder, self.side = storage.join(str(folder), "pairs"), side
        self._names = storage.listing(self.folder, ".parquet")
        if not self._names:
            raise PairsMissing(f"found no shard in {self.folder}; make the data set with `vitrine pairs`")
        self._load = lru_cache(maxsize=OPEN_SHARDS)(self._read)
        counts = [_footer(storage.join(self.folder, name)) for name in self._names]
        self._ends = list(itertools.accumulate(counts))

    def __len__(self) -> int:
        return self._ends[-1]

    def __getitem__(self, index: Any) -> Any:
        """The pair at ``index`` (IndexError beyond the ends), or the list of a slice."""
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(len(self)))]
        place = index + len(self) if index < 0 else index
        if not 0 <= place < len(self):
            raise IndexError(f"found index {index}, expected one of {len(self)} pairs")
        shard = bisect.bisect_right(self._ends, place)
        start = self._ends[shard - 1] if shard else 0
        return _pair(self._load(shard).slice(place - start, 1).to_pylist()[0], self.side)

    def epoch(self, seed: int) -> Iterator[Pair]:
        """Every pair once: shards in random order, then rows in random order within each.

        Whole-set shuffling would open a shard for every pair; kinds are mixed inside a shard already."""
        rng = random.Random(seed)
        for shard in rng.sample(range(len(self._ends)), len(self._ends)):
            rows = range(self._ends[shard - 1] if shard else 0, self._ends[shard])
            for place in rng.sample(rows, len(rows)):
                yield self[place]

    def _read(self, shard: int) -> pa.Table:
        return tables.decode(storage.read_bytes(storage.join(self.folder, self._names[shard])))


def tensors(pairs: Sequence[Pair]) -> dict[str, Tensor]:
    """B pairs as float32 tensors; all must have the same side.

    ``source_B3HW``, ``target_B3HW`` in [-1, 1] (what diffusers' autoencoders take); ``region_B1HW``,
    ``source_mask_B1HW``, ``target_mask_B1HW`` in [0, 1]."""
    import torch

    out: dict[str, Tensor] = {}
    for name in ("source", "target"):
        stack = torch.from_numpy(np.stack([getattr(pair, name) for pair in pairs])).float()
        out[f"{name}_B3HW"] = stack.permute(0, 3, 1, 2) / 127.5 - 1
    for name in ("region", "source_mask", "target_mask"):
        out[f"{name}_B1HW"] = (
            torch.from_numpy(np.stack([getattr(pair, name) for pair in pairs]))[:, None] / 255
        )
    return out


def _footer(path: str) -> int:
    return int(pq.read_metadata(io.BytesIO(storage.read_bytes(path))).num_rows)


def _pair(row: dict[str, Any], side: int | None) -> Pair:
    """A row of the table as a pair; mask rows are PNG, pictures JPEG or PNG."""
    names = ("pair_id", "edit_prompt", "source_caption", "target_caption", "kind", "old", "new")
    return Pair(
        source=_picture(row["source"], side),
        target=_picture(row["target"], side),
        region=np.where(_mask(row["region"], side) > 127, 255, 0).astype(np.uint8),
        source_mask=_mask(row["source_mask"], side),
        target_mask=_mask(row["target_mask"], side),
        similarity=_number(row["similarity"]),
        gain=_number(row["gain"]),
        **{name: row[name] for name in names},
    )


def _number(value: float | None) -> float:
    return math.nan if value is None else float(value)


def _picture(data: bytes, side: int | None) -> np.ndarray:
    return _sized(images.load(data, min_side=1).rgb, side)


def _mask(data: bytes, side: int | None) -> np.ndarray:
    return _sized(np.ascontiguousarray(images.load(data, min_side=1).rgb[..., 0]), side)


def _sized(array: np.ndarray, side: int | None) -> np.ndarray:
    if side is None or array.shape[:2] == (side, side):
        return array
    return np.asarray(Image.fromarray(array).resize((side, side), Image.Resampling.LANCZOS))
