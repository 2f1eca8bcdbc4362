"""The rows of a data set of pairs, and how a shard of them is written.

Pictures lie inside the rows (JPEG at the training side, masks as PNG) rather than as addresses: a shard can then be
carried to the machine with the GPU alone, without the customer's bucket. 64 pairs at 512 px are about 10 MB. Where
each picture came from stands beside it (uri, sha256).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from editcore import images, storage
from editcore.fingerprint import digest
from editcore.training.pairs.masks import Masker, MaskRequest, region, words_for
from editcore.training.pairs.pool import mask_path, picture_path
from editcore.training.pairs.run import PairRun, Row

_TEXT, _REAL, _BYTES, _VECTOR = pa.string(), pa.float32(), pa.binary(), pa.list_(pa.float32())

COLUMNS: tuple[tuple[str, pa.DataType, str], ...] = (
    ("pair_id", _TEXT, "16 hex digits of sha256 over both pictures' contents and the edit prompt"),
    ("source", _BYTES, "source picture, a square JPEG, the product in the middle but for settings"),
    ("target", _BYTES, "pseudo-target: a picture of the pool, framed the same way"),
    ("region", _BYTES, "grey PNG, 255 = may change: union of both masks, one latent cell wider"),
    ("source_mask", _BYTES, "grey PNG, 255 = what the words taken out lie on in the source"),
    ("target_mask", _BYTES, "grey PNG, 255 = what the words put in lie on in the target"),
    ("edit_prompt", _TEXT, "the source's caption with the swap made"),
    ("source_caption", _TEXT, "words about the source"),
    ("target_caption", _TEXT, "words about the target"),
    ("kind", _TEXT, "what was swapped: noun, colour, material, pattern, setting or quality"),
    ("old", _TEXT, "the words taken out"),
    ("new", _TEXT, "the words put in"),
    (
        "similarity",
        _REAL,
        "CLIP cosine of source and target, -1..1; empty, as all cosines, for sources that were made",
    ),
    ("gain", _REAL, "CLIP cosine of edit prompt and target, less that of edit prompt and source; above 0"),
    ("prompt_to_source", _REAL, "CLIP cosine of edit prompt and source"),
    ("prompt_to_target", _REAL, "CLIP cosine of edit prompt and target"),
    ("score", _REAL, "cosine of the target and the mean of source and edit prompt, which retrieval ranks by"),
    ("source_item", _TEXT, "item of the source"),
    ("target_item", _TEXT, "item of the target"),
    ("source_uri", _TEXT, "where the source was read"),
    ("target_uri", _TEXT, "where the target was read"),
    ("source_sha256", _TEXT, "sha256 of the source's file"),
    ("target_sha256", _TEXT, "sha256 of the target's file"),
    ("source_captioner", _TEXT, "who described the source: given, or a model's name"),
    ("target_captioner", _TEXT, "who described the target"),
    ("mask_doubt", _TEXT, "why one of the product masks should be checked; empty if fine"),
    ("masker", _TEXT, "what found the masks"),
    ("clip", _TEXT, "which CLIP made the embeddings and cosines; two do not compare"),
    ("source_embedding", _VECTOR, "CLIP embedding of the source, unit length"),
    ("target_embedding", _VECTOR, "CLIP embedding of the target, unit length"),
    ("prompt_embedding", _VECTOR, "CLIP embedding of the edit prompt, unit length"),
)
SCHEMA = pa.schema([pa.field(name, type_, metadata={"about": about}) for name, type_, about in COLUMNS])


def make_part(run: PairRun, shard: int, masker: Masker, clip_name: str) -> dict[str, int]:
    """Write one shard of pairs from its matches; returns {"ok": rows}."""
    matches = run.read("matches", shards=[shard]).to_pylist()
    rows: list[Row] = []
    for start in range(0, len(matches), run.settings.batch_size):
        rows += _batch(run, matches[start : start + run.settings.batch_size], masker, clip_name)
    run.write("pairs", shard, rows, SCHEMA)
    return {"ok": len(rows)}


def _batch(run: PairRun, matches: list[Row], masker: Masker, clip_name: str) -> list[Row]:
    ends = ("source", "target")
    files = [{end: _files(run, match[f"{end}_item"], match["kind"]) for end in ends} for match in matches]
    requests = [
        _request(both[end], match, end) for match, both in zip(matches, files, strict=True) for end in both
    ]
    masks = masker.masks(requests)
    rows = []
    for number, (match, both) in enumerate(zip(matches, files, strict=True)):
        source, target = masks[2 * number : 2 * number + 2]
        where = region(source, target, run.settings.mask_threshold, run.settings.latent_cell)
        rows.append(
            {
                **match,
                "pair_id": pair_id(match),
                "source": both["source"][0],
                "target": both["target"][0],
                "region": images.encode(where, "PNG"),
                "source_mask": images.encode(source, "PNG"),
                "target_mask": images.encode(target, "PNG"),
                "masker": masker.name,
                "clip": clip_name,
            }
        )
    return rows


def pair_id(match: Row) -> str:
    """The same pair has the same name in every data set it is made for."""
    return digest([match["source_sha256"], match["target_sha256"], match["edit_prompt"]])[:16]


def _files(run: PairRun, item_id: str, kind: str) -> tuple[bytes, bytes]:
    """Framed picture and product mask, as they lie in the pool."""
    return storage.read_bytes(picture_path(run, item_id, kind)), storage.read_bytes(
        mask_path(run, item_id, kind)
    )


def _request(files: tuple[bytes, bytes], match: Row, end: str) -> MaskRequest:
    words = match["old"] if end == "source" else match["new"]
    picture = images.load(files[0], min_side=1).rgb
    product = np.ascontiguousarray(images.load(files[1], min_side=1).rgb[..., 0])
    return MaskRequest(picture, product, match["kind"], words_for(match["kind"], words, match["noun"]))


def example(row: Row) -> dict[str, Any]:
    """The figures of a row, without pictures and embeddings; for pages and logs."""
    return {n: row[n] for n, type_, _ in COLUMNS if type_ not in (_BYTES, _VECTOR) and n in row}
