"""How much of everything, and where it lies."""

from __future__ import annotations

import json
from dataclasses import dataclass, fields
from pathlib import Path

BASE_SEED, POOL_SEED, EXACT_SEED = 600_000, 700_000, 750_000
"""First specimens; the evaluation's begin at 900,000, the bundled models' at 100,000 and 500,000."""
TRAINING_SEEDS = (0, 1, 2)


@dataclass(frozen=True)
class Plan:
    """Sizes at scale 1 are what two free cores do in a night."""

    work: Path
    scale: float = 1.0
    """Share of pictures, seconds and steps; each has a smallest number."""
    steps: int = 0
    """Steps of every arm; 0: as many as the scale says."""
    workers: int = 2
    exact_masks: bool = False
    """Give the pool exact masks: what is left is the error of the targets. False: found ones, as a customer has."""

    @property
    def base_specimens(self) -> int:
        return self._count(1500, 6)

    @property
    def base_seconds(self) -> float:
        return self._count(6000, 1)

    @property
    def photos(self) -> int:
        return self._count(2000, 24)

    @property
    def kinds(self) -> tuple[str, ...]:
        """Kinds of products in every stage; a small pool of many kinds would hold no pair."""
        from editcore.studio.kinds import KINDS

        return tuple(sorted(KINDS)[: self._count(len(KINDS), 1)])

    @property
    def arm_steps(self) -> int:
        """Steps of every arm: the same for all, so that none is better for being cheaper."""
        return self.steps or self._count(1500, 2)

    @property
    def arm_minutes(self) -> float:
        """Where an arm is ended although it has not taken its steps; a machine should not come near."""
        return max(5.0, 0.16 * self.arm_steps)

    @property
    def base(self) -> Path:
        return self.work / "base"

    @property
    def autoencoder(self) -> Path:
        return self.base / "autoencoder"

    def remember(self) -> None:
        """Note the plan in the work folder. ValueError if another one was begun there."""
        now = {f.name: getattr(self, f.name) for f in fields(self) if f.name not in ("work", "workers")}
        file = self.work / "plan.json"
        if not file.exists():
            self.work.mkdir(parents=True, exist_ok=True)
            file.write_text(json.dumps(now, indent=2) + "\n", "utf-8")
        elif (before := json.loads(file.read_text("utf-8"))) != now:
            raise ValueError(
                f"{self.work} was begun with {before}, found {now}; give the same, or another folder"
            )

    def _count(self, full: int, least: int) -> int:
        return max(least, round(full * self.scale))
