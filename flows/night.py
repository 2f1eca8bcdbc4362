"""The night, without Prefect: plan or resume, run every step of every shard, count, deliver, close.

``run_night`` is what ``flows.restyle`` wraps and what the kill tests run as a bare process. It decides
nothing from memory: what is done is what lies committed in the night's folder."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from editcore import again, fingerprint, manifest, shardwork, storage
from editcore.campaign import Campaign, Limits
from editcore.columns import STEPS
from editcore.decisions.journal import FOLDER, Journal
from editcore.delivery.previous import success_of
from editcore.figures import Figures
from editcore.fingerprint import decisions, differences
from editcore.lease import Held, lease
from editcore.night import Night, NightRefused, find_night, nights
from editcore.profiles import Pool, ready_profile
from editcore.routing.thresholds import Thresholds
from editcore.sources import list_items
from editcore.sources.downloads import asks_the_web
from flows.crew import check_pool, crew_of
from flows.steps import NightFailed, Submitter, missing_steps, run_steps
from flows.tonight import Say, begin, look, recognise, require_approval
from flows.watchdog import Watchdog


@dataclass(frozen=True)
class Means:
    """What a night is worked on with; nothing of it changes results."""

    submitter: Submitter | None = None
    """How steps are started; None: in threads."""
    pool: Pool = field(default_factory=Pool)
    workers: int = 2
    """Shards at once in this process."""
    stall_minutes: float = Limits().stall_minutes
    """Minutes without a finished batch after which the night is stuck."""


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
    submitter: Submitter | None = None,
    say: Say = print,
    yes: bool = False,
    pool: str | None = None,
) -> Report:
    """Run a campaign's night, or finish the one that was begun, or say that there is nothing to do.

    ``yes``: recipes with a pair need no approval. ``pool``: another kind of pool than the profile's.
    Raises ``NightRefused`` (another fingerprint, not approved), ``LeaseHeld`` (another process), ``NightFailed``.
    """
    profile = ready_profile(profile_name or campaign.profile)
    chosen = profile.pool.of_kind(pool)
    check_pool(chosen)
    with on(campaign.output) as held:
        night = begin(campaign, name, profile_name, limit, say, yes)
        if night.finished:
            return _already_done(night, campaign, say)
        means = Means(submitter, chosen, profile.max_workers, campaign.limits.stall_minutes)
        return finish(night, means, say, held)


@contextmanager
def on(output: str) -> Iterator[Held]:
    """Hold the output; a store that fails between the rows fails the night, in a sentence."""
    try:
        with lease(output) as held:
            yield held
    except manifest.Damaged as error:
        raise NightFailed(str(error)) from error
    except OSError as error:
        raise NightFailed(f"the night stopped, a store failed: {error or type(error).__name__}") from error


def reroute(
    output: str,
    name: str | None,
    thresholds: Thresholds,
    submitter: Submitter | None = None,
    say: Say = print,
) -> Report:
    """Route a night again with other thresholds and deliver it again; no model, no source picture needed.

    ``NightRefused`` for a night before the one that the output shows."""
    with on(output) as held:
        night = find_night(output, name)
        shown = next((other for other in reversed(nights(output)) if other.finished), night)
        if shown.created > night.created:
            raise NightRefused(
                f"found night {night.name}, but the output shows a later one, {shown.name}, whose pictures would "
                "give way to older ones; reroute that one"
            )
        unscored = set(night.shards) - manifest.committed(night.path, "score")
        if unscored:
            raise NightRefused(
                f"night {night.name} is not scored yet ({len(unscored)} shards missing); finish it first"
            )
        shardwork.reset(night.path)
        return finish(
            night.reopen({**night.decisions, "thresholds": thresholds.model_dump(mode="json")}),
            Means(submitter),
            say,
            held,
        )


def rerun(
    output: str,
    name: str | None,
    shards: Collection[int] | None = None,
    submitter: Submitter | None = None,
    say: Say = print,
    pool: str | None = None,
) -> Report:
    """Do the failed rows of the latest night once more (``again.failed_rows``), or whole ``shards``; then deliver it.

    All other rows stay as they are. Raises what ``run_night`` raises; ``NightRefused`` also for an earlier night."""
    with on(output) as held:
        night = find_night(output, name)
        _still_the_same(night, find_night(output, None))
        chosen = night.profile.pool.of_kind(pool)
        check_pool(chosen)
        if shards is not None:
            night = again.open_shards(night, shards)
            say(f"night {night.name}: doing all rows of {len(set(shards))} shards again")
        elif failed := again.failed_rows(night):
            count = sum(len(rows) for rows in failed.values())
            say(f"night {night.name}: trying {count} failed rows of {len(failed)} shards again")
            night = again.open_rows(night, failed)
        elif night.finished:
            say(f"night {night.name} has no failed rows to try again: nothing to do")
            return Report(night.name, night.path, "nothing to do", night.summary, True)
        stall = float(night.limits.get("stall_minutes", Means.stall_minutes))
        return finish(night, Means(submitter, chosen, night.profile.max_workers, stall), say, held)


def _still_the_same(night: Night, latest: Night) -> None:
    """``NightRefused`` unless ``night`` is the latest and would be made by the same weights and code today."""
    if night.name != latest.name:
        raise NightRefused(
            f"night {night.name} is not the latest, {latest.name} is, and has tried its failed rows again; "
            "rerun that one"
        )
    made = night.info["fingerprint"]
    lines = differences(made["models"], night.profile.identity(), "models")
    if lines := lines + differences(made["code"], fingerprint.code_version(), "code"):
        raise NightRefused(
            f"night {night.name} was made by something else:\n  "
            + "\n  ".join(lines)
            + "\nIts rows would not match; `vitrine run CAMPAIGN` starts a new night with what is there now"
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
    if (known := recognise(campaign, name, profile_name, limit)) and known.finished:
        return _already_done(known, campaign, say)
    if not campaign.source.folder and asks_the_web(list_items(campaign.source)):
        return None  # servers are asked once, by the process that holds the output
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
    if Journal.read(campaign.output).book.rows_since(success_of(campaign.output).get("decisions", 0)):
        say("people have decided on pictures since: deliver it as they did with `vitrine apply OUTPUT`")
    return Report(night.name, night.path, "nothing to do", night.summary, True)


def finish(night: Night, means: Means, say: Say, held: Held) -> Report:
    """Do what is left of a night whose output is ``held``, deliver it, and close its books."""
    from tasks import publish

    started = time.monotonic()
    shardwork.reset(night.path)
    shardwork.before_batches[night.path] = held.taken
    held.when_lost.append(lambda: shardwork.halt(night.path, "another process took this output over"))
    planned = int(night.info["planned"])
    say(
        f"night {night.name}: {night.info['source_pictures']} pictures, {planned} rows in "
        f"{len(night.shards)} shards"
    )
    storage.sweep(str(night.info["output"]), spare=FOLDER)  # people may be deciding right now
    manifest.tidy(night.path)
    whole = not manifest.committed(night.path, "ingest")
    counted = _run_steps(night, means, say)
    books = manifest.account(night.path)
    if not books.balanced:
        raise NightFailed(
            f"found {books.ok} ok + {books.skipped} skipped + {books.failed} failed, expected "
            f"{books.planned} planned: rows were lost or doubled in {night.path}; keep it and report this"
        )
    held.confirm()
    delivered = publish.run(night.path) if planned else {}
    summary = _summary(night, books, delivered, time.monotonic() - started, whole, counted)
    held.confirm()
    night.close(summary)
    good = summary["delivered"] and (books.ok > 0 or books.failed == 0)
    return Report(night.name, night.path, "finished" if planned else "empty", summary, good)


def _run_steps(night: Night, means: Means, say: Say) -> Figures:
    """What the crew counted. Routing waits for all scores: it compares each row with the rest of its recipe."""
    from tasks import ranges

    todo = missing_steps(night)
    if not todo:
        return Figures()
    with (
        crew_of(means.pool, night, means.workers, say) as crew,
        Watchdog(means.stall_minutes, crew.stacks),
    ):
        run_steps(night, [one for one in todo if one[0] != "route"], crew, means.submitter)
        ranges.run(night.path)
        run_steps(night, [one for one in todo if one[0] == "route"], crew, means.submitter)
        return crew.figures


def _summary(
    night: Night,
    books: manifest.Account,
    delivered: dict[str, Any],
    seconds: float,
    whole: bool,
    counted: Figures,
) -> dict[str, Any]:
    work: dict[str, float] = {}
    figures = Counter(counted.told())
    for step in STEPS:
        footers = [manifest.footer(night.path, step, shard) for shard in night.shards]
        work[step] = round(sum(facts["seconds"] for facts in footers), 3)
        for facts in footers:
            figures.update(facts.get("figures", {}))
    return {
        "night": night.name,
        "planned": books.planned,
        "ok": books.ok,
        "skipped": books.skipped,
        "failed": books.failed,
        "carried": books.carried,
        "deleted_sources": int(night.info.get("deleted", 0)),
        "balanced": books.balanced,
        "codes": books.codes,
        "routes": books.routes,
        "decided": delivered.get("decided", {}),
        "delivered": not delivered or delivered["counts"]["ok"] == books.ok,
        "seconds": round(seconds, 3),
        "whole": whole,
        "step_seconds": work,
        "edited": books.edited,
        "figures": {name: round(value, 3) for name, value in sorted(figures.items())},
        "profile": night.profile.name,
        "finished": datetime.now().astimezone().isoformat(timespec="seconds"),
    }
