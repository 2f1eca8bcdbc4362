"""Pairs: read, checked, segmented and understood once, before a night is planned; then handed to the engine.

Not a step of its own: a pair belongs to the night, not to a row. ``study`` leaves it in the night's folder and
``exemplars`` reads it from there, once per process.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from editcore import images, storage
from editcore.campaign import CampaignError, Limits
from editcore.columns import Row
from editcore.editors.base import Exemplar
from editcore.exemplars import Finding, Pair, finding_of, keep, kept
from editcore.night import Night
from editcore.profiles import Profile
from editcore.recipes import Recipe

Alike = Callable[[Exemplar], float | None]
"""CLIP cosine of a pair's pictures; None where the profile has no CLIP."""


def study(
    run: str,
    pairs: Mapping[str, Sequence[Pair]],
    profile: Profile,
    limits: Limits,
    alike: Alike | None = None,
) -> dict[str, tuple[Finding, ...]]:
    """What changes in every pair, by recipe id; the pairs lie in the folder ``run`` afterwards.

    ``CampaignError`` names the recipe whose pair cannot be used, and why.
    """
    known: dict[str, Finding] = {}
    for recipe, of in pairs.items():
        for pair in of:
            if pair.key not in known:
                try:
                    exemplar, warnings = _read(pair, profile.attribute("segmenter"), limits)
                    known[pair.key] = _understand(exemplar, warnings, alike)
                except images.BadInput as error:
                    files = f"{storage.name_of(pair.before)} -> {storage.name_of(pair.after)}"
                    raise CampaignError(f"recipe {recipe}: pair {files}: {error.message}") from None
                keep(run, exemplar, known[pair.key])
    return {recipe: tuple(known[pair.key] for pair in of) for recipe, of in pairs.items()}


def settled(recipes: Iterable[Recipe], findings: Mapping[str, Sequence[Finding]]) -> list[Recipe]:
    """The recipes with a target each: where none is given, what the pair changes.

    Several pairs that change different things change both: target ``product``, whose engine sees the whole picture.
    """
    return [
        recipe if recipe.target else recipe.model_copy(update={"target": _target(findings[recipe.id])})
        for recipe in recipes
    ]


def exemplars(row: Row, night: Night) -> tuple[Exemplar, ...]:
    """The pairs a row follows; none for a row of words alone."""
    return tuple(_kept(night.path, key) for key in (row.get("pair") or "").split())


def moves(row: Row, night: Night) -> bool:
    """Whether a pair of the row changes more than colours or the background: then the product may be elsewhere."""
    return any(
        _finding(night.path, key).kind in ("other", "stance") for key in (row.get("pair") or "").split()
    )


def _target(findings: Sequence[Finding]) -> str:
    targets = {finding.target for finding in findings}
    return targets.pop() if len(targets) == 1 else "product"


def _read(pair: Pair, segment: Any, limits: Limits) -> tuple[Exemplar, tuple[str, ...]]:
    from editcore.editors.transfer.checks import same_size

    pictures = [
        images.load(storage.read_bytes(file), max_pixels=limits.max_pixels, max_bytes=limits.max_bytes)
        for file in (pair.before, pair.after)
    ]
    before, after, warnings = same_size(*(picture.rgb for picture in pictures))
    mattes = [segment(picture) for picture in pictures]
    alphas = [images.fit_mask(matte.alpha, *before.shape[:2]) for matte in mattes]
    doubts = tuple(
        f"Product {side} the change: {matte.doubt}"
        for side, matte in zip(("before", "after"), mattes, strict=True)
        if matte.doubt
    )
    return Exemplar(before, after, alphas[0], alphas[1], pair.key), warnings + doubts


def _understand(exemplar: Exemplar, warnings: tuple[str, ...], alike: Alike | None) -> Finding:
    from editcore.editors.transfer.change import change_of
    from editcore.editors.transfer.checks import check_change

    change = change_of(exemplar)
    warnings += check_change(exemplar, change, alike(exemplar) if alike else None)
    return Finding(change.kind, change.share, change.inside, change.mean_delta_e, warnings)


@lru_cache(maxsize=8)
def _kept(run: str, key: str) -> Exemplar:
    return kept(run, key)


@lru_cache(maxsize=64)
def _finding(run: str, key: str) -> Finding:
    return finding_of(run, key)
