"""The rows of ``vitrine evaluate``: one backbone, the same steps, told the same captions."""

from __future__ import annotations

import json
from typing import Any

import yaml

from benchmarks.weak_supervision.arms import ARMS, output
from benchmarks.weak_supervision.plan import TRAINING_SEEDS, Plan

ENGINE = "editcore.editors:load_diffusion"
SHARED = {"steps": 1, "guidance": 1.0, "prompt": "caption"}
PARTIAL = 0.6
"""Strength of the rows that start from the noised source."""
UNTUNED: dict[str, tuple[dict[str, Any], str]] = {
    "SDEdit-style": (
        {"condition": False, "strength": PARTIAL, "blend": False},
        "the base on the noised source, nothing put back",
    ),
    "plain inpainting": (
        {"cut_out": "always", "strength": 1.0, "blend": True},
        "the base paints anew what is hidden, and never sees what was there",
    ),
    "automatic mask (DiffEdit-style)": (
        {"condition": False, "mask": "model", "strength": PARTIAL, "blend": True},
        "as SDEdit-style, blended into the region that the base finds itself; backgrounds take the matte's",
    ),
}
TUNED = {"cut_out": True, "strength": 1.0, "blend": True}


def rows(plan: Plan) -> None:
    """Write rows.yaml; paths are relative to it."""
    listed: list[dict[str, Any]] = [{"name": "no edit", "profile": "none", "about": "the source as it is"}]
    listed += [
        {"name": name, "editor": ENGINE, "folder": "base/editor", "options": options, "about": about}
        for name, (options, about) in UNTUNED.items()
    ]
    steps = json.loads((plan.work / "arms" / "arms.json").read_text("utf-8"))
    for name, arm in ARMS.items():
        done = [output(plan, arm, seed) for seed in TRAINING_SEEDS]
        taken = ", ".join(str(steps[folder.name]["steps"]) for folder in done)
        listed.append(
            {
                "name": name, "editor": ENGINE, "options": TUNED, "about": f"{arm.about}; steps {taken}",
                "folders": [str((folder / "model").relative_to(plan.work)) for folder in done],
            }
        )  # fmt: skip
    listed.append({"name": "exact target", "profile": "exact", "about": "the right answer itself"})
    text = yaml.safe_dump({"options": SHARED, "rows": listed}, sort_keys=False, allow_unicode=True)
    (plan.work / "rows.yaml").write_text(text, "utf-8")
