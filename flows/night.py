"""The night, without Prefect: plan or resume, run every step of every shard, count, deliver, close.

``run_night`` is what ``flows.restyle`` wraps and what the kill tests run as a bare process. It decides
nothing from memory: what is done is what lies committed in the night's folder."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from editcore import manifest, shardwork, storage
from editcore.campaign import Campaign
from editcore.fingerprint import decisions, differences
from editcore.lease import Held, lease
from editcore.manifest import STEPS
from editcore.night import Night, NightRefused, nights
from editcore.outcomes import Outcome
from editcore.routing.thresholds import Thresholds
from flows.tonight import Say, begin, look, require_approval


class Done(Protocol):
    """A future, of Prefect or of the standard library."""

    def result(self) -> Any:
        """Wait; raise what the step raised."""
        ...


Submit = Callable[[str, str, int, "Done | None"], Done]
"""(step, night path, shard, what must be done before) -> future of the step's counts."""


class NightFailed(RuntimeError):  # noqa: N818 - reads as what it says
    """The night could not be finished, or its books do not balance; run it again to go on."""


@dataclass(frozen=True)
class Report:
    """What became of a night."""

    night: str
    path: str
    state: str
    """``finished``, ``nothing to do`` (it was finished already) or ``empty`` (no rows planned)."""
    summary: dict[str, Any]

    good: bool
    """Whether everything that went well was delivered, and something did (a night of failures only is no
    success)."""


def run_night(
    campaign: Campaign,
    name: str | None = None,
    profile_name: str | None = None,
    limit: int | None = None,
    submit: Submit | None = None,
    say: Say = print,
    yes: bool = False,
) -> Report:
    """Run a campaign's night, or finish the one that was begun, or say that there is nothing to do.

    ``yes``: recipes with a pair need no approval. Raises ``NightRefused`` (another fingerprint, not approved),
    ``LeaseHeld`` (another process), ``NightFailed``.
    """
    with _on(campaign.output) as held:
        night = begin(campaign, name, profile_name, limit, say, yes)
        if night.finished:
            return _already_done(night, campaign, say)
        return _finish(night, submit, say, held)


@contextmanager
def _on(output: str) -> Iterator[Held]:
    """Hold the output; a store that fails between the rows fails the night, in a sentence."""
    try:
        with lease(output) as held:
            yield held
    except OSError as error:
        raise NightFailed(f"the night stopped, a store failed: {error or type(error).__name__}") from error


def reroute(
    output: str, name: str | None, thresholds: Thresholds, submit: Submit | None = None, say: Say = print
) -> Report:
    """Route an old night again with other thresholds and deliver it again; no model, no source picture
    needed."""
    with _on(output) as held:
        known = [night for night in nights(output) if name in (None, night.name)]
        if not known:
            raise NightRefused(
                f"found no night {name or ''} in {output}; expected one of {[n.name for n in nights(output)]}"
            )
        night = known[-1]
        unscored = [shard for shard in night.shards if shard not in manifest.committed(night.path, "score")]
        if unscored:
            raise NightRefused(
                f"night {night.name} is not scored yet ({len(unscored)} shards missing); finish it first"
            )
        shardwork.reset(night.path)
        return _finish(
            night.reopen({**night.decisions, "thresholds": thresholds.model_dump(mode="json")}),
            submit,
            say,
            held,
        )


def finished_already(
    campaign: Campaign,
    name: str | None,
    profile_name: str | None,
    limit: int | None,
    say: Say = print,
    yes: bool = False,
) -> Report | None:
    """The report of a night that needs nothing more; None if there is work. Starts nothing, needs no
    lease. ``NightRefused`` as for ``run_night``."""
    tonight = look(campaign, name, profile_name, limit)
    night = tonight.night
    if night is None and not yes:
        require_approval(campaign, tonight)
    return _already_done(night, campaign, say) if night and night.finished else None


def _already_done(night: Night, campaign: Campaign, say: Say) -> Report:
    say(f"night {night.name} is finished: nothing to do")
    if lines := differences(night.decisions, decisions(campaign)):
        say("the campaign's decisions have changed since: " + "; ".join(lines))
        say("apply new thresholds with `vitrine reroute OUTPUT --thresholds campaign.yaml`")
    return Report(night.name, night.path, "nothing to do", night.summary, True)


