"""The command line. Help answers at once: everything heavy is imported inside the commands.

Exit codes: 0 all is well (also: nothing to do), 1 the night failed or its books do not balance, 2 the
campaign file or the command is wrong, 3 refused (another night under this name, another process on this
output)."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from flows.answers import Exit, answering, conclude, leave
from flows.cli_review import apply, review
from flows.options import CampaignFile, Limit, LogStyle, NightArgument, NightName, Output, Pool, ProfileName
from flows.voice import LogFormat, choose, voice

if TYPE_CHECKING:
    from editcore.campaign import Campaign


app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    help="Restyles product catalogues overnight: every untouched pixel untouched, every picture scored.",
    epilog="Example: vitrine run campaign.yaml",
)


@app.command(epilog="Example: vitrine run campaign.yaml --limit 10")
def run(
    campaign: CampaignFile,
    night: NightName = None,
    profile: ProfileName = None,
    limit: Limit = None,
    yes: Annotated[
        bool, typer.Option("--yes", help="Run recipes with a before/after pair without approval.")
    ] = False,
    pool: Pool = None,
    log_format: LogStyle = LogFormat.TEXT,
) -> None:
    """Run tonight's campaign; go on with an unfinished night; do nothing if it is finished."""
    choose(log_format)
    with answering():
        checked = _load(campaign)
        from flows.start import start

        conclude(start(campaign, checked, night, profile, limit, yes, pool), checked.output)


@app.command(epilog="Example: vitrine plan campaign.yaml")
def plan(campaign: CampaignFile, profile: ProfileName = None, limit: Limit = None) -> None:
    """Say what a run would do - pictures, rows, shards, time - without doing it."""
    with answering():
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
    with answering():
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
    night: NightArgument = None,
    thresholds: Annotated[
        Path | None,
        typer.Option(help="Campaign file, or YAML file of thresholds alone.", show_default=False),
    ] = None,
    log_format: LogStyle = LogFormat.TEXT,
) -> None:
    """Judge a finished night by other thresholds and deliver it again; needs no model and no source picture."""
    choose(log_format)
    with answering():
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
            report = again(place, night, chosen, say=voice().say)
        conclude(asdict(report), place)


@app.command(epilog="Example: vitrine rerun out/ --failed")
def rerun(
    output: Output,
    night: NightArgument = None,
    failed: Annotated[
        bool, typer.Option("--failed", help="Rows that failed for no fault of their file.")
    ] = False,
    shards: Annotated[
        str | None, typer.Option(help="All rows of these shards, e.g. 3,7-9.", show_default=False)
    ] = None,
    pool: Pool = None,
    log_format: LogStyle = LogFormat.TEXT,
) -> None:
    """Do failed rows or whole shards of the latest night again; every other row stays as it is."""
    choose(log_format)
    with answering():
        if failed == (shards is not None):
            raise typer.BadParameter("say what to do again: either --failed or --shards 3,7-9")
        from editcore import storage
        from flows.start import start_rerun

        place = storage.absolute(output)
        conclude(start_rerun(place, night, shards, pool), place)


app.command(epilog="Example: vitrine review out/")(review)
app.command(epilog="Example: vitrine apply out/")(apply)


@app.command(epilog="Example: vitrine status out/ latest")
def status(
    output: Output,
    night: Annotated[
        str | None, typer.Argument(help="Name of a night, or latest.", show_default=False)
    ] = None,
) -> None:
    """List the nights of an output; with a NIGHT, its steps, shards, failures, and what would run next."""
    with answering():
        from editcore import storage
        from flows.standing import standing, standing_of

        place = storage.absolute(output)
        for line in standing_of(place, night) if night else standing(place):
            typer.echo(line)


@app.command(epilog="Example: vitrine clean out/ --keep 7 --dry-run")
def clean(
    output: Output,
    keep: Annotated[int, typer.Option(min=1, help="How many finished nights to keep.")] = 7,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would go.")] = False,
) -> None:
    """Remove the insides of old nights and copies from the web that no kept night needs."""
    with answering():
        from editcore import storage
        from flows.clean import clean as away

        for line in away(storage.absolute(output), keep, dry_run):
            typer.echo(line)


@app.command(epilog="Example: vitrine deploy campaign.yaml --pages https://pictures.example/spring")
def deploy(
    campaign: CampaignFile,
    pages: Annotated[str, typer.Option(help="Web address at which people see the output, for links.")] = "",
    pool: Pool = None,
    notify: Annotated[
        str | None, typer.Option(help="Prefect block that tells people of failures: TYPE/NAME.")
    ] = None,
    file: Annotated[Path, typer.Option(help="What to deploy.")] = Path("deploy/prefect.yaml"),
) -> None:
    """Create or replace the campaign's deployments on the Prefect server that PREFECT_API_URL names."""
    with answering():
        checked = _load(campaign)
        from flows.deploy import DeployFailed
        from flows.deploy import deploy as create

        try:
            lines = create(file, campaign, checked, pages, pool or "", notify)
        except DeployFailed as error:
            leave(str(error), Exit.FAILED)
        for line in lines:
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
    with answering():
        from flows.demo import closing_lines
        from flows.demo import demo as go

        report = go(output, catalogue, profile, photos)
        conclude(report, str(output / "results"))
        for line in closing_lines(output, report):
            typer.echo(line)


@app.command(
    epilog="Example: vitrine train --help",
    add_help_option=False,
    context_settings={"allow_extra_args": True, "ignore_unknown_options": True},
)
def train(context: typer.Context) -> None:
    """Train the bundled models; `vitrine train --help` lists the parts."""
    with answering():
        from flows.train import app as training

        training(args=context.args, prog_name="vitrine train", standalone_mode=False)


@app.command(epilog="Example: vitrine pairs photos/ --output pairs/")
def pairs(
    catalogue: Annotated[
        str, typer.Argument(help="A folder of photos, or a Parquet or CSV table.", show_default=False)
    ],
    output: Annotated[str, typer.Option(help="Folder or s3:// prefix for the data set.")] = "pairs",
    settings: Annotated[
        str, typer.Option(help="bundled, back, gpu, or a YAML file of settings.")
    ] = "bundled",
    image: Annotated[str, typer.Option(help="The table's column with the picture's path.")] = "image",
    sku: Annotated[str, typer.Option(help="The table's column with the product's name.")] = "sku",
    caption: Annotated[str | None, typer.Option(help="The table's column with words about it.")] = None,
    mask: Annotated[str | None, typer.Option(help="The table's column with a mask to use.")] = None,
    limit: Limit = None,
) -> None:
    """Make training pairs from captioned photos nobody edited; go on with an unfinished data set."""
    with answering():
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
    with answering():
        from flows.evaluate import app as evaluation

        evaluation(args=context.args, prog_name="vitrine evaluate", standalone_mode=False)


def _load(file: Path) -> Campaign:
    from editcore.campaign import load_campaign

    return load_campaign(file)


if __name__ == "__main__":
    app()
