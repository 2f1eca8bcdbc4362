"""A stand-in editor with the troubles of a device, by the options of its profile, in whatever process it is loaded.

``log``: file that gets the row id of every edited row; ``loads``: file that gets the process id of every load;
``seconds``: how long a batch takes; ``fits``: rows above which memory runs out, as torch says it; ``fits_offloaded``:
the same once it was offloaded; ``deadly``: rows whose words hold this end the process; ``stuck``: a batch never ends;
``broken``: it always fails.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Sequence
from typing import Any

import standin

from editcore import fingerprint
from editcore.editors.base import EditRequest, EditResult

if code := os.environ.get("STANDIN_CODE"):  # as in tests/flows/conftest.py, for the workers of a pool
    fingerprint.code_version = lambda: code  # type: ignore[assignment]


class Editor(standin.Editor):
    def __init__(self, profile: Any) -> None:
        super().__init__(profile)
        self.options = profile.options
        self.fits = self.options.get("fits", 1000)
        self._write("loads", [str(os.getpid())])

    def edit(self, requests: Sequence[EditRequest]) -> list[EditResult]:
        if "stuck" in self.options:
            time.sleep(1000)
        if "broken" in self.options:
            raise RuntimeError("no kernel image")
        if any(self.options.get("deadly", "nothing") in request.words for request in requests):
            os.kill(os.getpid(), signal.SIGKILL)
        if len(requests) > self.fits:
            import torch

            raise torch.OutOfMemoryError(f"CUDA out of memory: {len(requests)} rows")
        time.sleep(self.options.get("seconds", 0))
        self._write("log", [request.row_id for request in requests])
        return super().edit(requests)

    def _write(self, name: str, lines: list[str]) -> None:
        if file := self.options.get(name):
            with open(file, "a") as stream:
                stream.write("".join(f"{line}\n" for line in lines))


class Offloading(Editor):
    """One that can leave the device."""

    def offload(self) -> bool:
        first, self.fits = self.fits != self.options["fits_offloaded"], self.options["fits_offloaded"]
        return first
