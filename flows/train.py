"""``vitrine train``: the bundled models from nothing, stage by stage, or a model tuned on pairs; all resumable."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(
    no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None,
    help="Train the bundled models (all, stage, install), tune a model on pairs (tune), or teach Edit Transfer an "
    "edit from before/after pairs (edit-transfer). What is done is skipped; what was killed goes on where it was.",
)  # fmt: skip

Work = Annotated[Path, typer.Option(help="Folder for data, checkpoints and results; about 10 GB.")]
Scale = Annotated[
    float,
    typer.Option(min=0.001, help="Share of the full recipe's data and time (1 is about 6 hours on 2 cores)."),
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
    from editcore.training.recipe import REFERENCES, STAGES

    if stage not in STAGES | REFERENCES:
        raise typer.BadParameter(f"no stage {stage!r}; choose one of {', '.join(STAGES | REFERENCES)}")
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


@app.command(epilog="Example: vitrine train edit-transfer --pairs pairs/ --output tuned/navy --minutes 5")
def edit_transfer(
    pairs: Annotated[
        str,
        typer.Option(
            help="A folder of four-panel grids, a Parquet table (before, after, edit), or a folder with before/ and "
            "after/."
        ),
    ],
    output: Annotated[Path, typer.Option(help="Folder for the adapter and the comparison.")],
    edit: Annotated[str, typer.Option(help="What the change of before/ and after/ is called.")] = "",
    start: Annotated[str, typer.Option(help="bundled, or the folder of a trained transformer.")] = "bundled",
    minutes: Annotated[float, typer.Option(min=0.1, help="Training time in all.")] = 5,
    all_pairs: Annotated[
        bool, typer.Option("--all-pairs", help="Train on every pair; nothing is left to measure on.")
    ] = False,
    workers: Workers = 2,
    seed: Annotated[int, typer.Option(min=0, help="Of weights, order and noise.")] = 0,
) -> None:
    """Teach Edit Transfer an edit from a few pairs, and say whether it helped. The same command again goes on."""
    from editcore.training.loop import Diverged
    from editcore.training.transfer.compare import verdict
    from editcore.training.transfer.tune import BUNDLED, Tuning
    from editcore.training.transfer.tune import tune as run

    folder = BUNDLED if start == "bundled" else Path(start)
    try:
        tuned = run(
            Tuning(
                pairs,
                output,
                edit,
                folder,
                minutes=minutes,
                hold_out=not all_pairs,
                workers=workers,
                seed=seed,
            )
        )
    except (ValueError, FileNotFoundError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from error
    except Diverged as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from error
    for problem in tuned.problems:
        typer.echo(f"left out {problem.name}: {problem.message}")
    typer.echo(verdict(tuned.figures))
    typer.echo(f"adapter: {tuned.adapter}; pictures: {output / 'pictures.png'}")


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
        transfer_groups=max(12, round(full.transfer_groups * scale)),
        transfer_seconds=full.transfer_seconds * scale,
        workers=workers,
        cutouts=cutouts,
    )
    typer.echo(f"{stage}: {'done' if make(recipe, stage) else 'was done already'}")
