"""The stages in order, each done when its product is there; trainings and pairs go on inside theirs."""

from __future__ import annotations

from collections.abc import Callable

from benchmarks.weak_supervision import arms, back, base, exact, pool, rows
from benchmarks.weak_supervision.plan import Plan

STAGES: dict[str, tuple[Callable[[Plan], None], str]] = {
    "autoencoder": (base.autoencoder, "base/autoencoder"),
    "store": (base.store, "base/store/captions.parquet"),
    "tokenizer": (base.tokenizer, "base/tokenizer/tokenizer.json"),
    "latents": (base.latents, "base/store/latents.npy"),
    "base": (base.base, "base/editor/words.json"),
    "photos": (pool.photos, "photos/photos.csv"),
    "pairs": (pool.pairs, "pairs/summary.json"),
    "exact": (exact.exact, "exact/pairs"),
    "back": (back.back, "back/pairs"),
    "arms": (arms.arms, "arms/arms.json"),
    "rows": (rows.rows, "rows.yaml"),
}
"""Each with the file in the work folder that says it is done."""
NEEDS = {
    "tokenizer": ("store",), "latents": ("store", "autoencoder"), "base": ("tokenizer", "latents"),
    "pairs": ("photos",), "exact": ("pairs",), "back": ("photos",),
    "arms": ("base", "pairs", "exact", "back"), "rows": ("arms",),
}  # fmt: skip


def make(plan: Plan, stage: str) -> bool:
    """Run one stage; False if it was done before. ValueError for another plan's folder, or if what it needs is not
    there."""
    plan.remember()
    run, product = STAGES[stage]
    if (plan.work / product).exists():
        return False
    for needed in NEEDS.get(stage, ()):
        if not (plan.work / STAGES[needed][1]).exists():
            raise ValueError(f"stage {stage} needs {STAGES[needed][1]}; run --stage {needed} first")
    run(plan)
    return True
