"""One function over many rows, in processes of one thread each."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import Any

import torch


def spread(workers: int, function: Callable[..., Any], *rows: Iterable[Any]) -> Iterator[Any]:
    """``map`` in ``workers`` processes, answers in order; one worker is this process itself."""
    if workers == 1:
        yield from map(function, *rows)
        return
    with ProcessPoolExecutor(
        workers, get_context("spawn"), initializer=torch.set_num_threads, initargs=(1,)
    ) as pool:
        yield from pool.map(function, *rows)
