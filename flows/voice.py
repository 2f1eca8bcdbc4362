"""What a night says: sentences for people, or one JSON object a line for whoever collects logs.

An object has ``time`` (ISO 8601, with zone), ``level`` (info or error), ``event`` and ``text``; events and what else
they carry: ``docs/running-a-night.md``."""

from __future__ import annotations

import json
import sys
import traceback
from datetime import datetime
from enum import StrEnum
from typing import Any


class LogFormat(StrEnum):
    """How a night talks."""

    TEXT = "text"
    JSON = "json"


class Voice:
    """Sentences on standard output, errors on standard error."""

    def say(self, text: str, event: str = "note", **facts: Any) -> None:
        """Say ``text``; ``facts``, JSON values, are for those who read by machine."""
        print(text, flush=True)

    def detail(self, text: str) -> None:
        """Say what is among the facts of another event already."""
        print(text, flush=True)

    def complain(self, text: str, exit_code: int) -> None:
        """Say why the command ends with ``exit_code``."""
        print(text, file=sys.stderr, flush=True)

    def crash(self, error: BaseException) -> bool:
        """Say what nobody foresaw; False where the traceback that Python prints says it."""
        return False


class JsonVoice(Voice):
    """Everything as one object a line on standard output."""

    def say(self, text: str, event: str = "note", **facts: Any) -> None:
        self._line("info", event, text, facts)

    def detail(self, text: str) -> None:
        pass

    def complain(self, text: str, exit_code: int) -> None:
        self._line("error", "refused", text, {"exit_code": exit_code})

    def crash(self, error: BaseException) -> bool:
        told = "".join(traceback.format_exception(error))
        self._line("error", "crash", f"{type(error).__name__}: {error}", {"traceback": told, "exit_code": 1})
        return True

    def _line(self, level: str, event: str, text: str, facts: dict[str, Any]) -> None:
        now = datetime.now().astimezone().isoformat(timespec="milliseconds")
        line = {"time": now, "level": level, "event": event, "text": text, **facts}
        print(json.dumps(line, ensure_ascii=False), flush=True)


_chosen: list[Voice] = [Voice()]


def choose(form: LogFormat) -> None:
    """Talk like this from now on, in this process."""
    _chosen[0] = JsonVoice() if form == LogFormat.JSON else Voice()


def voice() -> Voice:
    """The voice that was chosen."""
    return _chosen[0]
