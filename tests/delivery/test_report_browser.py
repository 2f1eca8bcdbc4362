"""The report in a real browser; see ``tests/chromium.py`` for when it is skipped."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from chromium import MARKS

from editcore.delivery.publish import deliver

pytestmark = MARKS


class Watched:
    """A page and everything it complained about or asked for."""

    def __init__(self, page: Any, file: Path) -> None:
        self.page, self.errors, self.requests = page, [], []
        page.on(
            "console", lambda message: self.errors.append(message.text) if message.type == "error" else None
        )
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("dialog", lambda dialog: (self.errors.append("dialog: " + dialog.message), dialog.dismiss()))
        page.on("request", lambda request: self.requests.append(request.url))
        page.goto(file.as_uri())

    def shown(self, selector: str) -> int:
        return self.page.locator(f"{selector}:visible").count()

    def check_quiet(self) -> None:
        assert self.errors == []
        assert [url for url in self.requests if not url.startswith(("data:", "file:"))] == []
        assert len([url for url in self.requests if url.startswith("file:")]) == 1


@pytest.fixture
def report(night) -> Path:
    night.rows[0]["sku"] = "A-VERY-LONG-SKU-WITHOUT-ANY-BREAK-" * 4
    night.commit()
    deliver(str(night.root), f"runs/{night.run.name}")
    return night.root / "report.html"


@pytest.mark.parametrize("width, height, scheme", [(390, 844, "light"), (1440, 900, "dark")])
def test_nothing_overflows_and_nothing_is_asked_for(browser, report, width, height, scheme):
    page = browser.new_page(viewport={"width": width, "height": height}, color_scheme=scheme)
    watched = Watched(page, report)
    page.evaluate("document.querySelectorAll('details').forEach((d) => { d.open = true; })")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    elements = "[...document.querySelectorAll('body *:not(dialog *)')]"
    wide = f"{elements}.filter((e) => e.getBoundingClientRect().right > innerWidth + 1)"
    assert page.evaluate(f"{wide}.map((e) => e.outerHTML.slice(0, 80))") == []
    decoded = "Promise.all([...document.images].filter((i) => i.src).map((i) => i.decode().then(() => 1)))"
    assert len(page.evaluate(decoded)) == 6 * 4 + 5  # cards and thumbnails; rejects if one is damaged
    page.click(".card .shot.after button >> nth=0")
    assert page.evaluate("document.querySelector('dialog').scrollWidth") <= width
    for button in page.locator("dialog button").all():
        box = button.bounding_box()
        assert box["x"] >= 0 and box["x"] + box["width"] <= width and box["y"] + box["height"] <= height
    watched.check_quiet()
    page.close()


def test_filters_choose_cards_thumbnails_and_rows(browser, report):
    watched = Watched(browser.new_page(viewport={"width": 1440, "height": 900}), report)
    page = watched.page
    page.evaluate("document.querySelectorAll('details').forEach((d) => { d.open = true; })")
    assert (watched.shown(".card"), watched.shown(".thumb"), watched.shown("tr.item")) == (6, 5, 9)
    page.click("button[data-route=review]")
    assert (watched.shown(".card"), watched.shown(".thumb"), watched.shown("tr.item")) == (2, 2, 2)
    page.select_option("#recipe", "warm-studio")
    assert (watched.shown(".card"), watched.shown("tr.item"), watched.shown("#failures")) == (1, 1, 0)
    page.click("button[data-route=rework]")
    assert watched.shown(".card") == 0 and watched.shown("#nothing") == 1
    page.click("button[data-route=failed]")
    assert (watched.shown(".card"), watched.shown("#failures li")) == (0, 1)
    page.click("button[data-route='']")
    page.select_option("#recipe", "")
    assert watched.shown(".card") == 6 and watched.shown("#nothing") == 0
    watched.check_quiet()
    page.close()


def test_keys_move_and_blink_and_no_press_is_lost(browser, report):
    watched = Watched(browser.new_page(viewport={"width": 1440, "height": 900}), report)
    page = watched.page
    cards = page.evaluate("[...document.querySelectorAll('.card')].map((card) => card.id)")
    current = "document.querySelector('.card.current').id"
    for key in "jjjjkjk":
        page.keyboard.press(key)
    assert page.evaluate(current) == cards[2]
    for _ in range(20):
        page.keyboard.press("j")
    assert page.evaluate(current) == cards[-1]
    after = "document.querySelector('.current .after img').src"
    before = page.evaluate("document.querySelector('.current .before img').src")
    shown = page.evaluate(after)
    page.keyboard.down("b")
    assert page.evaluate(after) == before != shown
    page.keyboard.up("b")
    assert page.evaluate(after) == shown
    watched.check_quiet()
    page.close()


def test_viewer_enlarges_and_holding_shows_the_picture_before(browser, report):
    watched = Watched(browser.new_page(viewport={"width": 390, "height": 844}), report)
    page = watched.page
    page.click(".card >> nth=1 >> .shot.mask button")
    large = page.locator("#large")
    source = "document.getElementById('large').src"
    picture = "document.querySelectorAll('.card')[1].querySelector('.{} img').src"
    assert page.evaluate(source) == page.evaluate(picture.format("mask"))
    page.click("#views button:has-text('After')")
    assert page.evaluate(source) == page.evaluate(picture.format("after"))
    box = large.bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.down()
    assert page.evaluate(source) == page.evaluate(picture.format("before"))
    page.mouse.up()
    assert page.evaluate(source) == page.evaluate(picture.format("after"))
    page.click("#next")
    assert page.evaluate("document.querySelector('.card.current')") is not None
    assert page.evaluate(source) != page.evaluate(picture.format("after"))
    page.keyboard.press("Escape")
    assert not page.evaluate("document.getElementById('viewer').open")
    watched.check_quiet()
    page.close()
