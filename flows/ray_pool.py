"""Ray's part in a night: one actor per GPU (``flows.worker.Worker``), and the few lines that hand the actors out.

Ray restarts no actor that dies (``max_restarts=0``): its shards fail, another actor takes its place, and the shards go
on from their kept batches. Bounded: how many actors are replaced, how many one shard may cost, and how long the night
waits with no actor at all or with a cluster that does not answer."""

from __future__ import annotations

import socket
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from types import TracebackType
from typing import Any

from editcore import fingerprint, shardwork
from editcore.figures import Figures
from editcore.night import Night
from editcore.profiles import Pool
from flows.steps import NightFailed
from flows.worker import Worker, stacks

PULSE = 1.0
"""Seconds between two questions to every worker: what is finished?"""
SHARD_TRIES = 3
"""Workers that a shard may cost before it is taken for the cause."""
JOIN_WITHIN = 180.0
"""Seconds for joining a cluster; Ray itself knows no limit where an address does not answer."""
START_TRIES = 3
"""Ray gives a node 30 seconds to start, which a busy machine may miss at first."""
GONE_AFTER = 20.0
"""Seconds without an answer after which the cluster is gone. Ray's own client ends the process after 60."""


class PoolLost(NightFailed):
    """The pool cannot go on; what is finished is kept."""


