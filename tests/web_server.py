"""A web server for the tests, on loopback: what it answers is a function of the request, and it keeps a diary."""

from __future__ import annotations

import io
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from PIL import Image

Page = Callable[["Request"], None]


class Request(BaseHTTPRequestHandler):
    """One request; a page answers it with ``reply`` or in its own way."""

    protocol_version = "HTTP/1.1"
    server: Server

    def do_GET(self) -> None:
        site = self.server
        with site.lock:
            site.seen.append((self.path, dict(self.headers)))
            site.at_once += 1
            site.most = max(site.most, site.at_once)
        try:
            page = site.pages.get(self.path)
            page(self) if page else self.reply(404)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True
        finally:
            with site.lock:
                site.at_once -= 1

    def reply(self, status: int, body: bytes = b"", **headers: str) -> None:
        self.send_response(status)
        for name, value in ({"Content_Length": str(len(body))} | headers).items():
            if value:
                self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Quiet."""


class Server(ThreadingHTTPServer):
    """``pages`` by path; ``seen`` are the requests, ``most`` the largest number of them at once."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Request)
        self.pages: dict[str, Page] = {}
        self.seen: list[tuple[str, dict[str, str]]] = []
        self.lock = threading.Lock()
        self.at_once = self.most = 0

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}{path}"

    def asked(self, path: str) -> int:
        return sum(seen == path for seen, _ in self.seen)


@contextmanager
def serving() -> Iterator[Server]:
    server = Server()
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture
def web() -> Iterator[Server]:
    """A server without pages."""
    with serving() as server:
        yield server


def picture(colour: str, size: tuple[int, int] = (40, 48), kind: str = "PNG") -> bytes:
    Image.new("RGB", size, colour).save(sink := io.BytesIO(), kind)
    return sink.getvalue()


def body(data: bytes, **headers: str) -> Page:
    """A page that is always there."""
    return lambda request: request.reply(200, data, **headers)


def versioned(data: bytes, tag: str) -> Page:
    """A page with an ETag, which answers 304 to whoever has it."""

    def page(request: Request) -> None:
        if request.headers.get("If-None-Match") == tag:
            request.reply(304, ETag=tag)
        else:
            request.reply(200, data, ETag=tag)

    return page


def after(failures: list[Page], page: Page) -> Page:
    """A page that answers with ``failures`` first, one a request."""
    left = list(failures)
    return lambda request: (left.pop(0) if left else page)(request)


def slow(page: Page, seconds: float) -> Page:
    def answer(request: Request) -> None:
        time.sleep(seconds)
        page(request)

    return answer
