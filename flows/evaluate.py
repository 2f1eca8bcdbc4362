"""``vitrine evaluate``: measure editors, and ask people."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from editcore.evaluation.cases import CaseSet

app = typer.Typer(
    no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None,
    help="How good is an editor? Against exact targets (run), and in the eyes of people (sheet, tally).",
)  # fmt: skip

Output = Annotated[Path, typer.Option(help="Folder of the results; the same command goes on where it was.")]


@app.command(epilog="Example: vitrine evaluate run --rows rows.yaml --write docs/evaluation.md")
def run(
    rows: Annotated[
        Path | None,
        typer.Option(help="YAML list of the table's rows; default: no edit, bundled, exact target."),
    ] = None,
    kinds: Annotated[
        str, typer.Option(help="Kinds of edit, with commas; default: recolour,background,material.")
    ] = "",
    specimens: Annotated[
        int | None,
        typer.Option(
            min=1, help="Cases per kind; default: 24 of the studio's, all of PIE-Bench's. Or so many photos."
        ),
    ] = None,
    products: Annotated[
        str, typer.Option(help="Kinds of the studio's products, with commas: one range; default: all.")
    ] = "",
    size: Annotated[int, typer.Option(min=32, help="Side of the studio's pictures, pixels.")] = 256,
    seeds: Annotated[int, typer.Option(min=1, help="Noise seeds per case.")] = 3,
    output: Output = Path("evaluation"),
    pie_bench: Annotated[
        Path | None,
        typer.Option(help="PIE-Bench's folder (mapping_file.json) instead of the studio."),
    ] = None,
    photos: Annotated[
        str | None,
        typer.Option(
            help="Your photos instead, without exact results: a folder, or a table with a column image."
        ),
    ] = None,
    caption: Annotated[str | None, typer.Option(help="That table's column with words about a photo.")] = None,
    clip: Annotated[
        str, typer.Option(help="CLIP for the scores: bundled, a folder, open_clip's name, or none.")
    ] = "bundled",
    clip_pretrained: Annotated[str | None, typer.Option(help="open_clip's pretrained tag or file.")] = None,
    vit: Annotated[
        Path | None, typer.Option(help="Folder of a ViTModel (DINO ViT-B/8) for structure.")
    ] = None,
    device: Annotated[str, typer.Option(help="Device of the measuring networks.")] = "cpu",
    write: Annotated[Path | None, typer.Option(help="Markdown file whose marked part is replaced.")] = None,
    part: Annotated[
        str, typer.Option(help="Name in its markers, <!-- NAME: begin --> and <!-- NAME: end -->.")
    ] = "evaluate",
    note: Annotated[str, typer.Option(help="What else the machine did, for the page.")] = "",
) -> None:
    """Edit every case with every row, measure, and write the tables (Markdown and CSV)."""
    from editcore.campaign import CampaignError
    from editcore.evaluation.report import Circumstances, report
    from editcore.evaluation.rows import DEFAULT, load_rows
    from editcore.evaluation.run import NothingMade, evaluate

    chosen, of_range = _listed(kinds), _listed(products)
    try:
        listed = load_rows(rows or DEFAULT)
        for row in listed:
            row.trainings(seeds)
        if photos is not None:
            cases: CaseSet = _photos(photos, caption, chosen, specimens)
        else:
            cases = _cases(chosen, specimens, size, of_range, pie_bench)
    except (ValueError, CampaignError) as error:
        raise typer.BadParameter(str(error)) from None
    from editcore.evaluation.measures import Measures

    measures = Measures(None if clip == "none" else clip, clip_pretrained, vit, device)
    try:
        results = evaluate(listed, cases, measures, str(output), seeds, say=typer.echo)
    except NothingMade as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None
    for item, why in getattr(cases, "left_out", {}).items():
        typer.echo(f"left out: {item}: {why}")
    command = "vitrine " + shlex.join(sys.argv[1:])
    about = Circumstances(
        command, measures.networks, cases.identity, {r.name: r.summary() for r in listed}, note
    )
    editing = [row.name for row in listed if row.edits]
    for file in report(results, editing, about, output, write, part):
        typer.echo(f"written: {file}")


@app.command(epilog="Example: vitrine evaluate exemplars --write docs/evaluation.md")
def exemplars(
    model: Annotated[Path | None, typer.Option(help="Folder of the transformer; default: bundled.")] = None,
    reference: Annotated[
        Path | None, typer.Option(help="A transformer with full attention, trained on the same data.")
    ] = None,
    alike: Annotated[
        Path | None,
        typer.Option(help="A transformer with our attention, trained for as long as the reference."),
    ] = None,
    groups: Annotated[int, typer.Option(min=8, help="Held-out groups; two or three cases each.")] = 120,
    seeds: Annotated[int, typer.Option(min=1, help="Noise seeds per case.")] = 3,
    output: Output = Path("evaluation-exemplars"),
    write: Annotated[Path | None, typer.Option(help="Markdown file whose marked part is replaced.")] = None,
    note: Annotated[str, typer.Option(help="What else the machine did, for the page.")] = "",
) -> None:
    """How well before/after pairs are followed: unseen objects, exact answers."""
    from editcore.editors.transfer.engine import BUNDLED
    from editcore.evaluation.exemplars.cases import load_cases
    from editcore.evaluation.exemplars.rows import standard_rows
    from editcore.evaluation.exemplars.run import evaluate_exemplars
    from editcore.evaluation.exemplars.table import page
    from editcore.evaluation.markdown import write_between

    try:
        rows = standard_rows(model or BUNDLED, reference, alike)
    except FileNotFoundError as error:
        raise typer.BadParameter(str(error)) from None
    results = evaluate_exemplars(rows, load_cases(output, groups), seeds, output, say=typer.echo)
    text = page(results, rows, "vitrine " + shlex.join(sys.argv[1:]), note)
    (output / "exemplars.md").write_text(text, "utf-8")
    typer.echo(f"written: {output / 'exemplars.md'}")
    if write is not None:
        write_between(write, text, "evaluate exemplars")


@app.command(epilog='Example: vitrine evaluate sheet --row bundled --row "no edit" --page sheet.html')
def sheet(
    row: Annotated[list[str], typer.Option(help="Name of a row; give at least two.")],
    output: Output = Path("evaluation"),
    page: Annotated[Path, typer.Option(help="The page; its key is written beside it.")] = Path("sheet.html"),
    pairs: Annotated[int, typer.Option(min=1, help="At most so many pairs.")] = 40,
    seed: Annotated[int, typer.Option(help="Decides order and sides.")] = 0,
    question: Annotated[str | None, typer.Option(help="What to ask instead.")] = None,
) -> None:
    """A blinded page of pairs for people to judge, from the pictures of an evaluation."""
    from editcore.evaluation.human.sheet import KEY_SUFFIX, QUESTION, build_sheet

    try:
        asked = build_sheet(str(output), row, page, pairs, seed, question or QUESTION)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None
    typer.echo(f"{len(asked)} pairs: {page}")
    typer.echo(f"the key, not for raters: {page.with_suffix(KEY_SUFFIX)}")


@app.command(epilog="Example: vitrine evaluate tally sheet.key.json tally-1.json tally-2.csv")
def tally(
    key: Annotated[Path, typer.Argument(help="The sheet's key file.", show_default=False)],
    files: Annotated[list[Path], typer.Argument(help="What raters exported.", show_default=False)],
    write: Annotated[Path | None, typer.Option(help="CSV file for the unblinded answers.")] = None,
) -> None:
    """Unblind answers and count them, with intervals."""
    from editcore.evaluation.human.tally import tally as count
    from editcore.evaluation.human.tally import unblind

    try:
        answers = unblind(key, files)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None
    if write is not None:
        answers.to_csv(write, index=False)
    typer.echo(count(answers))


def _cases(
    kinds: list[str], specimens: int | None, size: int, products: list[str], pie_bench: Path | None
) -> CaseSet:
    from editcore.evaluation.cases import KINDS, SPECIMENS, Studio
    from editcore.evaluation.pie_bench import PieBench

    if pie_bench is not None:
        return PieBench(pie_bench, kinds, specimens)
    return Studio(specimens or SPECIMENS, kinds or KINDS, size, products)


def _photos(place: str, caption: str | None, kinds: list[str], limit: int | None) -> CaseSet:
    from editcore import storage
    from editcore.campaign import Columns, Source
    from editcore.evaluation.photos import Photos

    full = storage.absolute(place)
    if full.lower().endswith((".parquet", ".csv")):
        return Photos(Source(table=full, columns=Columns(sku="image", caption=caption)), kinds, limit)
    return Photos(Source(folder=full), kinds, limit)


def _listed(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]
