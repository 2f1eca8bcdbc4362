"""Pseudo-targets: for each edit prompt the nearest picture of the pool, and what the filters take away.

iEdit (arXiv 2305.05947) takes the nearest neighbour of the mean of two CLIP embeddings, source picture and edit
prompt. Its thresholds are not published; the filters here are: no self-match, no duplicate, a band for
CLIP(source, target), CLIP(edit prompt, target) above CLIP(edit prompt, source), and a cap on how often one
target is used. Each candidate is counted under the first filter that removes it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from editcore.training.pairs.settings import Band, PairSettings

EXACT_UP_TO = 20_000
"""Pictures up to which similarities are simply multiplied out; above it faiss searches."""
SAMPLED = 200_000
"""Random pairs of the pool from which its quantiles are read."""
BLOCK = 1024
"""Edits filtered at once: 1024 x 32 embeddings of 768 numbers are 100 MB."""
FILTERS = (
    "self",
    "duplicate",
    "too_different",
    "too_alike",
    "no_gain",
    "words",
    "taken",
    "same_pair",
    "over_cap",
)
"""Reasons in the order they are tried. ``self``: the source itself. ``duplicate``: a copy of another picture.
``too_different``, ``too_alike``: outside the band. ``no_gain``: the edit prompt fits it no better than the
source. ``words``: its caption does not say what it should. ``taken``: the edit had a better target. ``same_pair``: the
same two pictures pair already. ``over_cap``: the target was used ``reuse`` times."""


@dataclass(frozen=True)
class Match:
    """A pair found."""

    edit: int
    """Number of the edit."""
    target: int
    """Number of the target in the pool."""
    score: float
    """Cosine of the target and the mean of source and edit prompt."""
    similarity: float
    """CLIP(source, target)."""
    to_source: float
    """CLIP(edit prompt, source)."""
    to_target: float
    """CLIP(edit prompt, target)."""


@dataclass(frozen=True)
class Found:
    """What retrieval gives."""

    matches: list[Match]
    """In the order of their edits."""
    removed: dict[str, int]
    """Candidates (edit x neighbour) removed, by ``FILTERS``."""
    band: tuple[float, float]
    """The similarity band in cosines."""
    duplicates: int
    """Pictures of the pool that are copies of an earlier one."""


def retrieve(
    pool_ND: np.ndarray,
    digests: Sequence[str],
    sources_E: np.ndarray,
    prompts_ED: np.ndarray,
    settings: PairSettings,
    agrees: Callable[[int, int], bool] | None = None,
) -> Found:
    """Find a target for each edit, best matches first.

    pool_ND: float32 unit embeddings of N pictures; digests: their contents' sha256, equal for copies; sources_E:
    which picture each edit starts from; prompts_ED: unit embeddings of the edit prompts; agrees(edit, target):
    whether the target's caption says what it should (None: not asked).
    """
    low, high = cosines(settings.similarity, pool_ND)
    first = originals(pool_ND, digests, settings.duplicate)
    removed: Counter[str] = Counter()
    queries_ED = prompts_ED + pool_ND[sources_E]
    queries_ED /= np.maximum(np.linalg.norm(queries_ED, axis=1, keepdims=True), 1e-12)
    scores_EK, near_EK = search(pool_ND, queries_ED, min(settings.neighbours, len(pool_ND)))
    candidates: list[Match] = []
    for start in range(0, len(sources_E), BLOCK):
        block = slice(start, start + BLOCK)
        near, to_pool = near_EK[block], pool_ND[near_EK[block]]
        source_BD, prompt_BD = pool_ND[sources_E[block]], prompts_ED[block]
        similarity = np.einsum("bd,bkd->bk", source_BD, to_pool)
        to_target = np.einsum("bd,bkd->bk", prompt_BD, to_pool)
        to_source = (source_BD * prompt_BD).sum(axis=1)
        itself = (near < 0) | (near == sources_E[block, None])  # faiss fills up with -1
        copies = (first[near] != near) | (first[near] == first[sources_E[block], None])
        weak = to_target - to_source[:, None] <= settings.gain
        tests = [itself, copies, similarity < low, similarity > high, weak]
        reasons = np.select(tests, range(len(tests)), default=-1)
        removed.update({FILTERS[i]: int((reasons == i).sum()) for i in range(len(tests))})
        for row, place in np.argwhere(reasons == -1):
            edit, target = start + int(row), int(near[row, place])
            if agrees is not None and not agrees(edit, target):
                removed["words"] += 1
                continue
            figures = (scores_EK[edit, place], similarity[row, place], to_source[row], to_target[row, place])
            candidates.append(Match(edit, target, *map(float, figures)))
    matches = _assign(candidates, sources_E, settings.reuse, removed)
    return Found(
        sorted(matches, key=lambda m: m.edit),
        {name: removed[name] for name in FILTERS},
        (low, high),
        int((first != np.arange(len(first))).sum()),
    )


def cosines(band: Band, pool_ND: np.ndarray) -> tuple[float, float]:
    """The band's ends as cosines; quantiles are those of ``SAMPLED`` random pairs of different pictures."""
    if band.unit == "cosine" or len(pool_ND) < 2:
        return band.low, band.high
    rng = np.random.default_rng(0)
    one = rng.integers(0, len(pool_ND), SAMPLED)
    other = (one + rng.integers(1, len(pool_ND), SAMPLED)) % len(pool_ND)
    found = np.concatenate(
        [
            (pool_ND[a] * pool_ND[b]).sum(axis=1)
            for a, b in zip(np.split(one, 20), np.split(other, 20), strict=True)
        ]
    )
    low, high = np.quantile(found, [band.low, band.high])
    return float(low), float(high)


