"""What can happen to a row, and the one exception that says so.

A bad image is data: library code raises ``RowError`` with a code, the shard runner writes it into the row,
and the night goes on. Any other exception is our fault and becomes ``model_error``.
"""

from __future__ import annotations

import errno
from dataclasses import dataclass
from enum import StrEnum


class Outcome(StrEnum):
    """State of one row after one step."""

    OK = "ok"
    """The step did its work."""
    SKIPPED = "skipped"
    """Nothing was done: an earlier step failed (its code is kept), or nothing was to be done."""
    RETRYABLE = "retryable"
    """The world failed (storage, network, memory) and kept failing for all attempts; a later run may
    succeed."""
    BAD_INPUT = "bad_input"
    """The customer's file or row cannot be used; the message says why, in words for them."""
    MODEL_ERROR = "model_error"
    """Our code or model failed."""


FAILED = frozenset({Outcome.RETRYABLE, Outcome.BAD_INPUT, Outcome.MODEL_ERROR})
"""Outcomes that count as failed in ``planned = ok + skipped + failed``."""


class RowError(Exception):
    """One row cannot be done. ``code`` is short snake_case for counting, ``message`` a sentence for
    people. ``spent``: it was tried often enough already, at once again would change nothing."""

    def __init__(self, outcome: Outcome, code: str, message: str, spent: bool = False) -> None:
        super().__init__(message)
        self.outcome, self.code, self.message, self.spent = outcome, code, message, spent


@dataclass(frozen=True)
class Verdict:
    """Outcome columns of a row: what happened, its code and sentence, and how often it was tried."""

    outcome: Outcome = Outcome.OK
    code: str = ""
    message: str = ""
    attempts: int = 1


OUT_OF_MEMORY = "out_of_memory"
"""Code of rows for which memory ran out; see ``attempts`` for what is done about it."""
DISK_FULL = "disk_full"
"""Code of a row whose pictures found no room; no row of the night will, so ``attempts`` lets it stop."""
PICTURE_LOST = "picture_lost"
"""Code of rows whose matte or edited picture was lost or damaged after it was written; ``again`` has it made anew."""
_NO_ROOM = {errno.ENOSPC, errno.EDQUOT}
_NO_MEMORY = ("out of memory", "can't allocate memory")
"""As torch says it of a GPU (``torch.OutOfMemoryError``) and of the host (a plain ``RuntimeError``)."""


def judge(error: BaseException, attempts: int = 1) -> Verdict:
    """Type an exception. Full disks and missing memory are the world's, as are time-outs and lost
    connections; an exception with ``code`` from the image reader is the customer's; the rest is ours."""
    text = " ".join(str(error).split())[:500] or type(error).__name__
    if isinstance(error, RowError):
        return Verdict(error.outcome, error.code, error.message, attempts)
    if isinstance(getattr(error, "code", None), str) and isinstance(error, ValueError):
        return Verdict(Outcome.BAD_INPUT, error.code, text, attempts)  # type: ignore[attr-defined]
    if isinstance(error, MemoryError) or any(words in text.lower() for words in _NO_MEMORY):
        return Verdict(Outcome.RETRYABLE, OUT_OF_MEMORY, text, attempts)
    if isinstance(error, OSError) and error.errno in _NO_ROOM:
        return Verdict(Outcome.RETRYABLE, DISK_FULL, text, attempts)
    if isinstance(error, OSError):  # includes ConnectionError and TimeoutError
        return Verdict(Outcome.RETRYABLE, "storage", text, attempts)
    return Verdict(Outcome.MODEL_ERROR, type(error).__name__, text, attempts)