class RayPool:
    """A ``flows.crew.Crew`` of Ray actors, for the night ``night``."""

    def __init__(self, pool: Pool, night: Night, say: Callable[[str], None]) -> None:
        self.pool, self.night, self.say = pool, night, say
        self.figures = Figures()
        self._changed, self._over = threading.Condition(), threading.Event()
        self._coming: list[Any] = []
        """Actors that load their models, or wait for a GPU."""
        self._staff: list[Any] = []
        """Actors at work."""
        self._free: deque[Any] = deque()
        """Each of them as often as it takes another shard."""
        self._replaced = 0
        self._alive = time.monotonic()
        """When somebody was last at work."""
        self._lost: PoolLost | None = None

    def __enter__(self) -> RayPool:
        self._connect()
        try:
            count = self._count()
        except PoolLost:
            self._leave()
            raise
        self.size = count * self.pool.in_flight
        self.say(
            f"pool: {count} workers on Ray, {self.pool.gpus_per_actor:g} GPU each, "
            f"{self.pool.in_flight} shards in hand each"
        )
        self._actors = self.ray.remote(
            num_gpus=self.pool.gpus_per_actor, num_cpus=0 if self.pool.gpus_per_actor else 1,
            max_restarts=0, max_task_retries=0,
            max_concurrency=self.pool.in_flight, concurrency_groups={"pulse": 1},
        )(Worker)  # fmt: skip
        for _ in range(count):
            self._hire()
        threading.Thread(target=self._listen, name="pool", daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        if self._answers():
            with suppress(Exception):
                self._pulse()
            for actor in self._staff + self._coming:
                with suppress(Exception):
                    self.ray.kill(actor)
            self._leave()

    def do(self, step: str, path: str, shard: int) -> dict[str, Any]:
        for _ in range(SHARD_TRIES):
            actor = self._take()
            try:
                return dict(self._wait(actor.run.remote(step, shard)))
            except self.ray.exceptions.RayActorError:
                self._replace(actor)
            finally:
                self._give_back(actor)
        raise PoolLost(
            f"{SHARD_TRIES} workers died with {step} of shard {shard} in hand, one after the other: it ends workers, "
            f"or one that was in hand beside it. Its rows are in {path}/plan/part-{shard:05d}.parquet; "
            "Ray's logs on the machines say why a worker died"
        )

    def stacks(self) -> str:
        told = [f"the driver\n{stacks()}"]
        with suppress(Exception):
            asked = [actor.stacks.options(concurrency_group="pulse").remote() for actor in self._staff]
            told += self.ray.get(asked, timeout=10)
        return "\n".join(told)

    def _connect(self) -> None:
        import ray

        self.ray, self._ours = ray, not ray.is_initialized()
        if self._ours:
            join(ray, self.pool.kind)
        _, _, rest = self.pool.kind.partition("ray://")
        address = rest if ":" in rest else ray.get_runtime_context().gcs_address
        host, _, port = address.rpartition(":")
        self._where = host.strip("[]"), int(port)

    def _leave(self) -> None:
        """End Ray, or leave its cluster, if it was started or joined here."""
        if self._ours:
            self.ray.shutdown()

    def _count(self) -> int:
        """Workers to start."""
        each, wanted = self.pool.gpus_per_actor, self.pool.actors
        gpus = self.ray.cluster_resources().get("GPU", 0)
        if not wanted and (not each or gpus < each):
            raise PoolLost(
                f"found {gpus:g} GPUs in the Ray cluster and {each:g} for each worker, expected enough for one; on "
                "machines without, set gpus_per_actor: 0 and actors in the profile's pool"
            )
        return wanted or int(gpus / each + 1e-6)

    def _hire(self) -> None:
        actor = self._actors.remote(self.night.path)
        with self._changed:
            self._coming.append(actor)
        actor.ready.remote(fingerprint.code_version()).future().add_done_callback(
            partial(self._arrived, actor)
        )

    def _arrived(self, actor: Any, future: Any) -> None:
        error = future.exception()
        if isinstance(error, self.ray.exceptions.RayActorError):
            self._replace(actor)
            return
        with self._changed:
            self._coming.remove(actor)
            if error:
                self._lost = PoolLost(f"a worker cannot start: {getattr(error, 'cause', None) or error}")
            else:
                self._staff.append(actor)
                self._free.extend([actor] * self.pool.in_flight)
            self._changed.notify_all()

    def _replace(self, actor: Any) -> None:
        """Start another one for a dead actor, once, and while that is allowed."""
        with self._changed:
            known = [staff for staff in (self._staff, self._coming) if actor in staff]
            if not known or self._over.is_set():
                return
            known[0].remove(actor)
            self._free = deque(one for one in self._free if one is not actor)
            self._alive = time.monotonic()
            self._replaced += 1
            allowed = self._replaced <= self.pool.respawns
            self._changed.notify_all()
        with suppress(Exception):
            self.ray.kill(actor)  # where it only seemed dead, its GPU becomes free
        if allowed:
            self.say(f"pool: a worker died; replacing it ({self._replaced} of at most {self.pool.respawns})")
            self.figures.add("workers_replaced")
            self._hire()
        else:
            self.say(f"pool: a worker died; {self.pool.respawns} were replaced, going on without it")

    def _take(self) -> Any:
        """A worker with a hand free; waits for one while there is hope."""
        with self._changed:
            while True:
                if self._lost:
                    raise self._lost
                if self._free:
                    return self._free.popleft()
                waited = time.monotonic() - self._alive
                if not self._staff and (not self._coming or waited > self.pool.patience_seconds):
                    raise PoolLost(
                        f"no worker is left: {self._replaced} died, {len(self._coming)} wait for a free GPU or load "
                        f"their models, and none was at work for {waited:.0f} s (pool.respawns, "
                        "pool.patience_seconds of the profile). See to the machines, then run the same command again"
                    )
                self._changed.wait(1.0)

    def _give_back(self, actor: Any) -> None:
        with self._changed:
            if actor in self._staff:
                self._free.append(actor)
                self._changed.notify_all()

    def _wait(self, work: Any) -> Any:
        """The result of ``work``; raises what the worker raised, as it raised it."""
        while not self.ray.wait([work], timeout=1.0)[0]:
            if self._lost:
                raise self._lost
        try:
            return self.ray.get(work)
        except self.ray.exceptions.RayTaskError as error:
            raise (error.cause if isinstance(error.cause, Exception) else error) from None

    def _listen(self) -> None:
        """Until the night is over: pass on what the workers finish, and notice when nobody answers."""
        answered = time.monotonic()
        while not self._over.wait(PULSE):
            with suppress(Exception):
                self._pulse()
            if self._answers():
                answered = time.monotonic()
            elif time.monotonic() - answered > GONE_AFTER:
                with self._changed:
                    self._lost = PoolLost(
                        f"the Ray cluster at {self._where[0]}:{self._where[1]} has not answered for "
                        f"{GONE_AFTER:.0f} s; what is finished is kept: start it and run the same command again"
                    )
                    self._changed.notify_all()
                return

    def _pulse(self) -> None:
        reason, staff = shardwork.halted(self.night.path), list(self._staff)
        asked = {a.pulse.options(concurrency_group="pulse").remote(reason): a for a in staff}
        done, _ = self.ray.wait(list(asked), num_returns=len(asked), timeout=5.0) if asked else ([], [])
        for answer in done:
            try:
                news = self.ray.get(answer)
            except self.ray.exceptions.RayActorError:
                self._replace(asked[answer])
                continue
            for event in news:
                for listener in list(shardwork.listeners):
                    listener(*event)

    def _answers(self) -> bool:
        try:
            socket.create_connection(self._where, timeout=5.0).close()
        except OSError:
            return False
        return True


def join(ray: Any, kind: str) -> None:
    """Start Ray on this machine (``ray``), or join the cluster this machine belongs to (``ray://auto``) or the one
    that ``ray://HOST:PORT`` serves. ``PoolLost`` where there is none."""
    failed: list[BaseException] = []

    def init(**address: Any) -> None:
        try:
            ray.init(**address, log_to_driver=False, logging_level="ERROR")
            failed.clear()
        except (Exception, SystemExit) as error:  # Ray leaves by both
            failed[:] = [error]
            ray.shutdown()

    if kind == "ray":  # in this thread: what Ray starts dies with the thread that started it
        for _ in range(START_TRIES):
            init(address="local", include_dashboard=False)
            if not failed:
                return
    else:
        address = {"address": kind.replace("ray://auto", "auto")}
        waiting = threading.Thread(target=init, kwargs=address, name="ray-join", daemon=True)
        waiting.start()
        waiting.join(JOIN_WITHIN)
        if not (failed or waiting.is_alive()):
            return
    why = " ".join(str(failed[0]).split())[:300] if failed else f"no answer within {JOIN_WITHIN:.0f} s"
    raise PoolLost(f"cannot use Ray at {kind}: {why}")