def _finish(night: Night, submit: Submit | None, say: Say, held: Held) -> Report:
    from tasks import publish

    started = time.monotonic()
    shardwork.reset(night.path)
    held.when_lost.append(lambda: shardwork.halt(night.path, "another process took this output over"))
    planned = int(night.info["planned"])
    say(
        f"night {night.name}: {night.info['source_pictures']} pictures, {planned} rows in "
        f"{len(night.shards)} shards"
    )
    storage.sweep(str(night.info["output"]))
    manifest.tidy(night.path)
    whole = not manifest.committed(night.path, "ingest")
    _run_steps(night, submit)
    books = manifest.account(night.path)
    if not books.balanced:
        raise NightFailed(
            f"found {books.ok} ok + {books.skipped} skipped + {books.failed} failed, expected "
            f"{books.planned} planned: rows were lost or doubled in {night.path}; keep it and report this"
        )
    delivered = publish.run(night.path) if planned else {}
    summary = _summary(night, books, delivered, time.monotonic() - started, whole)
    night.close(summary)
    good = summary["delivered"] and (books.ok > 0 or books.failed == 0)
    return Report(night.name, night.path, "finished" if planned else "empty", summary, good)


def _run_steps(night: Night, submit: Submit | None) -> None:
    """All steps of all shards, in an order in which a worker rarely waits: shard 1's mask while shard 0 is
    edited."""
    committed = {step: manifest.committed(night.path, step) for step in STEPS}
    for step in STEPS:
        shardwork.tell_committed(night, step, committed[step])
    todo = [(step, shard) for step in STEPS for shard in night.shards if shard not in committed[step]]
    todo.sort(key=lambda one: (one[1] + STEPS.index(one[0]) * night.profile.max_workers, one[1]))
    with ThreadPoolExecutor(night.profile.max_workers) as pool:
        begin_step = submit or _in_threads(pool)
        last: dict[int, Done] = {}
        waiting: list[Done] = []
        for step, shard in todo:
            last[shard] = begin_step(step, night.path, shard, last.get(shard))
            waiting.append(last[shard])
        _wait(night, waiting)


def _wait(night: Night, waiting: Sequence[Done]) -> None:
    """Wait for all; after the first failure (or an interrupt) the others stop at their next batch."""
    first: BaseException | None = None
    for future in waiting:
        try:
            future.result()
        except BaseException as error:
            first = first or error
            shardwork.halt(night.path, "stopped because another shard failed")
    if isinstance(first, Exception):
        raise NightFailed(f"night {night.name} stopped: {first}") from first
    if first:
        raise first


def _in_threads(pool: ThreadPoolExecutor) -> Submit:
    from tasks import steps

    def submit(step: str, path: str, shard: int, before: Done | None) -> Done:
        def go() -> Any:
            if before:
                before.result()
            return steps()[step](path, shard)

        return pool.submit(go)

    return submit


def _summary(
    night: Night, books: manifest.Account, delivered: dict[str, Any], seconds: float, whole: bool
) -> dict[str, Any]:
    work: dict[str, float] = {}
    edited, figures = 0, Counter[str]()
    for step in STEPS:
        footers = [manifest.footer(night.path, step, shard) for shard in night.shards]
        work[step] = round(sum(facts["seconds"] for facts in footers), 3)
        if step == "edit":
            edited = sum(facts.get(str(Outcome.OK), 0) for facts in footers)
            figures = sum((Counter(facts.get("figures", {})) for facts in footers), Counter())
    return {
        "night": night.name,
        "planned": books.planned,
        "ok": books.ok,
        "skipped": books.skipped,
        "failed": books.failed,
        "balanced": books.balanced,
        "codes": books.codes,
        "routes": books.routes,
        "delivered": not delivered or delivered["counts"]["ok"] == books.ok,
        "seconds": round(seconds, 3),
        "whole": whole,
        "step_seconds": work,
        "edited": edited,
        "figures": dict(figures),
        "profile": night.profile.name,
        "finished": datetime.now().astimezone().isoformat(timespec="seconds"),
    }
