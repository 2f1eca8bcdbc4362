"""The arrows of docs/architecture.md, read from the source; nothing is imported."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FORBIDDEN = {
    "editcore": {"prefect", "flows", "tasks"},
    "tasks": {"prefect", "flows"},
}
HEAVY = {
    "torch",
    "torchvision",
    "diffusers",
    "transformers",
    "open_clip",
    "lpips",
    "onnxruntime",
    "prefect",
    "ray",
}
LIGHT = (
    "flows/__init__.py",
    "flows/cli.py",
    "flows/apply.py",
    "flows/cli_review.py",
    "flows/options.py",
    "flows/review.py",
    "flows/start.py",
    "flows/night.py",
    "flows/ray_pool.py",
    "flows/worker.py",
    "flows/tonight.py",
    "flows/forecast.py",
    "flows/demo.py",
    "tasks/__init__.py",
    "tasks/pairs.py",
    "editcore/approvals.py",
    "editcore/campaign.py",
    "editcore/checkpoints.py",
    "editcore/decisions/book.py",
    "editcore/decisions/entries.py",
    "editcore/decisions/journal.py",
    "editcore/decisions/table.py",
    "editcore/exemplars.py",
    "editcore/fingerprint.py",
    "editcore/folders.py",
    "editcore/images.py",
    "editcore/lease.py",
    "editcore/columns.py",
    "editcore/manifest.py",
    "editcore/night.py",
    "editcore/profiles.py",
    "editcore/recipes.py",
    "editcore/claims.py",
    "editcore/storage.py",
    "editcore/tables.py",
    "editcore/stores.py",
    "editcore/threads.py",
    "editcore/editors/base.py",
    "editcore/routing/__init__.py",
    "editcore/sources/__init__.py",
)
"""What must be there at once: the command line and the ground floor."""


def imports(nodes: Iterator[ast.AST]) -> set[str]:
    """First names of everything the nodes import."""
    found: set[str] = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add((node.module or "").split(".")[0])
    return found


def at_import(tree: ast.AST) -> Iterator[ast.AST]:
    """Nodes that run when the module is imported: not inside functions, not for type checkers only."""
    for node in ast.iter_child_nodes(tree):
        checking = isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)
        if checking or isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            continue
        yield node
        yield from at_import(node)


@pytest.mark.parametrize("package", FORBIDDEN)
def test_arrows_point_one_way(package: str) -> None:
    files = sorted((ROOT / package).rglob("*.py"))
    assert files
    wrong = {
        str(file.relative_to(ROOT)): found
        for file in files
        if (found := imports(ast.walk(ast.parse(file.read_text("utf-8")))) & FORBIDDEN[package])
    }
    assert not wrong


@pytest.mark.parametrize("name", LIGHT)
def test_the_ground_floor_loads_no_model_code(name: str) -> None:
    tree = ast.parse((ROOT / name).read_text("utf-8"))
    assert not imports(at_import(tree)) & HEAVY


def test_engines_and_scorers_do_not_know_training_and_studio_knows_neither() -> None:
    for package, others in {
        "editors": {"training", "scoring", "segmentation", "delivery"},
        "scoring": {"training", "delivery"},
        "studio": {"editors", "scoring", "segmentation", "training", "delivery"},
        "lexicon": {"studio", "editors", "scoring", "training"},
        "decisions": {"delivery", "review", "editors", "routing"},
        "delivery": {"review", "training"},
        "review": {"editors", "scoring", "segmentation", "training"},
    }.items():
        for file in (ROOT / "editcore" / package).rglob("*.py"):
            for node in ast.walk(ast.parse(file.read_text("utf-8"))):
                if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("editcore."):
                    assert str(node.module).split(".")[1] not in others, f"{file} imports {node.module}"


def test_nothing_in_the_library_imports_evaluation_and_it_does_not_know_training() -> None:
    for file in (ROOT / "editcore").rglob("*.py"):
        inside = file.is_relative_to(ROOT / "editcore" / "evaluation")
        forbidden = ("editcore.training", "editcore.delivery") if inside else ("editcore.evaluation",)
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.ImportFrom):
                assert not (node.module or "").startswith(forbidden), f"{file} imports {node.module}"


def test_the_rules_see_what_they_should() -> None:
    tree = ast.parse(
        "if x:\n    import torch\ndef f():\n    import prefect\nclass A:\n    import diffusers\n"
    )
    assert imports(at_import(tree)) == {"torch", "diffusers"}
    assert "prefect" in imports(ast.walk(tree))
