"""``vitrine train``: the bundled models from nothing, stage by stage, or any model tuned on pairs; all resumable."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(
    no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None,
    help="Train the bundled models (all, stage, install), or tune a model on pairs (tune). What is done is skipped; "
    "what was killed goes on where it was.",
)  # fmt: skip

Work = Annotated[Path, typer.Option(help="Folder for data, checkpoints and results; about 10 GB.")]
Scale = Annotated[
    float,
    typer.Option(
        min=0.001, help="Share of the full recipe's data and time (1 is about 2.5 hours on 2 cores)."
    ),
]
Workers = Annotated[int, typer.Option(min=1, help="Processes, one thread each: the number of free cores.")]

Cutouts = Annotated[
    Path | None,
    typer.Option(
        help="Folder of cut-outs for the autoencoder to see beside the studio's pictures; see "
        "editcore/training/cutouts.py."
    ),
]


@app.command(name="all", epilog="Example: vitrine train all --work train --scale 0.1")
def train_all(
    work: Work = Path("train"), scale: Scale = 1.0, workers: Workers = 2, cutouts: Cutouts = None
) -> None:
    """Every stage in order, then `vitrine train install` puts the result into the package."""
    from editcore.training.recipe import STAGES

    for stage in STAGES:
        _run(stage, work, scale, workers, cutouts)


@app.command(name="stage", epilog="Example: vitrine train stage editor --work train")
def train_stage(
    stage: Annotated[str, typer.Argument(help="A stage; see the list in editcore/training/recipe.py.")],
    work: Work = Path("train"), scale: Scale = 1.0, workers: Workers = 2, cutouts: Cutouts = None,
) -> None:  # fmt: skip
    """One stage, from what the earlier ones left in the work folder."""
    from editcore.training.recipe import STAGES

    if stage not in STAGES:
        raise typer.BadParameter(f"no stage {stage!r}; choose one of {', '.join(STAGES)}")
    _run(stage, work, scale, workers, cutouts)


@app.command(epilog="Example: vitrine train install --work train")
def install(work: Work = Path("train")) -> None:
    """Replace the bundled models by the trained ones."""
    from editcore.training.recipe import install as into_package

    typer.echo(f"bundled models: {into_package(work):.1f} MB in all (the limit is 40)")


@app.command(epilog="Example: vitrine train tune --config tune.yaml")
def tune(
    config: Annotated[Path, typer.Option(help="What to tune, on which pairs; fields in docs/training.md.")],
) -> None:
    """Tune a model on pseudo-pairs: an adapter, or every weight. The same command again goes on."""
    from editcore.training.loop import Diverged
    from editcore.training.pairs.store import PairsMissing
    from editcore.training.tuning import TuningError, load_config
    from editcore.training.tuning import tune as run

    try:
        typer.echo(f"done: {run(load_config(config))}")
    except (TuningError, PairsMissing) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from error
    except Diverged as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from error


def _run(stage: str, work: Path, scale: float, workers: int, cutouts: Path | None) -> None:
    from editcore.training.recipe import Recipe, make

    full = Recipe(work)
    recipe = Recipe(
        work,
        picture_specimens=max(32, round(full.picture_specimens * scale)),
        store_specimens=max(64, round(full.store_specimens * scale)),
        autoencoder_seconds=full.autoencoder_seconds * scale,
        decoder_seconds=full.decoder_seconds * scale,
        editor_seconds=full.editor_seconds * scale,
        scorer_seconds=full.scorer_seconds * scale,
        workers=workers,
        cutouts=cutouts,
    )
    typer.echo(f"{stage}: {'done' if make(recipe, stage) else 'was done already'}")
