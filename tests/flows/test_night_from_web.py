"""Nights whose pictures and masks lie on a web server."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet as pq
import pytest
from catalogue import RECIPES
from test_night import go, log
from web_server import Server, body, picture, versioned

from editcore import manifest, storage
from editcore.campaign import load_campaign
from editcore.delivery.pictures import locate_source
from editcore.sources import fetch
from flows.night import finished_already

__all__ = ["log"]
NAVY = [RECIPES[0]]


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetch, "BACK_OFF", 0.01)


def test_a_list_of_addresses_night_after_night(web: Server, tmp_path: Path, log: Path) -> None:
    web.pages["/shop/mug%20one.jpg"] = versioned(picture("red", kind="JPEG"), '"1"')
    web.pages["/shop/mug-two.png?w=9"] = versioned(picture("blue"), '"1"')
    web.pages["/page.jpg"] = body(b"<!doctype html>", Content_Type="image/jpeg")
    web.pages["/busy"] = lambda request: request.reply(503)
    lines = ["# our shop", web.url("/shop/mug%20one.jpg"), "", web.url("/shop/mug-two.png?w=9")]
    lines += [
        web.url("/page.jpg"),
        web.url("/busy"),
        web.url("/gone.png"),
        "http://10.0.0.1/a.png",
        "http:///x",
    ]
    (tmp_path / "list.txt").write_text("\n".join(lines))
    source: dict[str, Any] = {"urls": "list.txt", "download": {"allow": ["127.0.0.0/8"], "attempts": 2}}

    report = go(tmp_path, source=source, recipes=NAVY, output="out")

    assert report.summary["codes"] == {
        "bad_input/not_an_image": 1,
        "retryable/http_503": 1,
        "bad_input/not_found": 1,
        "bad_input/address_refused": 1,
        "bad_input/bad_url": 1,
    }
    assert (report.summary["ok"], report.summary["edited"]) == (2, 2)
    rows = {row["sku"]: row for row in manifest.merged(report.path).to_pylist()}
    assert rows["mug one"]["source_uri"] == web.url("/shop/mug%20one.jpg")
    assert web.asked("/shop/mug%20one.jpg") == 1
    assert web.asked("/busy") == 2
    assert rows["busy"]["attempts"] == 1
    before = locate_source(rows["mug one"], str(tmp_path / "out"))
    assert storage.read_bytes(before or "") == picture("red", kind="JPEG")

    web.seen.clear()
    source["download"]["per_host"] = 2
    assert go(tmp_path, source=source, recipes=NAVY).state == "nothing to do"
    assert web.asked("/shop/mug%20one.jpg") == 1
    campaign = load_campaign(tmp_path / "campaign.yaml")
    assert finished_already(campaign, None, None, None) is None
    assert web.asked("/shop/mug%20one.jpg") == 1
    web.pages["/shop/mug-two.png?w=9"] = versioned(picture("green"), '"2"')
    web.pages["/busy"] = body(picture("white"))
    second = go(tmp_path, source=source, recipes=NAVY)
    assert (second.summary["edited"], second.summary["carried"]) == (2, 1)
    assert len(log.read_text().split()) == 4
    delivered = pq.read_table(tmp_path / "out" / "manifest.parquet").to_pylist()
    assert sum(row["delivered_path"] is not None for row in delivered) == 3


def test_a_table_may_name_addresses_of_pictures_and_masks(web: Server, tmp_path: Path, log: Path) -> None:
    mask = picture("black")
    web.pages["/a.png"], web.pages["/b.png"] = body(picture("red")), body(picture("blue"))
    web.pages["/mask.png"] = body(_framed())
    web.pages["/bad-mask.png"] = body(b"text")
    table = pd.DataFrame(
        {
            "image": [web.url("/a.png"), web.url("/b.png"), web.url("/b.png")],
            "sku": ["a", "b", "c"],
            "matte": [web.url("/mask.png"), None, web.url("/bad-mask.png")],
        }
    )
    table.to_csv(tmp_path / "list.csv", index=False)
    source: dict[str, Any] = {"table": "list.csv", "columns": {"mask": "matte"}}
    source["download"] = {"allow": ["127.0.0.1"]}
    report = go(tmp_path, source=source, recipes=NAVY)
    rows = {row["sku"]: row for row in manifest.merged(report.path).to_pylist()}
    assert [rows[sku]["mask_source"] for sku in "ab"] == ["given", "stand-in"]
    assert (rows["c"]["outcome"], rows["c"]["code"]) == ("bad_input", "not_an_image")
    assert (web.asked("/b.png"), web.asked("/mask.png")) == (1, 1)
    assert storage.exists(str(tmp_path / "out" / "downloads" / "index.parquet"))
    assert mask not in [
        file.read_bytes() for file in (tmp_path / "out" / "downloads").rglob("*") if file.is_file()
    ]


def _framed() -> bytes:
    import io

    from PIL import Image

    image = Image.new("L", (40, 48), 0)
    image.paste(255, (10, 10, 30, 30))
    image.save(sink := io.BytesIO(), "PNG")
    return sink.getvalue()
