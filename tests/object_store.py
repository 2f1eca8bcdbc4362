"""An object store for the tests: moto's server, over HTTP like any other, or one that is running already.

``make test-s3`` names a real server in ``VITRINE_TEST_S3`` (its endpoint; keys in the usual variables) and runs
everything marked ``s3`` against it.
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator

import pytest

REAL = os.environ.get("VITRINE_TEST_S3", "")
"""Endpoint of a real server, or empty."""
STORES = ("local", "memory", pytest.param("s3", marks=pytest.mark.s3))
"""Parameters of a fixture that gives a place on every kind of store; ``place`` makes it."""


@pytest.fixture(scope="session")
def s3() -> Iterator[str]:
    """Endpoint of the object store; ``AWS_*`` say so to this process and the ones it starts."""
    settings = {"AWS_DEFAULT_REGION": "us-east-1", "AWS_EC2_METADATA_DISABLED": "true"}
    if REAL:
        with pytest.MonkeyPatch.context() as patch:
            for name, value in (settings | {"AWS_ENDPOINT_URL": REAL}).items():
                patch.setenv(name, value)
            yield REAL
        return
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    endpoint = f"http://{host}:{port}"
    settings |= {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": "tests",
        "AWS_SECRET_ACCESS_KEY": "tests",
    }
    with pytest.MonkeyPatch.context() as patch:
        for name, value in settings.items():
            patch.setenv(name, value)
        yield endpoint
    server.stop()


@pytest.fixture
def bucket(s3: str) -> str:
    """``s3://`` address of a fresh bucket."""
    from editcore.stores import open_store

    name = f"vitrine-{uuid.uuid4().hex}"
    open_store(f"s3://{name}")[0].mkdir(name)
    return f"s3://{name}"


def place(kind: str, request: pytest.FixtureRequest) -> str:
    """A fresh folder, prefix or name in memory."""
    if kind == "s3":
        return f"{request.getfixturevalue('bucket')}/some/prefix"
    return str(request.getfixturevalue("tmp_path")) if kind == "local" else f"memory://{uuid.uuid4().hex}"
