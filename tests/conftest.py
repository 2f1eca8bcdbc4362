"""Test-wide settings: one thread, no network, no telemetry."""

from __future__ import annotations

import os

os.environ.update(
    OMP_NUM_THREADS="1",
    HF_HUB_OFFLINE="1",
    HF_HUB_DISABLE_TELEMETRY="1",
    PREFECT_SERVER_ANALYTICS_ENABLED="false",
    DO_NOT_TRACK="1",
)

import pytest
from chromium import browser
from object_store import bucket, s3
from web_server import web


@pytest.fixture(autouse=True, scope="session")
def one_thread() -> None:
    """Two cores run several processes; threads inside a test only get in each other's way."""
    import torch

    torch.set_num_threads(1)


__all__ = ["browser", "bucket", "one_thread", "s3", "web"]
