"""Who works on a night's shards: this process, or the workers of a pool."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Protocol

from editcore.figures import Figures
from editcore.night import Night
from editcore.profiles import Pool, ProfileError
from flows.worker import stacks
from tasks import steps


class Crew(Protocol):
    """Whoever does steps of shards."""

    size: int
    """Shards it works on at once."""
    figures: Figures

    def do(self, step: str, path: str, shard: int) -> dict[str, Any]:
        """Do ``step`` for ``shard`` of the night in run folder ``path`` and wait; its counts."""
        ...

    def stacks(self) -> str:
        """Where every thread of everybody is, for people who ask why nothing moves."""
        ...


class InProcess:
    """This process, in threads; models take turns inside."""

    def __init__(self, size: int) -> None:
        self.size, self.figures = size, Figures()

    def do(self, step: str, path: str, shard: int) -> dict[str, Any]:
        return steps()[step](path, shard)

    def stacks(self) -> str:
        return stacks()


def check_pool(pool: Pool) -> None:
    """``ProfileError`` where Ray is asked for and not installed. Starts nothing."""
    if pool.kind != "process" and importlib.util.find_spec("ray") is None:
        raise ProfileError(f"pool {pool.kind} needs Ray: pip install 'vitrine[ray]'")


@contextmanager
def crew_of(pool: Pool, night: Night, workers: int, say: Callable[[str], None]) -> Iterator[Crew]:
    """The crew that ``pool`` describes, while the body runs; ``workers``: shards at once in this process."""
    if pool.kind == "process":
        yield InProcess(workers)
        return
    from flows.ray_pool import RayPool

    with RayPool(pool, night, say) as crew:
        yield crew
