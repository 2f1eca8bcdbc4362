"""The command line. Help answers at once: everything heavy is imported inside the commands.

Exit codes: 0 all is well (also: nothing to do), 1 the night failed or its books do not balance, 2 the
campaign file or the command is wrong, 3 refused (another night under this name, another process on this
output)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from enum import IntEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from editcore.campaign import Campaign


class Exit(IntEnum):
    """What the command line answers with."""

    OK = 0
    FAILED = 1
    BAD_CAMPAIGN = 2
    REFUSED = 3


app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    help="Restyles product catalogues overnight: every untouched pixel untouched, every picture scored.",
    epilog="Example: vitrine run campaign.yaml",
)

CampaignFile = Annotated[Path, typer.Argument(help="The campaign file (YAML).", show_default=False)]
Output = Annotated[
    str, typer.Argument(help="The campaign's output: a folder or s3:// prefix.", show_default=False)
]
NightName = Annotated[
    str | None, typer.Option("--night", help="Name of the night; default: date and fingerprint.")
]
ProfileName = Annotated[str | None, typer.Option("--profile", help="Another profile than the campaign's.")]
Limit = Annotated[
    int | None, typer.Option("--limit", min=1, help="Only the first N pictures, to try things out.")
]


@app.command(epilog="Example: vitrine run campaign.yaml --limit 10")
def run(
    campaign: CampaignFile,
    night: NightName = None,
    profile: ProfileName = None,
    limit: Limit = None,
    yes: Annotated[
        bool, typer.Option("--yes", help="Run recipes with a before/after pair without approval.")
    ] = False,
    pool: Annotated[
        str | None,
        typer.Option(
            help="Where to work: process, ray, ray://auto or ray://HOST:PORT; default: the profile's."
        ),
    ] = None,
) -> None:
    """Run tonight's campaign; go on with an unfinished night; do nothing if it is finished."""
    with _answering():
        checked = _load(campaign)
        from flows.start import start

        _conclude(start(campaign, checked, night, profile, limit, yes, pool), checked.output)


@app.command(epilog="Example: vitrine plan campaign.yaml")
def plan(campaign: CampaignFile, profile: ProfileName = None, limit: Limit = None) -> None:
    """Say what a run would do - pictures, rows, shards, time - without doing it."""
    with _answering():
        checked = _load(campaign)
        from flows.forecast import forecast

        for line in forecast(checked, profile, limit):
            typer.echo(line)


@app.command(epilog="Example: vitrine preview campaign.yaml --output preview/")
def preview(
    campaign: CampaignFile,
    output: Annotated[str, typer.Option(help="Folder or s3:// prefix for the preview.")] = "preview",
    approve: Annotated[
        bool, typer.Option("--approve", help="Say yes to the preview that was made there.")
    ] = False,
    profile: ProfileName = None,
    limit: Limit = None,
) -> None:
    """Show what each recipe makes of the six most different products; approve it with --approve."""
    with _answering():
        checked = _load(campaign)
        from editcore import storage
        from flows.preview import approve_preview
        from flows.preview import preview as show

        place = storage.absolute(output)
        if approve:
            lines = approve_preview(campaign, checked, place, profile)
        else:
            lines = show(campaign, checked, place, profile, limit)
        for line in lines:
            typer.echo(line)


@app.command(epilog="Example: vitrine reroute out/ --thresholds campaign.yaml")
def reroute(
    output: Output,
    night: Annotated[str | None, typer.Argument(help="Name of the night; default: the latest.")] = None,
    thresholds: Annotated[
        Path | None,
        typer.Option(help="Campaign file, or YAML file of thresholds alone.", show_default=False),
    ] = None,
) -> None:
    """Judge an old night by other thresholds and deliver it again; needs no model and no source picture."""
    with _answering():
        if thresholds is None:
            raise typer.BadParameter("say what to judge by: --thresholds campaign.yaml")
        from dataclasses import asdict

        from editcore import storage
        from editcore.campaign import load_thresholds
        from flows.night import reroute as again
        from flows.progress import progress

        place = storage.absolute(output)
        chosen = load_thresholds(thresholds)
        with progress():
            report = again(place, night, chosen)
        _conclude(asdict(report), place)


@app.command(epilog="Example: vitrine status out/")
def status(output: Output) -> None:
    """List the nights of an output and how far each one is."""
    with _answering():
        from editcore import storage
        from flows.forecast import standing

        for line in standing(storage.absolute(output)):
            typer.echo(line)


