"""The review page of an output, and what becomes of the decisions made there.

With Prefect (``PREFECT_API_URL``) the page emits an event when people have been quiet for a while, and a deployment's
trigger starts the flow ``apply``; without, this process applies them itself. The journal in the output is the truth:
an event that is lost is sent again as long as there is something to apply."""

from __future__ import annotations

import getpass
import os
import threading
import time
import traceback
from collections.abc import Callable
from pathlib import Path

from editcore.campaign import CampaignError
from editcore.decisions.entries import in_words
from editcore.lease import LeaseHeld
from editcore.night import NightRefused
from editcore.review.desk import Desk
from editcore.review.door import Door, LinkDoor, ProxyDoor, load_people
from flows.forecast import duration
from flows.steps import NightFailed
from flows.tonight import Say

QUIET = 120.0
"""Seconds without a decision after which decisions are handed over."""
AGAIN, AGAIN_TO_PREFECT = 600.0, 3600.0
"""Seconds after which they are handed over once more, if the output does not show them; Prefect's runs queue behind a
long night, so it is told seldom."""
PATIENCE = 10.0
"""Seconds that somebody waits for "publish now"."""
LOOK = 5.0
"""Seconds between looks."""
LOOPBACK = ("127.0.0.1", "localhost", "::1")
SECRET = "VITRINE_PROXY_SECRET"


class HandOver:
    """Hands decisions over by ``work``, which returns a sentence: when nobody decided for ``quiet`` seconds, at once
    when asked, and again when nothing came of it."""

    def __init__(
        self, desk: Desk, about: str, work: Callable[[], str], quiet: float = QUIET, again: float = AGAIN
    ) -> None:
        self.about, self._desk, self._work, self._quiet, self._again = about, desk, work, quiet, again
        self._due: float | None = None
        self._sent = (0, 0.0)
        """Up to which entry of the journal decisions were handed over, and when."""
        self._text, self._busy = "", threading.Lock()

    def start(self) -> None:
        threading.Thread(target=self._keep_looking, name="hand-over", daemon=True).start()

    def decided(self) -> None:
        self._due = time.monotonic() + self._quiet

    def now(self) -> str:
        if not self._desk.unapplied():
            return "Everything that was decided is published already."
        if not self._busy.acquire(blocking=False):
            return "It is being done."
        try:
            self._due, self._sent = None, (self._desk.journal.book.last, time.monotonic())
            self._text = self._work()
        except (NightRefused, NightFailed, LeaseHeld, OSError) as error:
            self._text = f"Not published yet, it will be tried again: {error}"
        except Exception as error:  # nobody foresaw it: the page goes on, and both sides hear of it
            traceback.print_exc()
            self._text = (
                f"Not published, by a fault that the page's log shows: {type(error).__name__}: {error}"
            )
        finally:
            self._busy.release()
        return self._text

    def ask(self) -> str:
        """``now``, for somebody who waits for the answer: a large night takes longer than they do."""
        answer: list[str] = []
        thread = threading.Thread(target=lambda: answer.append(self.now()), name="hand-over-now", daemon=True)
        thread.start()
        thread.join(PATIENCE)
        return answer[0] if answer else "It is being done; what is left to publish is said above."

    def state(self) -> tuple[bool, str]:
        return self._busy.locked(), self._text if self._desk.unapplied() else ""

    def look(self) -> None:
        """Hand over what is due."""
        if not self._desk.unapplied():
            self._due = None
            return
        last, at = self._sent
        fresh = self._desk.journal.book.last > last
        if fresh and self._due is None:  # decided before this process began, or at another page
            self._due = time.monotonic() + self._quiet
        if (self._due and time.monotonic() >= self._due) or (
            not fresh and time.monotonic() >= at + self._again
        ):
            self.now()

    def _keep_looking(self) -> None:
        while True:
            time.sleep(LOOK)
            try:
                self.look()
            except OSError as error:  # the store; it may answer the next time
                self._text = f"The output cannot be read: {error}"


def hand_over_of(output: str, desk: Desk, quiet: float) -> HandOver:
    """By Prefect where it is known, else by this process."""
    if os.environ.get("PREFECT_API_URL"):
        about = f"Decisions are handed to Prefect {duration(quiet)} after the last one, and published by it."
        return HandOver(desk, about, lambda: tell_prefect(output, desk), quiet, AGAIN_TO_PREFECT)
    about = f"Decisions are published {duration(quiet)} after the last one."
    return HandOver(desk, about, lambda: _apply(output), quiet)


def tell_prefect(output: str, desk: Desk) -> str:
    """Emit the event that a deployment of ``flows.restyle.apply`` waits for."""
    from prefect.events import emit_event

    from flows.deployed import EVENT, resource_of

    emit_event(
        event=EVENT,
        resource={"prefect.resource.id": resource_of(output), "prefect.resource.name": output},
        payload={"output": output, "journal": desk.journal.book.last, "rows": desk.unapplied()},
    )
    return "Handed to Prefect; the pictures move when its run has ended."


def _apply(output: str) -> str:
    from flows.apply import apply_decisions

    report = apply_decisions(output, lambda line: None)
    decided = in_words(report.summary.get("decided", {}))
    return f"Published; of this night's pictures {decided}." if decided else "Published."


def door_of(host: str, port: int, people: Path | None, user_header: str | None) -> Door:
    """Who may come in; ``CampaignError`` for a page that others could reach and nothing guards."""
    if user_header or people:
        if not (user_header and people):
            raise CampaignError("--user-header and --people belong together: who asks, and what they may do")
        return ProxyDoor(user_header, os.environ.get(SECRET, ""), load_people(people))
    if host not in LOOPBACK:
        raise CampaignError(
            f"found --host {host}, where others reach the page: put a proxy with sign-in before it and say "
            f"--user-header, --people and {SECRET} (deploy/README.md), or stay on 127.0.0.1"
        )
    try:
        name = getpass.getuser()
    except (OSError, KeyError):  # a container whose user has no name
        name = "somebody"
    return LinkDoor(name, port)


def serve(
    output: str, host: str, port: int, people: Path | None, user_header: str | None, quiet: float, say: Say
) -> None:
    """Serve the page of ``output`` until it is stopped."""
    import uvicorn

    from editcore.review.app import build

    door, desk = door_of(host, port, people, user_header), Desk(output)
    hand_over = hand_over_of(output, desk, quiet)
    hand_over.start()
    shown = f"[{host}]" if ":" in host else host
    key = f"?key={door.key}" if isinstance(door, LinkDoor) else ""
    say(f"review of {output}: http://{shown}:{port}/{key}")
    say(hand_over.about)
    uvicorn.run(
        build(desk, door, hand_over),
        host=host,
        port=port,
        log_level="warning",
        server_header=False,
        proxy_headers=False,
    )
