"""A finished night on disk, made without models: small pictures, committed parts, any outcome and route."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from editcore import images, manifest, storage
from editcore.columns import STEPS, keys_of, schema

EVIL = '<script>alert("x")</script>'
NIGHT = "2026-01-31"
RECIPES = {
    "mug-blue": ("product", "make it blue"),
    "warm-studio": ("background", f"warm beige studio {EVIL}"),
}


def photograph(seed: int, size: int = 96) -> tuple[np.ndarray, np.ndarray]:
    """A disc on a plain ground with a little noise, and its mask: (H, W, 3) and (H, W) uint8."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:size, :size] - size / 2
    mask_HW = (np.hypot(x, y) < size * 0.3).astype(np.uint8) * 255
    ground, disc = rng.integers(120, 240, 3), rng.integers(20, 220, 3)
    image_HW3 = np.where(mask_HW[..., None] > 0, disc, ground) + rng.integers(0, 12, (size, size, 1))
    return image_HW3.clip(0, 255).astype(np.uint8), mask_HW


class Night:
    """Builds ``<root>/runs/<NIGHT>`` row by row; ``commit`` writes the parts."""

    def __init__(self, root: Path, size: int = 96) -> None:
        self.root, self.size = root, size
        self.run = root / "runs" / NIGHT
        self.rows: list[dict[str, Any]] = []

    def add(self, sku: str, recipe: str = "mug-blue", route: str = "publish", **other: Any) -> dict[str, Any]:
        """A row that went well, with its pictures on disk; ``other`` overrides columns."""
        number = len(self.rows)
        target, words = RECIPES[recipe]
        image_HW3, mask_HW = photograph(number, self.size)
        region_HW = mask_HW if target == "product" else 255 - mask_HW
        edited_HW3 = np.where(region_HW[..., None] > 0, image_HW3[..., ::-1] // 2 + 60, image_HW3)
        files = {
            "source": image_HW3,
            "mask": mask_HW,
            "region": region_HW,
            "after": edited_HW3,
            "raw": edited_HW3[::2, ::2],
        }
        for name, array in files.items():
            (self.run / "images" / name).mkdir(parents=True, exist_ok=True)
            images.save_png(self.run / "images" / name / f"{number:04d}.png", array)
        paths = {name: f"images/{name}/{number:04d}.png" for name in files}
        row = {
            "row_id": f"{number:016x}",
            "item_id": f"item-{number}",
            "recipe_id": recipe,
            "shard": number % 2,
            "attempt": 1,
            **{"sku": sku, "source_uri": str(self.run / paths["source"]), "source_sha256": "0" * 64},
            **{"target": target, "words": words, "width": self.size, "height": self.size, "extra_json": "{}"},
            **{"mask_path": paths["mask"], "mask_source": "u2netp", "mask_area": 0.28, "mask_doubt": ""},
            **{"image_path": paths["after"], "region_path": paths["region"], "raw_path": paths["raw"]},
            **{"seed": number, "engine": "bundled", "warnings_json": "[]", "region_change": 0.2},
            **{"kept_max_diff": 0, "kept_psnr": 99.0, "clip_text": 0.2 + 0.01 * number},
            **{"chroma_error": 30.0 - number, "route": route},
            "reason": "all scores are fine" if route == "publish" else "look here",
        } | other
        self.rows.append(row)
        return row

    def fail(
        self, sku: str, step: str, outcome: str, code: str, message: str, recipe: str = "mug-blue"
    ) -> None:
        """A row whose ``step`` failed; later steps skip it, as the night does."""
        row = self.add(sku, recipe, route="")
        row["failure"] = (step, {"outcome": outcome, "code": code, "message": message, "attempts": 1})

    def commit(self) -> Night:
        for step in ("plan", *STEPS):
            wanted = set(schema(step).names)
            for shard in {row["shard"] for row in self.rows}:
                own = [self._view(row, step) for row in self.rows if row["shard"] == shard]
                parts = [{key: value for key, value in row.items() if key in wanted} for row in own]
                storage.remove(manifest.part_path(str(self.run), step, shard))
                manifest.commit(str(self.run), step, shard, parts, seconds=0.5)
        (self.run / "run.json").write_text(
            json.dumps(
                {
                    "night": NIGHT,
                    "campaign": "Spring range",
                    "created": "2026-01-31T01:00:00+00:00",
                    "output": str(self.root),
                    "shards": len({row["shard"] for row in self.rows}),
                    "planned": len(self.rows),
                    "profile": {"name": "bundled"},
                    "fingerprint": {"code": "0.1.0"},
                }
            )
        )
        return self

    @staticmethod
    def _view(row: dict[str, Any], step: str) -> dict[str, Any]:
        state: dict[str, Any] = {"outcome": "ok", "code": "", "message": "", "attempts": 1}
        if step == "plan" or "failure" not in row:
            return row | state
        failed, verdict = row["failure"]
        reached, own = STEPS.index(failed), STEPS.index(step)
        keep = row if own < reached else keys_of(row)
        if own == reached:
            return keep | verdict
        return keep | (state if own < reached else verdict | {"outcome": "skipped", "attempts": 0})
