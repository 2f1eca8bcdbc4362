"""One process per output: the lease.

``<output>/.lease.json`` says who works there: host, process, start of that process, and a heartbeat. Whoever
finds a fresh one is refused with that sentence. A lease is stale at once when its process is gone from this
host (also after ``kill -9``, and when the pid was given to another process since). One of another host is stale when
its heartbeat is more than ``STALE_AFTER`` seconds away from this host's time, before it or after it, and does not
beat while it is watched for ``MISSED`` beats; so clocks that are wrong or go back neither end a living night nor keep
a dead one.

Every change of it is a conditional write, so one of several takers wins and a heartbeat never overwrites a taker.

Covered: two starts at the same moment, crashes, re-used pids, containers that restart with the same host name and
pid, clocks, a process that was frozen, taken for dead and goes on (it notices before its next batch). Not covered: a
process that is frozen in the very moment of its delivery.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from editcore import storage

FILE = ".lease.json"
"""Name of the lease in the output."""
HEARTBEAT = 15.0
"""Seconds between heartbeats."""
STALE_AFTER = 120.0
"""Seconds without a heartbeat after which another host may take over."""
MISSED = 3
"""Heartbeats that have to stay away under another host's eyes before it does."""


@dataclass
class Held:
    """A lease in hand."""

    path: str
    token: str
    lost: threading.Event = field(default_factory=threading.Event)
    """Set when somebody else took the lease (this process was taken for dead)."""
    when_lost: list[Callable[[], None]] = field(default_factory=list)
    """Called then, from the heartbeat's thread."""
    beaten: float = field(default_factory=time.monotonic)
    """When the store took the last heartbeat."""

    def taken(self) -> str:
        """Why this process has to stop, empty if it need not; asks the store only when no heartbeat got through for so
        long that it may have been taken for dead: a process that was frozen finds out before it goes on."""
        if time.monotonic() - self.beaten > STALE_AFTER:
            with contextlib.suppress(OSError):  # as for a heartbeat
                try:
                    self.confirm()
                    self.beaten = time.monotonic()
                except LeaseHeld as error:
                    return str(error)
        return ""

    def confirm(self) -> None:
        """Ask the store itself; ``LeaseHeld`` if somebody else took the output over."""
        if (_decode(_read(self.path)) or {}).get("token") != self.token:
            raise LeaseHeld(
                "another run took this output over while this one did not answer; it goes on there"
            )


class LeaseHeld(RuntimeError):  # noqa: N818 - reads as what it says
    """Somebody else works on this output."""


@contextlib.contextmanager
def lease(output: str) -> Iterator[Held]:
    """Hold ``output`` for the body. Raises ``LeaseHeld`` if somebody else does."""
    path, mine = storage.join(output, FILE), _card()
    _acquire(path, mine)
    held, over = Held(path, mine["token"]), threading.Event()
    beat = threading.Thread(target=_beat, args=(path, mine, held, over), name="lease", daemon=True)
    beat.start()
    try:
        yield held
    finally:
        over.set()
        beat.join()
        with contextlib.suppress(LeaseHeld):
            held.confirm()
            storage.remove(path)


def _acquire(path: str, mine: dict[str, Any]) -> None:
    if storage.put_if_absent(path, _encode(mine)):
        return
    found = _read(path)
    holder = _decode(found)
    if holder and not (stale(holder) and _silent(path, found, holder)):
        raise LeaseHeld(
            f"found another run on this output (host {holder.get('host')}, process {holder.get('pid')}); "
            "expected to be alone. Wait for it, or stop it and start again"
        )
    if not _take(path, found, _encode(mine)):
        raise LeaseHeld("another run took this output over at the same moment; wait for it")


def _silent(path: str, card: bytes | None, holder: dict[str, Any]) -> bool:
    """Whether a holder that looks gone does not beat; at once for a process of this host."""
    until = time.monotonic() + MISSED * HEARTBEAT
    while holder.get("host") != socket.gethostname() and time.monotonic() < until:
        time.sleep(HEARTBEAT / 10)
        if _read(path) != card:
            return False
    return True


def _take(path: str, found: bytes | None, card: bytes) -> bool:
    """Put ``card`` where ``found`` lies, unless it lies there no more."""
    return storage.put_if_absent(path, card) if found is None else storage.replace_if(path, found, card)


def _beat(path: str, mine: dict[str, Any], held: Held, over: threading.Event) -> None:
    last: bytes | None = _encode(mine)
    while not over.wait(HEARTBEAT):
        with contextlib.suppress(
            OSError
        ):  # a hiccup of the store must not end the night; the next beat tries again
            fresh = _encode(mine | {"heartbeat": time.time()})
            if _take(path, last, fresh):
                last, held.beaten = fresh, time.monotonic()
                continue
            last = _read(path)
            holder = _decode(last)
            if holder and holder.get("token") != mine["token"]:
                held.lost.set()
                for tell in held.when_lost:
                    tell()
                return


def stale(holder: dict[str, Any]) -> bool:
    """Whether whoever wrote the lease ``holder`` is gone, or seems to be by the clock if it is another host."""
    if holder.get("host") == socket.gethostname():
        pid = int(holder.get("pid") or 0)
        return holder.get("started") != _started(pid)
    return abs(time.time() - float(holder.get("heartbeat") or 0)) > STALE_AFTER


def _card() -> dict[str, Any]:
    pid = os.getpid()
    return {
        "host": socket.gethostname(),
        "pid": pid,
        "started": _started(pid),
        "heartbeat": time.time(),
        "token": uuid.uuid4().hex,
    }


def _started(pid: int) -> str | None:
    """When process ``pid`` of this boot started, in words only this module compares; None if there is
    none."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
        return None if fields[0] == "Z" else f"{boot}/{fields[19]}"
    except (OSError, IndexError):
        pass
    if Path("/proc/self").exists():
        return None
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return None
    except PermissionError:
        pass
    return "alive"


def _read(path: str) -> bytes | None:
    try:
        return storage.read_bytes(path)
    except FileNotFoundError:
        return None


def _decode(card: bytes | None) -> dict[str, Any] | None:
    try:
        return None if card is None else dict(json.loads(card))
    except (ValueError, TypeError):
        return None


def _encode(card: dict[str, Any]) -> bytes:
    return json.dumps(card).encode()
