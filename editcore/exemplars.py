"""Before/after pairs of a campaign: what identifies them, and how a night keeps them.

<night>/pairs/<key>/before.png  after.png                both at one size, as the engine sees them
                    before-alpha.png  after-alpha.png    mattes of the product
                    pair.json                            what changes in it, and what to be warned of
"""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from PIL import Image

from editcore import storage
from editcore.campaign import CampaignError
from editcore.editors.base import Exemplar, Target
from editcore.recipes import Recipe

PARTS = ("before", "after", "before_alpha", "after_alpha")


@dataclass(frozen=True)
class Pair:
    """Two files of a recipe, and what they hold."""

    before: str
    after: str
    before_sha256: str
    after_sha256: str

    @property
    def key(self) -> str:
        """Identity of the pair by content, 16 hex digits: what is computed from it is kept under this name."""
        return hashlib.sha256(f"{self.before_sha256}{self.after_sha256}".encode()).hexdigest()[:16]


@dataclass(frozen=True)
class Finding:
    """What was found out about a pair, in figures and sentences; the pictures are beside it."""

    kind: str
    """``grade``, ``recolour``, ``background``, ``stance`` or ``other`` (``editors.transfer.change``)."""
    share: float
    """Share of the picture that differs, [0, 1]."""
    inside: float
    """Share of the differing pixels that lie on the product, [0, 1]."""
    mean_delta_e: float
    """Mean CIEDE2000 of the differing pixels."""
    warnings: tuple[str, ...] = ()

    @property
    def target(self) -> Target:
        """What the change is one of, for recipes that do not say."""
        return "background" if self.kind == "background" else "product"  # a grade changes the product, too


def pairs_of(recipes: Iterable[Recipe], max_bytes: int) -> dict[str, tuple[Pair, ...]]:
    """The pairs of each recipe that has some, by recipe id; reads every file for its sha256.

    ``CampaignError`` names the field of a file that is missing, unreadable or above ``max_bytes``.
    """
    found = {}
    for number, recipe in enumerate(recipes):
        pairs = []
        for place, files in enumerate(recipe.exemplar):
            where = f"recipes[{number}].exemplar[{place}]"
            digests = [
                _sha256(f"{where}.{side}", getattr(files, side), max_bytes) for side in ("before", "after")
            ]
            pairs.append(Pair(files.before, files.after, digests[0], digests[1]))
        if pairs:
            found[recipe.id] = tuple(pairs)
    return found


def keep(run: str, exemplar: Exemplar, finding: Finding) -> None:
    """Put a pair into a night's folder; ``pair.json`` comes last."""
    for part in PARTS:
        sink = io.BytesIO()
        Image.fromarray(np.ascontiguousarray(getattr(exemplar, part))).save(sink, "PNG", compress_level=1)
        storage.put(_place(run, exemplar.key, f"{part.replace('_', '-')}.png"), sink.getvalue())
    facts = json.dumps(asdict(finding), indent=2, ensure_ascii=False)
    storage.put(_place(run, exemplar.key, "pair.json"), facts.encode() + b"\n")


def kept(run: str, key: str) -> Exemplar:
    """The pair a night keeps under ``key``."""
    arrays: dict[str, np.ndarray] = {}
    for part in PARTS:
        data = storage.read_bytes(_place(run, key, f"{part.replace('_', '-')}.png"))
        with Image.open(io.BytesIO(data)) as picture:
            arrays[part] = np.asarray(picture)
    return Exemplar(key=key, **arrays)


def finding_of(run: str, key: str) -> Finding:
    """What ``keep`` wrote about a pair."""
    facts: dict[str, Any] = json.loads(storage.read_bytes(_place(run, key, "pair.json")))
    return Finding(**{**facts, "warnings": tuple(facts["warnings"])})


def _place(run: str, key: str, name: str) -> str:
    return storage.join(run, "pairs", key, name)


def _sha256(where: str, file: str, max_bytes: int) -> str:
    try:
        if (size := storage.describe(file)["size"]) > max_bytes:
            raise CampaignError(
                f"{where}: {file} has {size / 1e6:.0f} MB, expected at most {max_bytes / 1e6:.0f}; make it smaller"
            )
        return hashlib.sha256(storage.read_bytes(file)).hexdigest()
    except FileNotFoundError:
        raise CampaignError(f"{where}: found no file {file}; check the path") from None
    except IsADirectoryError:
        raise CampaignError(f"{where}: {file} is a folder, expected a picture") from None
    except PermissionError:
        raise CampaignError(f"{where}: {file} may not be read by this user; change its permissions") from None