def originals(pool_ND: np.ndarray, digests: Sequence[str], duplicate: float) -> np.ndarray:
    """(N,) int: for each picture the first one it is a copy of, itself if none.

    Copies are equal contents, or embeddings with a cosine above ``duplicate``."""
    by_content: dict[str, int] = {}
    first = np.array([by_content.setdefault(digest, i) for i, digest in enumerate(digests)], dtype=np.int64)
    if len(pool_ND) < 2:
        return first
    scores, near = search(pool_ND, pool_ND, min(16, len(pool_ND)))
    for i in range(len(first)):
        alike = [int(j) for score, j in zip(scores[i], near[i], strict=True) if score > duplicate and j < i]
        first[i] = min([first[i], *(first[j] for j in alike)])
    return first


def search(pool_ND: np.ndarray, queries_QD: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    """(Q, k) cosines and (Q, k) int64 row numbers of the nearest pictures, best first, ties by row number."""
    if len(pool_ND) > EXACT_UP_TO:
        return _search_large(pool_ND, queries_QD, k)
    scores, near = [], []
    for start in range(0, len(queries_QD), 1024):
        block = queries_QD[start : start + 1024] @ pool_ND.T
        order = np.argsort(-block, axis=1, kind="stable")[:, :k]
        near.append(order)
        scores.append(np.take_along_axis(block, order, axis=1))
    return np.concatenate(scores), np.concatenate(near)


def _search_large(pool_ND: np.ndarray, queries_QD: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    """faiss: a graph of neighbours (HNSW, Malkov and Yashunin 2016), built by one thread so that it is the same
    every time."""
    import faiss

    threads = faiss.omp_get_max_threads()
    faiss.omp_set_num_threads(1)
    try:
        index = faiss.IndexHNSWFlat(pool_ND.shape[1], 32, faiss.METRIC_INNER_PRODUCT)
        index.hnsw.efConstruction, index.hnsw.efSearch = 80, max(128, 2 * k)
        index.add(np.ascontiguousarray(pool_ND, np.float32))
    finally:
        faiss.omp_set_num_threads(threads)
    scores, near = index.search(np.ascontiguousarray(queries_QD, np.float32), k)
    return scores, near


def _assign(
    candidates: Sequence[Match], sources_E: np.ndarray, reuse: int, removed: Counter[str]
) -> list[Match]:
    """One target for each edit, best score first, no target more than ``reuse`` times, no pair twice."""
    used: Counter[int] = Counter()
    pairs: set[tuple[int, int]] = set()
    chosen: dict[int, Match] = {}
    for match in sorted(candidates, key=lambda m: (-m.score, m.edit, m.target)):
        pair = (int(sources_E[match.edit]), match.target)
        if match.edit in chosen:
            removed["taken"] += 1
        elif pair in pairs:
            removed["same_pair"] += 1
        elif used[match.target] >= reuse:
            removed["over_cap"] += 1
        else:
            chosen[match.edit] = match
            pairs.add(pair)
            used[match.target] += 1
    return list(chosen.values())
