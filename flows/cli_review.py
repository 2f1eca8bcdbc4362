"""Commands of the morning after: people look at pictures, and what they decided is delivered."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from flows.answers import answering, conclude
from flows.options import LogStyle, Output
from flows.voice import LogFormat, choose, voice


def review(
    output: Output,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65_535, help="Port to listen on.")] = 8090,
    people: Annotated[
        Path | None, typer.Option(help="YAML file `name: viewer|reviewer|approver`.", show_default=False)
    ] = None,
    user_header: Annotated[
        str | None,
        typer.Option(help="Header with the name, from a proxy that asks for it.", show_default=False),
    ] = None,
    quiet: Annotated[
        float, typer.Option(min=1, help="Seconds after the last decision until they are published.")
    ] = 120,
) -> None:
    """Serve the page on which people approve and reject pictures, until it is stopped."""
    with answering():
        from editcore import storage
        from flows.review import serve

        serve(storage.absolute(output), host, port, people, user_header, quiet, voice().say)


def apply(output: Output, log_format: LogStyle = LogFormat.TEXT) -> None:
    """Deliver the night as people decided on its pictures; needs no model. Rows sent back wait for the next night."""
    choose(log_format)
    with answering():
        from dataclasses import asdict

        from editcore import storage
        from flows.apply import apply_decisions

        place = storage.absolute(output)
        conclude(asdict(apply_decisions(place, voice().say)), place)
