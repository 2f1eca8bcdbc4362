from __future__ import annotations

import gzip
import time
from email.utils import formatdate

import pytest
from web_server import Request, Server, after, body, picture, slow

from editcore.campaign import Download
from editcore.outcomes import Outcome
from editcore.sources import addresses, fetch
from editcore.sources.addresses import checked
from editcore.sources.fetch import Answer, Known

RULES = Download(allow=["127.0.0.1"], seconds=5.0, attempts=3)
RED = picture("red")


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetch, "BACK_OFF", 0.01)


def get(uri: str, rules: Download = RULES, max_bytes: int = 100_000, known: Known | None = None) -> Answer:
    answers: list[Answer] = []
    fetch.fetch([uri], rules, max_bytes, {uri: known} if known else {}, answers.append)
    assert len(answers) == 1
    return answers[0]


def error(answer: Answer) -> tuple[str, str]:
    assert answer.error
    assert answer.error.message[-1] in ".!?"
    return answer.error.outcome, answer.error.code


def test_a_picture_comes_with_what_the_next_night_needs(web: Server) -> None:
    web.pages["/a"] = body(
        RED, ETag='"1"', Last_Modified="Wed, 25 Nov 2026 10:00:00 GMT", Content_Type="text/html"
    )
    answer = get(web.url("/a#part"))
    assert (answer.data, answer.etag, answer.modified) == (RED, '"1"', "Wed, 25 Nov 2026 10:00:00 GMT")
    headers = web.seen[0][1]
    assert headers["User-Agent"].startswith("vitrine/")
    assert "Cookie" not in headers


def test_known_pictures_are_asked_for_on_a_condition(web: Server) -> None:
    web.pages["/a"] = lambda request: request.reply(304)
    assert get(web.url("/a"), known=Known('"1"', "then")).unchanged
    assert web.seen[-1][1]["If-None-Match"] == '"1"'
    assert "If-Modified-Since" not in web.seen[-1][1]
    assert get(web.url("/a"), known=Known("", "then")).unchanged
    assert web.seen[-1][1]["If-Modified-Since"] == "then"


@pytest.mark.parametrize("status", [429, 503, 500, 502, 504, 408])
def test_what_passes_is_tried_again(web: Server, status: int) -> None:
    web.pages["/a"] = after([lambda request: request.reply(status)] * 2, body(RED))
    assert get(web.url("/a")).data == RED
    web.pages["/a"] = lambda request: request.reply(status)
    assert error(get(web.url("/a"))) == (Outcome.RETRYABLE, f"http_{status}")
    assert web.asked("/a") == 3 + 3


def test_a_line_that_is_cut_is_tried_again(web: Server) -> None:
    def cut(request: Request) -> None:
        request.reply(200, RED[:40], Content_Length=str(len(RED)))
        request.close_connection = True

    web.pages["/a"] = after([cut], body(RED))
    assert get(web.url("/a")).data == RED
    web.pages["/a"] = cut
    assert error(get(web.url("/a"))) == (Outcome.RETRYABLE, "connection")


@pytest.mark.parametrize("form", ["seconds", "date"])
def test_a_host_that_asks_to_wait_is_left_alone_by_everybody(web: Server, form: str) -> None:
    wait = "1" if form == "seconds" else formatdate(time.time() + 2, usegmt=True)
    web.pages["/a"] = after([lambda request: request.reply(429, Retry_After=wait)], body(RED))
    for number in range(4):
        web.pages[f"/{number}"] = slow(body(RED), 0.05)
    started, times = time.monotonic(), {}
    uris = [web.url(path) for path in ("/a", "/0", "/1", "/2", "/3")]
    rules = RULES.model_copy(update={"per_host": 2})
    fetch.fetch(uris, rules, 10**6, {}, lambda a: times.update({a.uri: time.monotonic() - started}))
    assert len(times) == 5
    assert min(times[web.url("/a")], times[web.url("/3")]) > 0.8


def test_a_host_that_asks_for_too_much_patience_is_given_up(web: Server) -> None:
    web.pages["/a"] = lambda request: request.reply(503, Retry_After="86400")
    assert error(get(web.url("/a"))) == (Outcome.RETRYABLE, "http_503")
    assert web.asked("/a") == 1


@pytest.mark.parametrize(
    ("status", "code"), [(404, "not_found"), (410, "not_found"), (403, "unreadable"), (418, "http_status")]
)
def test_what_will_not_change_is_not_tried_again(web: Server, status: int, code: str) -> None:
    web.pages["/a"] = lambda request: request.reply(status)
    assert error(get(web.url("/a"))) == (Outcome.BAD_INPUT, code)
    assert web.asked("/a") == 1


def test_no_more_than_the_limit_is_read(web: Server) -> None:
    sent = 0

    def endless(request: Request) -> None:
        nonlocal sent
        request.reply(200, RED, Content_Length="", Connection="close")
        for _ in range(2000):
            request.wfile.write(b"x" * 10_000)
            sent += 10_000
        request.close_connection = True

    web.pages["/endless"] = endless
    web.pages["/announced"] = body(RED, Content_Length="100001")
    for path in ("/endless", "/announced"):
        assert error(get(web.url(path))) == (Outcome.BAD_INPUT, "file_too_big")
    assert sent < 20_000_000
    web.pages["/bomb"] = body(gzip.compress(RED + b"0" * 10_000_000), Content_Encoding="gzip")
    assert error(get(web.url("/bomb"))) == (Outcome.BAD_INPUT, "file_too_big")


