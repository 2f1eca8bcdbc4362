"""Pictures from the web, politely: few requests at once to a host, patience with what passes, and no trust.

Nothing a server says is believed: not the length (a body is cut off at ``max_bytes``), not the type or the name (the
first bytes decide), not the address it redirects to (each hop is checked like the first). A body that is no picture
is left after its first bytes. Environment proxies are not used, because they would choose the address.
"""

from __future__ import annotations

import asyncio
import email.utils
import random
import ssl
from collections import defaultdict, deque
from collections.abc import Awaitable, Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version

import aiohttp
from aiohttp.http_exceptions import ContentEncodingError

from editcore.campaign import Download
from editcore.outcomes import Outcome, RowError
from editcore.signatures import HEAD, kind_of, looks_like
from editcore.sources.addresses import Guard, checked, host_of, networks
from editcore.sources.hands import Hands

REDIRECTS = 5
"""Hops after the first address."""
BACK_OFF, LONGEST_WAIT = 0.5, 120.0
"""Seconds: pause before the second try (doubles, with jitter), and the longest a server may ask us to wait."""
REDIRECTING = frozenset({301, 302, 303, 307, 308})
TRANSIENT = frozenset({408, 425, 429, 500, 502, 503, 504})
"""Answers that may be others in a moment."""


@dataclass(frozen=True)
class Known:
    """What a server said about a picture that lies here already."""

    etag: str = ""
    modified: str = ""


@dataclass(frozen=True)
class Answer:
    """What became of one address: a body, ``unchanged`` since ``Known``, or an error."""

    uri: str
    data: bytes = b""
    etag: str = ""
    modified: str = ""
    unchanged: bool = False
    error: RowError | None = None


@dataclass
class _Host:
    """Addresses that wait for one host, and until when it asked to be left alone (the loop's clock)."""

    waiting: deque[str] = field(default_factory=deque)
    until: float = 0.0


class _Passing(Exception):  # noqa: N818 - never leaves this module
    """A failure that may be over in ``wait`` seconds (0: the server did not say)."""

    def __init__(self, code: str, message: str, wait: float = 0.0) -> None:
        super().__init__(message)
        self.code, self.message, self.wait = code, message, wait


def fetch(
    uris: Iterable[str],
    rules: Download,
    max_bytes: int,
    known: Mapping[str, Known],
    done: Callable[[Answer], None],
) -> None:
    """Ask for every address once and give each answer to ``done``, from several threads, as they come.

    ``done`` runs while the download's turn lasts, so that no more than ``rules.at_once`` bodies are in memory.
    What it raises ends the fetching.
    """
    everything = _fetch_all(list(dict.fromkeys(uris)), rules, max_bytes, known, done)
    try:
        with ThreadPoolExecutor(1) as aside:  # the caller's thread may have an event loop of its own
            aside.submit(asyncio.run, everything).result()
    except ExceptionGroup as group:
        raise group.exceptions[0] from None


async def _fetch_all(
    uris: list[str],
    rules: Download,
    max_bytes: int,
    known: Mapping[str, Known],
    done: Callable[[Answer], None],
) -> None:
    hosts: dict[str, _Host] = defaultdict(_Host)
    for uri in uris:
        hosts[host_of(uri)].waiting.append(uri)
    turns, hands = asyncio.Semaphore(rules.at_once), Hands(rules.at_once)

    async def tell(answer: Answer) -> None:
        await hands.take(done, answer)

    try:
        async with _client(rules) as client, asyncio.TaskGroup() as group:

            async def work(host: _Host) -> None:
                while host.waiting:
                    uri = host.waiting.popleft()
                    here = known.get(uri, Known())
                    await _until_told(client, uri, host, turns, rules, max_bytes, here, tell)

            for host in hosts.values():
                for _ in range(min(rules.per_host, len(host.waiting))):
                    group.create_task(work(host))
    finally:
        hands.close()


async def _until_told(
    client: aiohttp.ClientSession,
    uri: str,
    host: _Host,
    turns: asyncio.Semaphore,
    rules: Download,
    max_bytes: int,
    known: Known,
    tell: Callable[[Answer], Awaitable[None]],
) -> None:
    """Try an address until there is something to tell, and tell it."""
    clock = asyncio.get_running_loop().time
    for attempt in range(1, rules.attempts + 1):
        while (pause := host.until - clock()) > 0:
            await asyncio.sleep(pause)
        async with turns:
            try:
                answer = await _ask(client, uri, rules, max_bytes, known)
            except _Passing as trouble:
                wait = trouble.wait or BACK_OFF * 2 ** (attempt - 1) * random.uniform(0.5, 1.5)
                if attempt < rules.attempts and wait <= LONGEST_WAIT:
                    answer = None
                    host.until = max(host.until, clock() + trouble.wait)
                else:
                    answer = Answer(uri, error=_spent(trouble, attempt))
            except RowError as error:
                answer = Answer(uri, error=error)
            if answer:
                await tell(answer)
                return
        await asyncio.sleep(wait)


