"""Back-translation: the pool's own photos as targets, and sources made of them.

A pseudo-target is found, and shows another product. The other way round (for translation: Sennrich et al. 2016, arXiv
1511.06709) the target is a real photo with its true caption, and what a machine makes is the source: the product in
another colour, by the compositor; for a setting the photo itself, whose background the condition hides. An editor
tuned on such pairs beat all that were tuned on retrieved ones (docs/evaluation.md).
"""

from __future__ import annotations

from random import Random

import numpy as np

from editcore import images, storage
from editcore.editors.recolour import compose_recolour
from editcore.fingerprint import digest
from editcore.lexicon import COLOURS, askable_colours, parse
from editcore.lexicon.wording import with_article
from editcore.training.pairs.dataset import SCHEMA
from editcore.training.pairs.masks import ProductMasker, region
from editcore.training.pairs.pool import PICTURE_QUALITY, mask_path, picture_path
from editcore.training.pairs.prompts import swap
from editcore.training.pairs.run import PairRun, Row
from editcore.training.pairs.slots import Slot, read

MADE = ("colour", "material")
"""Kinds whose sources are made by recolouring; what a plain recolour cannot take away is not asked for."""


def make_part(run: PairRun, shard: int, clip_name: str) -> dict[str, int]:
    """Write the pairs of one shard of the pool; returns {"ok": rows}."""
    rows = [
        row | {"clip": clip_name}
        for item in run.read("pool", shards=[shard]).to_pylist()
        if item["outcome"] == "ok"
        for row in _rows(run, item)
    ]
    run.write("pairs", shard, rows, SCHEMA)
    return {"ok": len(rows)}


def made_colour(caption: str) -> Slot | None:
    """What of a caption a recoloured source lacks: its one colour, or its one material if it names no colour. None
    for two colours or a pattern, which "make it navy" would not describe."""
    slots = [slot for slot in read(caption).slots if slot.kind in (*MADE, "pattern")]
    kinds = [slot.kind for slot in slots]
    if "pattern" in kinds or kinds.count("colour") > 1:
        return None
    found = [slot for slot in slots if slot.kind == ("colour" if "colour" in kinds else "material")]
    return found[0] if len(found) == 1 else None


def recoloured(picture: np.ndarray, product: np.ndarray, colour: str) -> np.ndarray:
    """The picture with its product, (S, S) uint8, in a colour of the lexicon: (S, S, 3) uint8."""
    rgb, side = COLOURS[colour].rgb, len(picture)
    flat = np.broadcast_to(np.array(rgb, np.float32) / 255, picture.shape)
    return compose_recolour(picture, product, flat, (0, 0, side, side), rgb)[0]


def _rows(run: PairRun, item: Row) -> list[Row]:
    """At most one pair for the product and one for its setting, as the caption tells of them."""
    caption, slot = item["caption"], made_colour(item["caption"])
    asked = parse(caption, "background") if parse(caption, "product").setting else None
    rows = [_of_product(run, item, slot)] if slot else []
    if asked:
        whole, product = _files(run, item, "setting")
        words = {"source_caption": caption, "old": "", "new": asked.words}
        rows.append(_row(run, item, "setting", (whole, whole), product, words))
    return [row for row in rows if row]


def _of_product(run: PairRun, item: Row, slot: Slot) -> Row:
    """The product recoloured and as it is; empty if its mask has nothing solid."""
    target, product = _files(run, item, slot.kind)
    if not (product > 127).any():
        return {}
    caption, rng = item["caption"], Random(f"{item['item_id']}\n{item['caption']}")
    colour = rng.choice(slot.options if slot.kind == "colour" else askable_colours())
    made = recoloured(images.load(target, min_side=1).rgb, product, colour)
    reading = read(caption)
    if slot.kind == "colour":
        told = swap(reading, slot, colour).prompt
    else:
        told = with_article(f"{colour} {reading.noun or 'product'}")
    words = {"source_caption": told, "old": colour, "new": caption[slot.start : slot.end]}
    source = images.encode(made, "JPEG", PICTURE_QUALITY)
    return _row(run, item, slot.kind, (source, target), product, words)


def _files(run: PairRun, item: Row, kind: str) -> tuple[bytes, np.ndarray]:
    """The target's file and its product, (S, S) uint8."""
    mask = images.load(storage.read_bytes(mask_path(run, item["item_id"], kind)), min_side=1)
    return storage.read_bytes(picture_path(run, item["item_id"], kind)), np.ascontiguousarray(
        mask.rgb[..., 0]
    )


def _row(
    run: PairRun, item: Row, kind: str, ends: tuple[bytes, bytes], product: np.ndarray, words: Row
) -> Row:
    """A row of ``SCHEMA``; the figures of retrieval stay empty."""
    changes = 255 - product if kind == "setting" else product
    where = region(changes, changes, run.settings.mask_threshold, run.settings.latent_cell)
    mask = images.encode(changes, "PNG")
    both = {
        f"{end}_{of}": item[name]
        for end in ("source", "target")
        for of, name in (
            ("item", "item_id"),
            ("uri", "uri"),
            ("sha256", "sha256"),
            ("captioner", "captioner"),
        )
    }
    return both | words | {
        "pair_id": digest([item["sha256"], "back", kind, words["old"], item["caption"]])[:16],
        "source": ends[0], "target": ends[1], "region": images.encode(where, "PNG"),
        "source_mask": mask, "target_mask": mask, "kind": kind,
        "edit_prompt": item["caption"], "target_caption": item["caption"],
        "mask_doubt": item["mask_doubt"], "masker": ProductMasker.name, "target_embedding": item["embedding"],
    }  # fmt: skip
