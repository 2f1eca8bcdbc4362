"""Which store answers for a path, and what it can promise: local folders, ``s3://`` and memory, through fsspec.

Credentials and endpoint come from where AWS tools look and from nowhere else: ``AWS_ACCESS_KEY_ID`` and
``AWS_SECRET_ACCESS_KEY``, ``AWS_PROFILE`` and ``~/.aws``, the machine's or container's role; ``AWS_ENDPOINT_URL_S3``,
``AWS_ENDPOINT_URL`` or ``endpoint_url`` in the profile name a store that is not Amazon's. A store with an endpoint of
its own is spoken to with the bucket in the path, not in the host name.
"""

from __future__ import annotations

import contextlib
import errno
import functools
import os
import threading
import uuid
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import fsspec
from fsspec.implementations.local import LocalFileSystem
from fsspec.implementations.memory import MemoryFileSystem

TEMPORARY = ".vitrine-"
"""Start of the names of files that are nobody's result: half-written, probes, claims. Listings hide them."""
KNOWN = ("file", "local", "memory", "s3", "s3a", "gs", "gcs", "az", "abfs")
"""Protocols a path may have. Others are refused: a table from outside shall not make us speak ftp or http."""

_locks: dict[str, threading.Lock] = {}
_guard = threading.Lock()
Call = TypeVar("Call", bound=Callable[..., Any])


class Unreachable(ConnectionError):  # noqa: N818 - reads as what it says
    """The store could not be asked at all: no network, wrong endpoint, no credentials."""


class Refused(PermissionError):  # noqa: N818 - reads as what it says
    """The store answered and said no: wrong keys, or no right to do this."""


def open_store(path: str) -> tuple[Any, str]:
    """The fsspec file system of ``path``, and the path as it calls it. ValueError for other protocols."""
    protocol, _ = fsspec.core.split_protocol(path)
    if protocol is not None and protocol not in KNOWN:
        raise ValueError(f"found a path that starts with {protocol}://, expected a folder or {KNOWN[3]}://")
    if "\0" in path:
        raise ValueError("embedded null character in the path")
    store = _store(protocol or "file", os.getpid())
    return store, str(store._strip_protocol(path))


@functools.lru_cache(maxsize=16)
def _store(protocol: str, process: int) -> Any:
    """One client per protocol and process, shared by its threads; a listing is never answered from memory."""
    return fsspec.filesystem(protocol, use_listings_cache=False, skip_instance_cache=True)


def is_local(path: str) -> bool:
    """Whether ``path`` names something on this machine's own file system."""
    return isinstance(open_store(path)[0], LocalFileSystem)


def is_memory(store: Any) -> bool:
    """Whether a store lives in this process, so that a lock among threads decides every race."""
    return isinstance(store, MemoryFileSystem)


def full_name(store: Any, name: str) -> str:
    """A store's own name of a file, as a path or URL for everybody else."""
    return name if isinstance(store, LocalFileSystem) else str(store.unstrip_protocol(name))


def lock_of(path: str) -> threading.Lock:
    """A lock for this process's threads that write ``path`` in memory."""
    with _guard:
        return _locks.setdefault(path, threading.Lock())


def reaching(work: Call) -> Call:
    """Decorator of a function whose first argument is a path: what is no answer of the store is ``Unreachable``.

    The client's own exceptions for a lost network or absent credentials are no ``OSError``; uncaught they
    would be taken for a fault of our program.
    """

    @functools.wraps(work)
    def guarded(path: str, *arguments: Any, **named: Any) -> Any:
        with answering(path):
            return work(path, *arguments, **named)

    return guarded  # type: ignore[return-value]


@contextlib.contextmanager
def answering(path: str) -> Iterator[None]:
    """The same for a block of code; and what a store refuses is told with the path, which the store leaves out."""
    try:
        yield
    except (FileNotFoundError, PermissionError) as error:
        if "://" not in path or path in str(error):
            raise
        if isinstance(error, FileNotFoundError):
            raise FileNotFoundError(errno.ENOENT, "there is no such file or bucket", path) from error
        raise Refused(errno.EACCES, f"the store refused ({error}); check keys and rights", path) from error
    except Exception as error:
        if not type(error).__module__.startswith(("botocore", "aiobotocore", "aiohttp", "urllib3")):
            raise
        if "redentials" in type(error).__name__:
            advice = (
                "expected credentials where AWS tools look: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, "
                "AWS_PROFILE with ~/.aws, or the role of the machine"
            )
        else:
            advice = "check the network and AWS_ENDPOINT_URL, then run again"
        told = " ".join(str(error).split()).rstrip(".")
        raise Unreachable(f"{path}: {told}; {advice}") from error


def keeps_conditions(path: str) -> bool:
    """Whether the object store of ``path`` refuses a PUT whose ``If-None-Match`` or ``If-Match`` fails.

    Asked once per bucket and process with two small files that must not be written twice. Amazon S3, Ceph and
    moto refuse; some imitations answer 200 and overwrite.
    """
    store, inner = open_store(path)
    bucket = full_name(store, inner.split("/", 1)[0])
    with lock_of(f"conditions of {bucket}"):
        return _probed(bucket, os.getpid(), inner.rsplit("/", 1)[0])


_answers: dict[tuple[str, int], bool] = {}


def _probed(bucket: str, process: int, folder: str) -> bool:
    if (bucket, process) not in _answers:
        store = open_store(bucket)[0]
        probe = f"{folder}/{TEMPORARY}probe-{uuid.uuid4().hex}"
        _answers[bucket, process] = "s3" in store.protocol and _refuses(store, probe)
    return _answers[bucket, process]


def _refuses(store: Any, probe: str) -> bool:
    store.pipe_file(probe, b"1")
    wrong = "0" * 32
    try:
        return all(
            _refused(store, probe, condition) for condition in ({"mode": "create"}, {"IfMatch": wrong})
        )
    finally:
        store.rm_file(probe)


def _refused(store: Any, probe: str, condition: dict[str, str]) -> bool:
    """Whether a PUT under a condition that does not hold was refused; other failures are raised."""
    try:
        store.pipe_file(probe, b"2", **condition)
    except OSError as error:
        if precondition_failed(error):
            return True
        raise
    return False


def precondition_failed(error: OSError) -> bool:
    """Whether a store said 412: the condition of a conditional PUT did not hold."""
    response = getattr(error.__cause__, "response", None) or {}
    status = response.get("ResponseMetadata", {}).get("HTTPStatusCode")
    return isinstance(error, FileExistsError) or status == 412
