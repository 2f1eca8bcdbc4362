from __future__ import annotations

from typing import Any

import pytest
from object_store import STORES, place
from web_server import Server, body, picture, versioned

from editcore import storage
from editcore.campaign import Download
from editcore.outcomes import RowError
from editcore.sources import downloads
from editcore.sources.downloads import body_path, download

RULES = Download(allow=["127.0.0.1"], attempts=1)


@pytest.fixture(params=STORES)
def output(request: pytest.FixtureRequest) -> str:
    return place(request.param, request)


def codes(found: dict[str, Any]) -> list[str]:
    return [entry.code if isinstance(entry, RowError) else "" for _, entry in sorted(found.items())]


def test_the_next_night_asks_and_takes_the_copy(web: Server, output: str) -> None:
    web.pages["/a"] = versioned(picture("red"), '"1"')
    web.pages["/b"] = body(picture("red"))
    uris = [web.url(path) for path in ("/a", "/b", "/c")]
    first = download(output, uris, RULES, 10**6)
    assert codes(first) == ["", "", "not_found"]
    entry = first[uris[0]]
    assert storage.read_bytes(body_path(output, entry["sha256"])) == picture("red")
    assert len([f for f in storage.walk(f"{output}/downloads") if not f["inner"].endswith(".parquet")]) == 1

    second = download(output, uris[:2], RULES, 10**6)
    assert (second[uris[0]], web.seen[-1][0]) == (entry, web.seen[-1][0])
    conditions = {path: headers.get("If-None-Match") for path, headers in web.seen[-2:]}
    assert conditions == {"/a": '"1"', "/b": None}

    web.pages["/a"] = versioned(picture("blue"), '"2"')
    assert download(output, uris[:1], RULES, 10**6)[uris[0]]["sha256"] != entry["sha256"]


def test_a_lost_copy_is_fetched_again(web: Server, output: str) -> None:
    web.pages["/a"] = versioned(picture("red"), '"1"')
    entry = download(output, [web.url("/a")], RULES, 10**6)[web.url("/a")]
    storage.remove(body_path(output, entry["sha256"]))
    assert download(output, [web.url("/a")], RULES, 10**6)[web.url("/a")] == entry
    assert "If-None-Match" not in web.seen[-1][1]
    assert storage.exists(body_path(output, entry["sha256"]))


def test_a_download_that_was_killed_goes_on(
    web: Server, output: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(downloads, "EVERY", 2)
    uris = [web.url(f"/{number}") for number in range(6)]
    for number in range(6):
        web.pages[f"/{number}"] = versioned(picture("red", (20 + number, 20)), f'"{number}"')
    put = storage.put
    written: list[str] = []

    def dies(path: str, data: bytes) -> None:
        if len(written) == 8:
            raise OSError(5, "the machine is gone")
        written.append(path)
        put(path, data)

    with monkeypatch.context() as patch:
        patch.setattr(storage, "put", dies)
        with pytest.raises(OSError, match="gone"):
            download(output, uris, RULES.model_copy(update={"per_host": 1}), 10**6)
    assert storage.listing(f"{output}/downloads/kept")
    web.seen.clear()
    assert codes(download(output, uris, RULES, 10**6)) == [""] * 6
    assert sum("If-None-Match" in headers for _, headers in web.seen) >= 4
    assert storage.listing(f"{output}/downloads/kept") == []
    web.seen.clear()
    download(output, uris, RULES, 10**6)
    assert all("If-None-Match" in headers for _, headers in web.seen)
