"""A store in trouble: a proxy before an object store that fails some requests, by a script that a seed decides.

It passes on everything else as it is. ``Proxy.script`` may be changed at any time."""

from __future__ import annotations

import asyncio
import random
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from aiohttp import ClientSession, ClientTimeout, DummyCookieJar, TCPConnector, web
from yarl import URL

KINDS = ("slow down", "throttled", "no answer", "reset", "cut short", "done but failed", "done and reset")
"""503 SlowDown; 429; silence; a connection reset before anything was done; half of the body; a request that was done
and answered with 500; one that was done and whose connection was reset then."""
HOP = {"connection", "keep-alive", "transfer-encoding", "te", "trailer", "upgrade", "expect"}
CONDITIONS = {"if-match", "if-none-match"}
MESSAGE = '<?xml version="1.0"?><Error><Code>{}</Code><Message>Reduce your request rate.</Message></Error>'

Script = Callable[[str], str]
"""Method of a request -> kind of its fault, or "" for none."""


def fine(method: str) -> str:
    return ""


def some(share: float, seed: int, kinds: tuple[str, ...] = KINDS) -> Script:
    """``share`` of all requests fail, in every way in turn."""
    chance, failed = random.Random(seed), iter(kinds * 10_000)
    return lambda method: next(failed) if chance.random() < share else ""


def all_of(kind: str) -> Script:
    return lambda method: kind


class Proxy:
    """``endpoint`` speaks for the store ``behind``; ``seen`` counts requests by kind of fault, "" for none.

    ``careless``: the store behind shall not hear of conditions, as if it did not know them."""

    def __init__(self, behind: str, careless: bool = False) -> None:
        self.behind, self.careless, self.endpoint = behind, careless, ""
        self.script: Script = fine
        self.seen = Counter[str]()
        self._loop = asyncio.new_event_loop()
        self._over = asyncio.Event()

    async def _serve(self, started: threading.Event) -> None:
        app = web.Application(client_max_size=1 << 30)
        app.router.add_route("*", "/{path:.*}", self._answer)
        runner = web.AppRunner(app, shutdown_timeout=0.1, access_log=None)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        self.endpoint = f"http://127.0.0.1:{runner.addresses[0][1]}"
        connector = TCPConnector(limit=0)
        async with ClientSession(
            connector=connector,
            auto_decompress=False,
            cookie_jar=DummyCookieJar(),
            timeout=ClientTimeout(60),
            skip_auto_headers=("User-Agent", "Accept", "Accept-Encoding", "Content-Type"),
        ) as self._client:
            started.set()
            await self._over.wait()
        await runner.cleanup()

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        kind = self.script(request.method)
        self.seen[kind] += 1
        body = await request.read()
        if kind == "slow down":
            return web.Response(status=503, text=MESSAGE.format("SlowDown"), content_type="application/xml")
        if kind == "throttled":
            return web.Response(status=429, text=MESSAGE.format("Throttling"), content_type="application/xml")
        if kind == "no answer":
            await self._over.wait()
        if kind == "reset":
            return self._reset(request)
        drop = HOP | CONDITIONS if self.careless else HOP
        headers = [(name, value) for name, value in request.headers.items() if name.lower() not in drop]
        url = URL(self.behind + request.raw_path, encoded=True)
        async with self._client.request(
            request.method, url, headers=headers, data=body or None, allow_redirects=False
        ) as got:
            data = await got.read()
            if kind == "done but failed":
                return web.Response(
                    status=500, text=MESSAGE.format("InternalError"), content_type="application/xml"
                )
            if kind == "done and reset":
                return self._reset(request)
            answer = web.StreamResponse(status=got.status, reason=got.reason)
            for name, value in got.headers.items():
                if name.lower() not in HOP | {"date", "server"}:
                    answer.headers.add(name, value)
            await answer.prepare(request)
            if request.method != "HEAD":
                await answer.write(data[: len(data) // 2] if kind == "cut short" else data)
                if kind == "cut short" and data:
                    return self._reset(request)
            await answer.write_eof()
            return answer

    def _reset(self, request: web.Request) -> web.Response:
        assert request.transport is not None
        request.transport.abort()
        return web.Response()


@contextmanager
def proxy(behind: str, careless: bool = False) -> Iterator[Proxy]:
    """A proxy before the store at ``behind``, in a thread of its own, while the body runs."""
    one, started = Proxy(behind, careless), threading.Event()
    thread = threading.Thread(target=one._loop.run_until_complete, args=(one._serve(started),), daemon=True)
    thread.start()
    assert started.wait(60)
    try:
        yield one
    finally:
        one._loop.call_soon_threadsafe(one._over.set)
        thread.join(30)