def _spent(trouble: _Passing, attempts: int) -> RowError:
    return RowError(
        Outcome.RETRYABLE, trouble.code, f"{trouble.message} ({attempts} tries); a later night may get it."
    )


async def _ask(
    client: aiohttp.ClientSession, uri: str, rules: Download, max_bytes: int, known: Known
) -> Answer:
    """One try, redirects included. ``RowError`` for what will not change, ``_Passing`` for what may."""
    conditions = {"If-None-Match": known.etag} if known.etag else {}
    if known.modified and not known.etag:
        conditions = {"If-Modified-Since": known.modified}
    try:
        async with asyncio.timeout(rules.seconds):
            url = checked(uri)
            for _ in range(REDIRECTS + 1):
                async with client.get(url, headers=conditions, allow_redirects=False) as response:
                    if response.status not in REDIRECTING or "location" not in response.headers:
                        return await _take(uri, response, max_bytes)
                    url = checked(response.headers["location"], url)
    except TimeoutError:
        raise _Passing("timeout", f"{host_of(uri)} took longer than {rules.seconds:g} s") from None
    except aiohttp.ClientError as error:
        raise _sorted_out(error, host_of(uri)) from error
    except (RowError, _Passing):
        raise
    except Exception as error:  # one address's, whatever it is, and not the night's
        raise RowError(Outcome.MODEL_ERROR, type(error).__name__, f"{uri}: {error}") from error
    raise RowError(Outcome.BAD_INPUT, "too_many_redirects", f"More than {REDIRECTS} redirects from {uri}.")


async def _take(uri: str, response: aiohttp.ClientResponse, max_bytes: int) -> Answer:
    """The body of an answer, if it begins like a picture and is not too long."""
    if response.status == 304:
        return Answer(uri, unchanged=True)
    _judge_status(response)
    announced = response.headers.get("content-length", "")
    if announced.isdigit() and int(announced) > max_bytes:
        raise _too_big(max_bytes)
    body = bytearray()
    recognised = False
    async for chunk in response.content.iter_any():
        body += chunk
        if len(body) > max_bytes:
            raise _too_big(max_bytes)
        if not recognised and len(body) >= HEAD:
            recognised = _recognised(bytes(body[:HEAD]))
    if not body:
        raise RowError(Outcome.BAD_INPUT, "empty_file", "The server sent no content (0 bytes).")
    _recognised(bytes(body[:HEAD]))
    headers = response.headers
    return Answer(uri, bytes(body), headers.get("etag", ""), headers.get("last-modified", ""))


def _recognised(head: bytes) -> bool:
    if kind_of(head) is None:
        found = looks_like(head)
        raise RowError(Outcome.BAD_INPUT, "not_an_image", f"The server sent {found}, expected a picture.")
    return True


def _judge_status(response: aiohttp.ClientResponse) -> None:
    status, host = response.status, response.url.host
    if status == 200:
        return
    if status in TRANSIENT:
        wait = _asked_to_wait(response.headers.get("retry-after", ""))
        raise _Passing(f"http_{status}", f"{host} answered {status}", wait)
    code = {401: "unreadable", 403: "unreadable", 404: "not_found", 410: "not_found"}.get(
        status, "http_status"
    )
    raise RowError(
        Outcome.BAD_INPUT, code, f"{host} answered {status} {response.reason or ''}.".replace(" .", ".")
    )


def _asked_to_wait(text: str) -> float:
    """Seconds of a Retry-After header, a number or a date (RFC 9110, 10.2.3); 0 if it is neither."""
    if text.strip().isdigit():
        return float(text)
    try:
        return max(0.0, (email.utils.parsedate_to_datetime(text) - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError):
        return 0.0


def _too_big(max_bytes: int) -> RowError:
    text = f"The file is larger than {max_bytes / 1e6:.0f} MB, the most that is read."
    return RowError(Outcome.BAD_INPUT, "file_too_big", text)


def _sorted_out(error: aiohttp.ClientError, host: str) -> Exception:
    if isinstance(error, aiohttp.InvalidURL):
        return RowError(Outcome.BAD_INPUT, "bad_url", f"{host!r} is no host: {error}.")
    cause: BaseException | None = error
    while cause:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return RowError(Outcome.BAD_INPUT, "tls", f"The certificate of {host}: {cause.verify_message}.")
        if isinstance(cause, ContentEncodingError):
            return RowError(Outcome.BAD_INPUT, "corrupt", f"The body cannot be unpacked: {cause.message}.")
        cause = cause.__cause__ or cause.__context__
    return _Passing("connection", f"The connection to {host} failed: {error or type(error).__name__}")


def _client(rules: Download) -> aiohttp.ClientSession:
    guard = Guard(networks(rules.allow))
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(
            resolver=guard,
            socket_factory=guard.socket,
            limit=rules.at_once,
            keepalive_timeout=5.0,
        ),
        headers={
            "User-Agent": f"vitrine/{version('vitrine')}",
            "Accept": "image/*",
            "Accept-Encoding": "identity",
        },
        cookie_jar=aiohttp.DummyCookieJar(),
        timeout=aiohttp.ClientTimeout(total=None),  # each try has its own
        trust_env=False,
    )
