"""How a command ends: its last lines, and its exit code (``docs/running-a-night.md`` has the table)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from enum import IntEnum
from typing import Any, NoReturn

import typer

from flows.voice import voice


class Exit(IntEnum):
    """What the command line answers with."""

    OK = 0
    FAILED = 1
    BAD_CAMPAIGN = 2
    REFUSED = 3


@contextmanager
def answering() -> Iterator[None]:
    """Turn what can go wrong into a sentence and an exit code; anything unforeseen keeps its traceback."""
    from editcore.campaign import CampaignError
    from editcore.lease import LeaseHeld
    from editcore.manifest import Damaged
    from editcore.night import NightRefused
    from editcore.profiles import ProfileError
    from editcore.stores import Refused, Unreachable

    try:
        yield
    except (CampaignError, ProfileError) as error:
        leave(str(error), Exit.BAD_CAMPAIGN)
    except (NightRefused, LeaseHeld) as error:
        leave(f"refused: {error}", Exit.REFUSED)
    except (Damaged, Refused, Unreachable) as error:
        leave(str(error), Exit.FAILED)
    except KeyboardInterrupt:
        leave("stopped; run the same command again to go on", Exit.FAILED)
    except RuntimeError as error:
        from flows.steps import NightFailed

        if not isinstance(error, NightFailed):
            _unforeseen(error)
        leave(str(error), Exit.FAILED)
    except Exception as error:
        _unforeseen(error)


def leave(text: str, code: Exit) -> NoReturn:
    """Say ``text`` and end the command with ``code``."""
    voice().complain(text, int(code))
    raise typer.Exit(int(code))


def conclude(report: dict[str, Any], output: str) -> None:
    """Last lines of a night, and its exit code. ``report``: fields of ``flows.night.Report``."""
    from editcore.decisions.entries import in_words
    from editcore.figures import sentences

    say, books = voice(), report["summary"]
    if report["state"] == "finished":
        routes = ", ".join(f"{count} {route}" for route, count in sorted(books["routes"].items()))
        page = f"{output.rstrip('/')}/report.html"
        say.say(
            f"night {report['night']}: {books['planned']} planned = {books['ok']} ok + "
            f"{books['skipped']} skipped + {books['failed']} failed; {routes or 'nothing routed'}; "
            f"{books['seconds']:.0f} s",
            event="finished",
            good=report["good"],
            report=page,
            **books,
        )
        if decided := in_words(books.get("decided", {})):
            say.detail(f"  people decided: {decided}")
        for code, count in sorted(books["codes"].items(), key=lambda pair: -pair[1]):
            say.detail(f"  {count} x {code}")
        for line in sentences(books.get("figures", {})):
            say.detail(f"  {line}")
        say.detail(f"report: {page}")
    elif report["state"] == "empty":
        say.say("0 pictures to do: nothing to do", event="empty", night=report["night"])
    if not report["good"]:
        leave("the night ended, but not well: see the codes above and the report", Exit.FAILED)


def _unforeseen(error: Exception) -> NoReturn:
    if isinstance(error, typer.Exit | typer.Abort) or type(error).__module__.startswith(("click", "typer")):
        raise error  # typer's own words about the command line
    if voice().crash(error):
        raise typer.Exit(int(Exit.FAILED)) from None
    raise error
