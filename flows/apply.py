"""Decisions of people, applied: the night that the output shows, delivered again as they decided.

Approved pictures move to ``publish/``, rejected ones leave both folders. What is to be made again waits for the next
night, which plans it (``night.plan_rows``). A kill anywhere leaves an unfinished night with every part in place, which
``vitrine apply`` and ``vitrine run`` deliver."""

from __future__ import annotations

from editcore import storage
from editcore.decisions import Journal
from editcore.decisions.journal import FOLDER
from editcore.delivery.previous import success_of
from editcore.night import Night, NightRefused, nights
from flows.night import Means, Report, finish, on
from flows.tonight import Say


def apply_decisions(output: str, say: Say = print) -> Report:
    """Deliver the latest routed night of ``output`` as people decided; nothing to do if it is so already.

    Raises ``NightRefused`` where there is no such night, ``LeaseHeld``, ``NightFailed``."""
    with on(output) as held:
        night = _routed(output)
        book = Journal.read(output).book
        delivered = success_of(output)
        shown = delivered.get("run") == night.name
        if night.finished and shown and not book.rows_since(delivered.get("decisions", 0)):
            say(f"night {night.name} is delivered as people decided: nothing to do")
            return Report(night.name, night.path, "nothing to do", night.summary, True)
        decisions = sum(1 for _ in book.decisions()) - len(book.undone)
        say(f"night {night.name}: delivering it as people decided ({decisions} decisions in the journal)")
        if not night.finished:  # killed while it was delivered
            return finish(night, Means(), say, held)

        from tasks import publish

        storage.sweep(output, spare=FOLDER)
        books = night.summary
        night.unclose()
        made = publish.run(night.path)
        held.confirm()
        books |= {"decided": made["decided"], "delivered": made["counts"]["ok"] == books["ok"]}
        night.close(books)
        return Report(night.name, night.path, "finished", books, bool(books["delivered"]))


def _routed(output: str) -> Night:
    """The latest night whose rows are all routed: it is what the output shows, or was about to show."""
    known = [night for night in nights(output) if night.info["planned"]]  # an empty one is not delivered
    if found := next((night for night in reversed(known) if night.routed), None):
        return found
    raise NightRefused(f"found no night in {output} that is routed to its end; run one first (vitrine run)")
