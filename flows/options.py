"""Arguments and options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from flows.voice import LogFormat

CampaignFile = Annotated[Path, typer.Argument(help="The campaign file (YAML).", show_default=False)]
Output = Annotated[
    str, typer.Argument(help="The campaign's output: a folder or s3:// prefix.", show_default=False)
]
NightArgument = Annotated[
    str | None, typer.Argument(help="Name of the night; default: the latest.", show_default=False)
]
NightName = Annotated[
    str | None, typer.Option("--night", help="Name of the night; default: date and fingerprint.")
]
ProfileName = Annotated[str | None, typer.Option("--profile", help="Another profile than the campaign's.")]
LogStyle = Annotated[
    LogFormat,
    typer.Option("--log-format", envvar="VITRINE_LOG_FORMAT", help="Sentences, or one JSON object a line."),
]
Pool = Annotated[
    str | None,
    typer.Option(help="Where to work: process, ray, ray://auto or ray://HOST:PORT; default: the profile's."),
]
Limit = Annotated[
    int | None, typer.Option("--limit", min=1, help="Only the first N pictures, to try things out.")
]
