"""One process of a pool: loads the models once, works on a few shards at a time, and says what it finished.

It knows nothing of who started it. Its machine must have the same version of the package, since results depend on the
code, and must see the night's folder."""

from __future__ import annotations

import faulthandler
import os
import socket
import tempfile
import threading
from collections import Counter
from typing import Any

from editcore import fingerprint, shardwork
from editcore.night import Night
from tasks import models, steps

News = list[tuple[str, Counter[str], int]]
"""What ``shardwork.listeners`` were told, in order."""


class WorkerUnfit(RuntimeError):  # noqa: N818 - reads as what it says
    """This machine cannot work on the night; the text says why and what to do."""


class Worker:
    """Works on the night in run folder ``path``."""

    def __init__(self, path: str) -> None:
        self.path, self.name = path, f"{socket.gethostname()}, process {os.getpid()}"
        self._news: News = []
        self._lock = threading.Lock()
        shardwork.listeners.append(self._hear)

    def ready(self, code: str) -> str:
        """Load the night's engines; the worker's name. ``WorkerUnfit`` where the code is not ``code``."""
        try:
            night = Night.open(self.path)
        except FileNotFoundError:
            raise WorkerUnfit(
                f"{self.name} sees no night at {self.path}; the output must lie where every machine of the pool sees "
                "it under the same name: a shared folder or s3://"
            ) from None
        models.batch_size(night)
        if (found := fingerprint.code_version()) != code:
            raise WorkerUnfit(
                f"{self.name} runs vitrine {found}, expected {code}: install the same version there"
            )
        return self.name

    def run(self, step: str, shard: int) -> dict[str, Any]:
        """Do ``step`` for ``shard``; its counts."""
        return steps()[step](self.path, shard)

    def pulse(self, halted: str) -> News:
        """What was finished since the last call. ``halted``: why to stop before the next batch, if so."""
        if halted:
            shardwork.halt(self.path, halted)
        with self._lock:
            news, self._news = self._news, []
        return news

    def stacks(self) -> str:
        """Where every thread is."""
        return f"{self.name}\n{stacks()}"

    def _hear(self, step: str, outcomes: Counter[str], planned: int) -> None:
        with self._lock:
            self._news.append((step, outcomes, planned))


def stacks() -> str:
    """Where every thread of this process is, as ``faulthandler`` writes it."""
    with tempfile.TemporaryFile() as file:
        faulthandler.dump_traceback(file, all_threads=True)
        file.seek(0)
        return file.read().decode("utf-8", "replace")