@app.command(epilog="Example: vitrine demo --output demo")
def demo(
    output: Annotated[Path, typer.Option(help="Folder for the demo's catalogue and results.")] = Path("demo"),
    catalogue: Annotated[
        Path | None, typer.Option(help="Folder of your own photos instead of the studio's.")
    ] = None,
    photos: Annotated[int, typer.Option(min=1, help="How many of your own photos to take.")] = 40,
    profile: ProfileName = None,
) -> None:
    """Restyle a small catalogue on this machine, offline, and write a page of before/after pictures."""
    with _answering():
        from flows.demo import closing_lines
        from flows.demo import demo as go

        report = go(output, catalogue, profile, photos)
        _conclude(report, str(output / "results"))
        for line in closing_lines(output, report):
            typer.echo(line)


@app.command(
    epilog="Example: vitrine train --help",
    add_help_option=False,
    context_settings={"allow_extra_args": True, "ignore_unknown_options": True},
)
def train(context: typer.Context) -> None:
    """Train the bundled models; `vitrine train --help` lists the parts."""
    with _answering():
        from flows.train import app as training

        training(args=context.args, prog_name="vitrine train", standalone_mode=False)


@app.command(epilog="Example: vitrine pairs photos/ --output pairs/")
def pairs(
    catalogue: Annotated[
        str, typer.Argument(help="A folder of photos, or a Parquet or CSV table.", show_default=False)
    ],
    output: Annotated[str, typer.Option(help="Folder or s3:// prefix for the data set.")] = "pairs",
    settings: Annotated[str, typer.Option(help="bundled, gpu, or a YAML file of settings.")] = "bundled",
    image: Annotated[str, typer.Option(help="The table's column with the picture's path.")] = "image",
    sku: Annotated[str, typer.Option(help="The table's column with the product's name.")] = "sku",
    caption: Annotated[str | None, typer.Option(help="The table's column with words about it.")] = None,
    mask: Annotated[str | None, typer.Option(help="The table's column with a mask to use.")] = None,
    limit: Limit = None,
) -> None:
    """Make training pairs from captioned photos nobody edited; go on with an unfinished data set."""
    with _answering():
        from flows.start import start_pairs

        columns = {"image": image, "sku": sku, "caption": caption, "mask": mask}
        for line in start_pairs(catalogue, output, settings, columns, limit):
            typer.echo(line)


@app.command(
    epilog="Example: vitrine evaluate --help",
    add_help_option=False,
    context_settings={"allow_extra_args": True, "ignore_unknown_options": True},
)
def evaluate(context: typer.Context) -> None:
    """Measure editors against exact targets and in people's eyes; `vitrine evaluate --help` lists the parts."""
    with _answering():
        from flows.evaluate import app as evaluation

        evaluation(args=context.args, prog_name="vitrine evaluate", standalone_mode=False)


def _load(file: Path) -> Campaign:
    from editcore.campaign import load_campaign

    return load_campaign(file)


@contextmanager
def _answering() -> Iterator[None]:
    """Turn what can go wrong into a sentence and an exit code; anything unforeseen keeps its traceback."""
    from editcore.campaign import CampaignError
    from editcore.lease import LeaseHeld
    from editcore.night import NightRefused
    from editcore.profiles import ProfileError
    from editcore.stores import Refused, Unreachable

    try:
        yield
    except (CampaignError, ProfileError) as error:
        _leave(str(error), Exit.BAD_CAMPAIGN)
    except (NightRefused, LeaseHeld) as error:
        _leave(f"refused: {error}", Exit.REFUSED)
    except (Refused, Unreachable) as error:
        _leave(str(error), Exit.FAILED)
    except KeyboardInterrupt:
        _leave("stopped; run the same command again to go on", Exit.FAILED)
    except RuntimeError as error:
        from flows.night import NightFailed

        if not isinstance(error, NightFailed):
            raise
        _leave(str(error), Exit.FAILED)


def _leave(text: str, code: Exit) -> None:
    typer.echo(text, err=True)
    raise typer.Exit(int(code))


def _conclude(report: dict[str, Any], output: str) -> None:
    """Last lines of a night, and its exit code."""
    from editcore.figures import sentences

    books = report["summary"]
    if report["state"] == "finished":
        routes = ", ".join(f"{count} {route}" for route, count in sorted(books["routes"].items()))
        typer.echo(
            f"night {report['night']}: {books['planned']} planned = {books['ok']} ok + "
            f"{books['skipped']} skipped + {books['failed']} failed; {routes or 'nothing routed'}; "
            f"{books['seconds']:.0f} s"
        )
        for code, count in sorted(books["codes"].items(), key=lambda pair: -pair[1]):
            typer.echo(f"  {count} x {code}")
        for line in sentences(books.get("figures", {})):
            typer.echo(f"  {line}")
        typer.echo(f"report: {output.rstrip('/')}/report.html")
    elif report["state"] == "empty":
        typer.echo("0 pictures to do: nothing to do")
    if not report["good"]:
        _leave("the night ended, but not well: see the codes above and the report", Exit.FAILED)


if __name__ == "__main__":
    app()
