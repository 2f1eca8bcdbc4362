"""What people see of a night in Prefect: a progress artifact per step, and afterwards the books, the worst rows and a
link to the report. Prefect keeps a handful of small artifacts a night; the pictures stay in the output.

Seeing is no part of the work: what Prefect does not take is said in the log, and the night goes on."""

from __future__ import annotations

import contextvars
import re
import threading
from collections import Counter
from collections.abc import Callable
from types import TracebackType
from typing import Any
from uuid import UUID

from prefect import get_run_logger
from prefect.artifacts import (
    create_link_artifact,
    create_markdown_artifact,
    create_progress_artifact,
    create_table_artifact,
    update_progress_artifact,
)

from editcore import shardwork
from editcore.columns import STEPS
from editcore.figures import sentences
from flows.night import Report

EVERY = 5.0
"""Seconds between updates."""
WORST = 30
"""Rows in the table of the worst; Prefect keeps them in its database."""


class View:
    """Shows the night that runs in this process while the body runs. ``pages``: where people see ``output``."""

    def __init__(self, campaign: str, output: str, pages: str | None) -> None:
        self.output, self.pages = output.rstrip("/"), pages.rstrip("/") if pages else None
        self.key = re.sub(r"[^a-z0-9]+", "-", campaign.lower()).strip("-") or "night"
        self._done: dict[str, Counter[str]] = {}
        self._planned = 0
        self._shown: dict[str, tuple[UUID, int]] = {}
        self._lock, self._over = threading.Lock(), threading.Event()
        self._thread = threading.Thread(
            target=contextvars.copy_context().run, args=(self._keep_showing,), name="view", daemon=True
        )

    def __enter__(self) -> View:
        shardwork.listeners.append(self._hear)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        shardwork.listeners.remove(self._hear)
        self._over.set()
        self._thread.join()

    def conclude(self, report: Report) -> None:
        """Show the books of a night that was worked on, its worst rows, and where the report is."""
        if report.state != "finished":
            return
        books = report.summary
        self._gently(
            create_markdown_artifact, self._books(report), f"{self.key}-books", f"Night {report.night}"
        )
        if rows := self._worst():
            about = f"Failed rows and the most doubtful ones, {len(rows)} of {books['planned']}"
            self._gently(create_table_artifact, rows, f"{self.key}-worst-rows", about)
        if link := self._link("report.html"):
            self._gently(
                create_link_artifact, link, "report", f"{self.key}-report", description="Report of the night"
            )

    def _hear(self, step: str, outcomes: Counter[str], planned: int) -> None:
        with self._lock:
            self._planned = planned
            self._done[step] = self._done.get(step, Counter()) + outcomes

    def _keep_showing(self) -> None:
        while not self._over.wait(EVERY):
            self._show()
        self._show()

    def _show(self) -> None:
        with self._lock:
            done = {step: Counter(self._done[step]) for step in STEPS if step in self._done}
        for step, counts in done.items():
            rows, shown = counts.total(), self._shown.get(step)
            if shown and shown[1] == rows:
                continue
            percent = 100 * rows / self._planned if self._planned else 100.0
            told = ", ".join(f"{count} {outcome}" for outcome, count in sorted(counts.items()) if count)
            about = f"{step}: {rows} of {self._planned} rows ({told})"
            if shown:
                self._gently(update_progress_artifact, shown[0], percent, about)
                self._shown[step] = (shown[0], rows)
            elif made := self._gently(create_progress_artifact, percent, f"{self.key}-{step}", about):
                self._shown[step] = (made, rows)

    def _books(self, report: Report) -> str:
        books = report.summary
        lines = ["| | rows |", "| --- | ---: |"]
        lines += [f"| {name} | {books[name]} |" for name in ("planned", "ok", "skipped", "failed", "carried")]
        lines += [f"| routed to {route} | {count} |" for route, count in sorted(books["routes"].items())]
        lines += [f"| people: {verdict} | {count} |" for verdict, count in books.get("decided", {}).items()]
        lines += [f"| {code} | {count} |" for code, count in sorted(books["codes"].items())]
        links = [
            f"[{name}]({link})" for name in ("report.html", "manifest.csv") if (link := self._link(name))
        ]
        told = [f"- {line}" for line in sentences(books.get("figures", {}))]
        seconds = ", ".join(f"{step} {spent:.0f} s" for step, spent in books["step_seconds"].items())
        where = " · ".join(links) or f"`{self.output}/report.html`"
        return "\n".join([f"**Report:** {where}", "", *lines, "", f"Seconds of work: {seconds}", "", *told])

    def _worst(self) -> list[dict[str, Any]]:
        from editcore.delivery.ranking import worst_rows

        try:
            rows = worst_rows(self.output, WORST)
        except (OSError, ValueError) as error:
            get_run_logger().warning(f"no table of the worst rows: {error}")
            return []
        return [self._row(row) for row in rows]

    def _row(self, row: dict[str, Any]) -> dict[str, Any]:
        place = row["delivered_path"]
        link = self._link(place) if place else None
        return {
            "SKU": row["sku"],
            "recipe": row["recipe_id"],
            "became": row["route"] or f"{row['outcome']}/{row['code']}",
            "picture": f"[open]({link})" if link else place,
            "why": (row["reason"] or row["message"])[:200],
        }

    def _link(self, place: str) -> str | None:
        from urllib.parse import quote

        return f"{self.pages}/{quote(place)}" if self.pages else None

    def _gently(self, show: Callable[..., Any], *given: Any, **named: Any) -> Any:
        try:
            return show(*given, **named)
        except Exception as error:
            get_run_logger().warning(f"not shown in Prefect: {error}")
            return None
