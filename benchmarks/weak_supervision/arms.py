"""Every tuned model of the comparison: from the same base, for the same steps, three times."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from benchmarks.weak_supervision.plan import TRAINING_SEEDS, Plan
from benchmarks.weak_supervision.spread import spread
from editcore.training.losses import ObjectiveConfig
from editcore.training.pairs import PairStore
from editcore.training.tuning import TuningConfig, tune
from editcore.training.tuning.config import Previews, Starts, Times
from editcore.training.tuning.latents import Kept

BATCH, PEAK_LR = 16, 8e-4
NOISE_ALONE = 0.75
"""Share of pairs at pure noise, where the sampling of every tuned row begins."""


@dataclass(frozen=True)
class Arm:
    """One way of tuning."""

    folder: str
    pairs: str
    """Folder of the pairs in the work folder."""
    losses: ObjectiveConfig
    about: str
    targets: Literal["retrieved", "composed", "named"] = "retrieved"
    """What of the pairs is asked for."""


PERCEPTUAL, GLOBAL, DIRECTION = 1.0, 0.2, 0.2
SEEN = {"low_noise": 1.0, "decoded": 1, "perceptual_side": 128}
"""What is said at pure noise is what is painted, so it is looked at. Decoding and LPIPS cost more than all the rest:
with one picture of sixteen a step takes three quarters longer than without, not ten times as long."""
ARMS: dict[str, Arm] = {
    "full supervision": Arm(
        "full", "exact", ObjectiveConfig(masked=1), "the base tuned on exact targets, mask loss"
    ),
    "weak: paired": Arm(
        "weak-paired", "pairs", ObjectiveConfig(paired=1, masked=0), "tuned on pseudo-pairs, the paired loss alone"
    ),
    "weak: mask": Arm(
        "weak-mask", "pairs", ObjectiveConfig(masked=1),
        "the mask loss, which is the paired loss inside the region and the source outside",
    ),
    "weak: mask + perceptual": Arm(
        "weak-perceptual", "pairs", ObjectiveConfig(masked=1, perceptual=PERCEPTUAL, **SEEN),
        "and LPIPS",
    ),
    "weak: mask + perceptual + CLIP": Arm(
        "weak-clip", "pairs",
        ObjectiveConfig(masked=1, perceptual=PERCEPTUAL, clip_global=GLOBAL, clip_direction=DIRECTION, **SEEN),
        "and CLIP, global and directional",
    ),
    "weak: composed targets": Arm(
        "weak-named", "pairs", ObjectiveConfig(masked=1),
        "the mask loss on targets put together: the source's product in the target's setting, or in the named colour",
        "named",
    ),
    "weak: back-translation": Arm(
        "weak-back", "back", ObjectiveConfig(masked=1),
        "the mask loss towards the pool's own photos, from sources put together of them",
    ),
}  # fmt: skip
"""Rows of the table that are tuned, by name."""


_KEPT: dict[tuple[Path, str], dict[str, Kept]] = {}
"""Encoded pairs of this process, by their folder and targets: arms share them."""


def output(plan: Plan, arm: Arm, seed: int) -> Path:
    """The folder of one tuning; its ``model`` is the result."""
    return plan.work / "arms" / f"{arm.folder}-s{seed}"


def arms(plan: Plan) -> None:
    """Tune what is not tuned yet, ``workers`` at a time, each in one process with one thread.

    A failure does not stop the others; RuntimeError names what failed.
    """
    todo = [
        config(plan, arm, seed)
        for seed in TRAINING_SEEDS
        for arm in ARMS.values()
        if not (output(plan, arm, seed) / "tuning.json").exists()
    ]
    failed = [told for told in spread(plan.workers, _tuned, todo) if told]
    if failed:
        raise RuntimeError(
            f"{len(failed)} of {len(todo)} arms failed; the same command tries them again. {failed}"
        )
    done = {(arm.folder, seed): output(plan, arm, seed) for arm in ARMS.values() for seed in TRAINING_SEEDS}
    facts = {f"{name}-s{seed}": _facts(folder) for (name, seed), folder in done.items()}
    (plan.work / "arms" / "arms.json").write_text(json.dumps(facts, indent=2) + "\n", "utf-8")


def config(plan: Plan, arm: Arm, seed: int) -> TuningConfig:
    """The tuning of one arm. Arms differ in pairs, losses and seed only.

    Starts are the goal's: this backbone sees the source beside the noise, and sampling begins from noise. Few pairs (a
    trial of the command) make small batches, and hold none out.
    """
    pairs = plan.work / arm.pairs
    count = len(PairStore(str(pairs)))
    return TuningConfig(
        model=plan.base / "editor",
        pairs=pairs,
        output=output(plan, arm, seed),
        method="full",
        losses=arm.losses,
        targets=arm.targets,
        starts=Starts(source=0, target=1),
        times=Times(noise_alone=NOISE_ALONE),
        cut_out=["setting"],
        batch_size=min(BATCH, max(1, count // 2)),
        accumulate=1,
        learning_rate=PEAK_LR,
        steps=plan.arm_steps,
        minutes=plan.arm_minutes,
        held_out=0.05 if count >= 10 * BATCH else 0.0,
        evaluation_pairs=4 * BATCH,
        evaluate_minutes=10,
        previews=Previews(count=6 if count >= 10 * BATCH else 1, strength=1.0),
        gradient_checkpointing=False,
        device="cpu",
        seed=seed,
    )


def _tuned(one: TuningConfig) -> str:
    """Tune one arm; says what went wrong, "" if nothing."""
    try:
        tune(one, _KEPT.setdefault((one.pairs, one.targets), {}))
    except Exception as error:
        return f"{one.output.name}: {type(error).__name__}: {error}"
    return ""


def _facts(folder: Path) -> dict[str, float]:
    told = json.loads((folder / "tuning.json").read_text("utf-8"))
    return {name: value for name, value in told.items() if isinstance(value, int | float)}