def test_only_so_much_time_is_given(web: Server) -> None:
    def drips(request: Request) -> None:
        request.reply(200, RED[:20], Content_Length=str(len(RED)))
        for byte in RED[20:]:
            request.wfile.write(bytes([byte]))
            time.sleep(0.05)

    web.pages["/a"] = drips
    rules = RULES.model_copy(update={"seconds": 0.2, "attempts": 2})
    assert error(get(web.url("/a"), rules)) == (Outcome.RETRYABLE, "timeout")


@pytest.mark.parametrize(
    ("data", "code", "text"),
    [
        (b"<!doctype html><p>" + b"x" * 10**6, "not_an_image", "a web page"),
        (b"%PDF-1.7", "not_an_image", "a PDF"),
        (b"", "empty_file", "0 bytes"),
    ],
)
def test_the_content_decides_and_not_what_the_server_says(
    web: Server, data: bytes, code: str, text: str
) -> None:
    web.pages["/a.jpg"] = body(data, Content_Type="image/jpeg")
    answer = get(web.url("/a.jpg"), max_bytes=10**8)
    assert error(answer) == (Outcome.BAD_INPUT, code)
    assert text in str(answer.error)


def redirect(to: str, status: int = 302) -> object:
    return lambda request: request.reply(status, Location=to)


def test_redirects_are_followed_so_far(web: Server) -> None:
    web.pages["/0"] = body(RED)
    for number in range(1, 8):
        web.pages[f"/{number}"] = redirect(f"/{number - 1}", 301)  # type: ignore[assignment]
    assert get(web.url("/5")).data == RED
    assert error(get(web.url("/6"))) == (Outcome.BAD_INPUT, "too_many_redirects")


@pytest.mark.parametrize(
    ("to", "code"),
    [
        ("http://169.254.169.254/latest/meta-data", "address_refused"),
        ("http://[::1]:9/", "address_refused"),
        ("http://127.0.0.2/", "address_refused"),
        ("file:///etc/passwd", "bad_url"),
        ("http://user:secret@127.0.0.1/", "bad_url"),
        ("http://127.0.0.1:99999/", "bad_url"),
    ],
)
def test_each_hop_is_checked(web: Server, to: str, code: str) -> None:
    web.pages["/a"] = redirect(to)  # type: ignore[assignment]
    answer = get(web.url("/a"))
    assert error(answer) == (Outcome.BAD_INPUT, code)
    assert "secret" not in str(answer.error)


def test_no_way_back_from_https() -> None:
    with pytest.raises(Exception, match="from https to http"):
        checked("http://a/", checked("https://a/"))


def test_loopback_is_refused_unless_allowed(web: Server) -> None:
    web.pages["/a"] = body(RED)
    assert error(get(web.url("/a"), RULES.model_copy(update={"allow": []}))) == (
        Outcome.BAD_INPUT,
        "address_refused",
    )
    assert web.seen == []


def test_the_connection_goes_to_the_address_that_was_checked(
    web: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name that resolves to one address for the check and to another for the connection: asked once only."""
    asked: list[str] = []

    async def resolves(host: str, port: int) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"] if len(asked) == 1 else ["169.254.169.254"]

    monkeypatch.setattr(addresses, "_resolve", resolves)
    web.pages["/a"] = body(RED)
    port = web.server_address[1]
    assert get(f"http://shop.example:{port}/a").data == RED
    assert asked == ["shop.example"]
    assert web.seen[0][1]["Host"] == f"shop.example:{port}"


@pytest.mark.parametrize("uri", ["http://", "http:///a.jpg", "http://[::1", "http://a:b/", "ftp://a/b"])
def test_what_is_no_address_is_a_bad_input(uri: str) -> None:
    assert error(get(uri)) == (Outcome.BAD_INPUT, "bad_url")


@pytest.mark.parametrize("path", ["/a%2Fb?sig=a%2Bb%3D%7E/c", "/%7Ea;v=1?x='(1)'"])
def test_an_address_is_asked_as_it_is_written(web: Server, path: str) -> None:
    """It may be signed."""
    web.pages[path] = body(RED)
    assert get(web.url(path)).data == RED
    web.pages["/moved"] = redirect(path)  # type: ignore[assignment]
    assert get(web.url("/moved")).data == RED


def test_an_address_that_needs_quoting_is_quoted(web: Server) -> None:
    web.pages["/rote%20Tasse%20%C3%84.jpg"] = body(RED)
    assert get(web.url("/rote Tasse Ä.jpg")).data == RED


def test_a_host_that_does_not_exist_is_a_bad_input(monkeypatch: pytest.MonkeyPatch) -> None:
    import socket

    def nowhere(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", nowhere)
    assert error(get("http://nowhere.invalid/a")) == (Outcome.BAD_INPUT, "unknown_host")


def test_a_port_nobody_listens_on_is_retryable() -> None:
    assert error(get("http://127.0.0.1:9/a")) == (Outcome.RETRYABLE, "connection")


@pytest.mark.parametrize(("per_host", "at_once", "most"), [(3, 16, 3), (8, 2, 2)])
def test_a_host_is_not_overrun(web: Server, per_host: int, at_once: int, most: int) -> None:
    for number in range(12):
        web.pages[f"/{number}"] = slow(body(RED), 0.03)
    rules = RULES.model_copy(update={"per_host": per_host, "at_once": at_once})
    got: list[Answer] = []
    fetch.fetch([web.url(f"/{number}") for number in range(12)], rules, 10**6, {}, got.append)
    assert [answer.data for answer in got] == [RED] * 12
    assert web.most == most


def test_a_store_that_fails_ends_the_download(web: Server) -> None:
    web.pages["/a"] = body(RED)

    def full(_: Answer) -> None:
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space"):
        fetch.fetch([web.url("/a"), web.url("/a?2")], RULES, 10**6, {}, full)
