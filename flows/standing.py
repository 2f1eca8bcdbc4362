"""How far the nights of an output are, from its files alone; asks neither Prefect nor a process, writes nothing."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

from editcore import again, lease, manifest, storage
from editcore.columns import STEPS
from editcore.night import Night, find_night, nights
from editcore.outcomes import FAILED, Outcome
from flows.forecast import duration

SHOWN = 20
"""Shards that are told one by one; a night of a million rows has thousands."""


def standing(output: str) -> list[str]:
    """Lines for `vitrine status OUTPUT`: one per night, oldest first."""
    lines = [_line(night) for night in nights(output)] or [f"no nights in {output}"]
    return lines + _at_work(output)


def standing_of(output: str, name: str) -> list[str]:
    """Lines for `vitrine status OUTPUT NIGHT`: by step and shard, failures by code, and what would run next.

    ``name``: of a night, or ``latest``. ``NightRefused`` where there is no such night."""
    night = find_night(output, None if name == "latest" else name)
    footers = {
        step: {shard: manifest.footer(night.path, step, shard) for shard in sorted(shards)}
        for step, shards in ((step, manifest.committed(night.path, step)) for step in STEPS)
    }
    return [
        _line(night),
        *_table(night, footers),
        *_codes(night),
        *_shards(night, footers),
        *_reviews(night),
        *_at_work(output),
        *_next(night, footers, night.name == nights(output)[-1].name),
    ]


Footers = dict[str, dict[int, dict[str, Any]]]
"""Footers of committed parts, by step and shard."""


def _line(night: Night) -> str:
    if night.finished:
        books = night.summary
        return (
            f"{night.name}: finished {books['finished']}; {books['planned']} planned = {books['ok']} ok + "
            f"{books['skipped']} skipped + {books['failed']} failed; last worked on for {duration(books['seconds'])}"
        )
    done = {step: len(manifest.committed(night.path, step)) for step in STEPS}
    steps = ", ".join(f"{step} {count}" for step, count in done.items())
    return f"{night.name}: unfinished; shards done of {len(night.shards)}: {steps}"


def _table(night: Night, footers: Footers) -> list[str]:
    """One line per step: shards, rows by outcome, seconds of work."""
    lines = [f"  {'step':8} {'shards':>11} {'ok':>9} {'skipped':>9} {'failed':>9}  work"]
    for step in STEPS:
        parts = footers[step].values()
        counts = Counter[str]()
        for facts in parts:
            counts.update({outcome: facts.get(outcome, 0) for outcome in Outcome})
        failed = sum(counts[outcome] for outcome in FAILED)
        shards = f"{len(parts)} of {len(night.shards)}"
        work = duration(sum(facts["seconds"] for facts in parts))
        lines.append(f"  {step:8} {shards:>11} {counts['ok']:>9} {counts['skipped']:>9} {failed:>9}  {work}")
    return lines


def _codes(night: Night) -> list[str]:
    """Failed rows by step and code, most frequent first."""
    found = Counter[tuple[str, str]]()
    for step in STEPS:
        for row in manifest.rows_with(night.path, step, FAILED, ("outcome", "code")):
            found[step, f"{row['outcome']}/{row['code']}"] += 1
    return ["failures by code:"] * bool(found) + [
        f"  {count} x {code} ({step})" for (step, code), count in found.most_common()
    ]


def _shards(night: Night, footers: Footers) -> list[str]:
    """Shards with work left or rows that failed, one a line, at most ``SHOWN``."""
    lines: list[str] = []
    for shard in night.shards:
        missing = [step for step in STEPS if shard not in footers[step]]
        failed = sum(
            footers[step][shard].get(o, 0) for step in STEPS if shard in footers[step] for o in FAILED
        )
        if not missing and not failed:
            continue
        if len(lines) < SHOWN:
            kept = len(manifest.kept(night.path, missing[0], shard)) if missing else 0
            waits = f"next is {missing[0]}" + (f" ({kept} rows kept)" if kept else "") if missing else "done"
            lines.append(f"  shard {shard}: {waits}" + (f", {failed} rows failed" if failed else ""))
        else:
            lines.append("")
    more = len(lines) - SHOWN
    heading = [f"shards not done or with failed rows: {len(lines)} of {len(night.shards)}"]
    return heading * bool(lines) + lines[:SHOWN] + [f"  ... and {more} more"] * (more > 0)


def _reviews(night: Night) -> list[str]:
    """What people decided, when this is the night that the output shows."""
    from editcore.decisions import Journal
    from editcore.delivery.previous import success_of
    from editcore.review.tally import sentences, tally

    output = str(night.info["output"])
    success = success_of(output)
    if success.get("run") != night.name:
        return []
    book = Journal.read(output).book
    found = sentences(tally(output, night.name, book))
    if left := len(book.rows_since(success.get("decisions", 0))):
        found.append(f"{left} decisions are not delivered yet; `vitrine apply {output}` does it")
    return ["reviews:"] * bool(found) + [f"  {line}" for line in found]


def _at_work(output: str) -> list[str]:
    """Who works on the output now, by the lease."""
    try:
        holder = json.loads(storage.read_bytes(storage.join(output, lease.FILE)))
    except (FileNotFoundError, ValueError):
        return []
    gone = lease.stale(holder)
    state = "held by a process that is gone; the next run takes over" if gone else "at work now"
    return [f"{state}: host {holder.get('host')}, process {holder.get('pid')}"]


def _next(night: Night, footers: Footers, latest: bool) -> list[str]:
    """What would run next, and by which command."""
    if not night.finished:
        missing = Counter({step: len(night.shards) - len(footers[step]) for step in STEPS})
        steps = ", ".join(f"{step} of {missing[step]} shards" for step in STEPS if missing[step])
        return [f"next: {steps or 'delivery'}, by `vitrine run` with this night's campaign file"]
    if latest and (failed := again.failed_rows(night)):
        count = sum(len(rows) for rows in failed.values())
        output = night.info["output"]
        return [f"next: nothing; `vitrine rerun {output} --failed` tries {count} failed rows again"]
    return ["next: nothing"]
