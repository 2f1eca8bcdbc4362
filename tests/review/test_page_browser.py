"""The review page in a real browser, with real key presses; see ``tests/chromium.py`` for when it is skipped."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from chromium import MARKS

from editcore.review.desk import Desk

from .conftest import headers, night_of

pytestmark = MARKS

WIDE = {"width": 1440, "height": 900}
REFUSED = "status of 409"  # what Chromium itself writes into the console about an answer that is a refusal


class Visit:
    """A person at the page, and everything the page complained about."""

    def __init__(self, browser: Any, url: str, name: str = "anna", **options: Any) -> None:
        options = {"viewport": WIDE, "reduced_motion": "reduce", **options}
        self.context = browser.new_context(extra_http_headers=headers(name), **options)
        self.page, self.errors = self.context.new_page(), []
        self.page.on(
            "console", lambda m: self.errors.append(m.text) if m.type in ("error", "warning") else None
        )
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.goto(url)
        self.page.wait_for_selector("#stage:not([data-shown=''])")

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def text(self, selector: str) -> str:
        return str(self.page.inner_text(selector)) if self.page.is_visible(selector) else ""

    def wait(self, selector: str, text: str) -> None:
        self.page.wait_for_function(
            "([s, t]) => document.querySelector(s).textContent.includes(t)",
            arg=[selector, text],
            timeout=5000,
        )

    def picture(self) -> str:
        """Size and place of the picture after."""
        return str(self.page.get_attribute("#after-layer img", "style"))


@pytest.fixture
def desk(tmp_path: Path, request: pytest.FixtureRequest) -> Desk:
    night_of(tmp_path / "out", waiting=getattr(request, "param", 8), size=48)
    return Desk(str(tmp_path / "out"))


@pytest.fixture
def visit(browser: Any, desk: Desk, served: Callable[[Desk], str]) -> Iterator[Callable[..., Visit]]:
    """Opens the page for a person; afterwards nobody's console may hold anything but refused decisions."""
    url, visits = served(desk), []

    def come(name: str = "anna", **options: Any) -> Visit:
        visits.append(Visit(browser, url, name, **options))
        return visits[-1]

    yield come
    for person in visits:
        person.context.close()
        assert [error for error in person.errors if REFUSED not in error] == []


def entries(desk: Desk, wanted: int) -> list[Any]:
    """The journal, once it has the number of entries wanted; a moment later it must not have more."""
    until = time.monotonic() + 15
    while desk.journal.book.last < wanted and time.monotonic() < until:
        time.sleep(0.05)
        desk.journal.refresh()
    time.sleep(0.2)
    desk.journal.refresh()
    assert desk.journal.book.last == wanted
    return [desk.journal.book.entries[number] for number in range(1, wanted + 1)]


@pytest.mark.parametrize("desk", [52], indirect=True)
def test_fifty_decisions_by_keys_only(visit, desk):
    anna, seen, decided = visit(), [], []
    for number in range(50):
        seen.append(anna.text("#sku"))
        decided.append("reject" if number % 5 == 3 else "approve")
        if number % 5 != 3:
            anna.press("a")
        elif number % 10 == 3:
            anna.press("r", "2", "-", "Enter")
        else:
            anna.press("r", "1", "n", *"edge", "Enter")  # letters in the note are no decisions
    journal = entries(desk, 50)
    assert len(set(seen)) == 50 and [entry.verdict for entry in journal] == decided
    assert [desk.shown().row(entry.rows[0].row_id)["sku"] for entry in journal] == seen
    assert journal[3].reasons == ["colour_wrong", "other"]
    assert (journal[8].reasons, journal[8].note) == (["product_changed"], "edge")
    assert anna.text("#position") == "51 of 52"
    anna.press("s", "a", "a")
    entries(desk, 52)
    anna.wait("#empty", "Nothing waits for you.")


@pytest.mark.parametrize("desk", [24], indirect=True)
def test_twenty_rapid_presses_lose_none_though_the_line_is_down_at_first(visit, desk):
    anna = visit()
    anna.context.set_offline(True)
    anna.press(*"a" * 20)
    anna.wait("#unsaved", "20 not saved yet")
    anna.context.set_offline(False)
    assert len({entry.rows[0].row_id for entry in entries(desk, 20)}) == 20
    anna.page.wait_for_selector("#unsaved", state="hidden")
    anna.errors[:] = [error for error in anna.errors if "ERR_INTERNET_DISCONNECTED" not in error]


def test_undo_restores_and_returns(visit, desk):
    anna = visit()
    first = anna.text("#sku")
    anna.press("a", "r", "4", "Enter", "u", "u")  # the second undo before the first one is answered
    assert (anna.text("#sku"), anna.text("#position"), anna.text("#verdict")) == (first, "1 of 8", "")
    journal = entries(desk, 4)
    assert [entry.kind for entry in journal] == ["decide", "decide", "undo", "undo"]
    assert [entry.entry for entry in journal[2:]] == [2, 1]
    anna.press("a", "k")
    entries(desk, 5)  # not refused: the page knows that its own undo was the last entry
    anna.wait("#verdict", "Approved by anna")
    anna.page.click("[data-view=decided]")
    anna.wait("#position", "1 of 1")
    anna.press("u")
    entries(desk, 6)


def test_zoom_and_place_persist_across_items_and_modes(visit):
    anna = visit()
    whole = anna.picture()
    anna.press("+", "+", "+", "+")
    box = anna.page.locator("#main-pane").bounding_box()
    anna.page.mouse.move(box["x"] + 100, box["y"] + 100)
    anna.page.mouse.wheel(0, -900)
    anna.page.mouse.down()
    anna.page.mouse.move(box["x"] + 160, box["y"] + 130, steps=3)
    anna.page.mouse.up()
    near = anna.picture()
    anna.press("j", "ArrowRight", "a")
    assert anna.picture() == near
    zoom = anna.text("#zoom-shown")
    for mode in ("slider", "blink", "difference", "side"):
        anna.press("m")
        assert (anna.page.get_attribute("#stage", "data-mode"), anna.text("#zoom-shown")) == (mode, zoom)
    assert anna.picture() == near
    anna.press("0")
    assert anna.picture() == whole != near


def test_blink_shows_the_picture_before_while_the_key_is_down(visit):
    anna = visit()
    before = "getComputedStyle(document.getElementById('before-layer')).visibility"
    for shown in ("hidden", "visible", "hidden", "visible", "hidden", "visible"):
        assert anna.page.evaluate(before) == shown
        tag = anna.text("#tag")
        anna.page.keyboard.down("b")
        assert (anna.page.evaluate(before), anna.text("#tag")) == ("visible", "Before")
        anna.page.keyboard.up("b")
        assert anna.text("#tag") == tag and anna.page.evaluate(before) == shown
        anna.press("m")
    anna.press("m", "m", "m")
    handle = "document.getElementById('handle').style.transform"
    place = anna.page.evaluate(handle)
    anna.press("[", "ArrowRight")  # the slider has keys of its own, and the arrows still walk
    assert anna.page.evaluate(handle) != place and anna.text("#position") == "2 of 8"


def test_two_people_do_not_get_one_picture_and_cannot_both_decide_it(visit, desk):
    anna = visit()
    row_id = anna.page.get_attribute("#stage", "data-shown")
    while desk.holds.by_other(row_id, "bertha") != "anna":
        time.sleep(0.05)
    bertha, elsewhere = visit("bertha"), visit()  # anna once more, in another browser
    assert anna.text("#sku") == elsewhere.text("#sku") != bertha.text("#sku")
    contested = anna.text("#sku")
    anna.press("a")
    entries(desk, 1)
    elsewhere.press("r", "1", "Enter")
    elsewhere.wait("#message", f"{contested}: anna has decided on it meanwhile.")
    bertha.press("a")
    assert [entry.by for entry in entries(desk, 2)] == ["anna", "bertha"]


def test_all_shown_and_all_selected_are_one_decision_each(visit, desk):
    anna = visit()
    anna.page.fill("#find", "warm beige")
    anna.wait("#approve-all", "Approve all 4 shown")
    worst = anna.text("#sku")
    anna.page.click("#approve-all")
    anna.wait("#confirm-title", "Approve all 4 pictures shown?")
    assert worst in anna.text("#confirm-lines")
    anna.press("Enter")
    assert [len(entry.rows) for entry in entries(desk, 1)] == [4]
    anna.wait("#empty", "Nothing fits this filter.")
    anna.press("Escape", "u")
    assert entries(desk, 2)[1].entry == 1
    anna.wait("#position", "1 of 4")
    anna.press(" ", "j", "j", " ", "Shift+A")
    assert len(entries(desk, 3)[2].rows) == 2
    anna.wait("#approve-all", "Approve all 2 shown")


def test_a_viewer_sees_everything_and_decides_nothing(visit, desk):
    carl = visit("carl")
    posts: list[str] = []
    carl.page.on("request", lambda request: posts.append(request.url) if request.method == "POST" else None)
    carl.press("a", "r", "1", "Enter", "s", "u", " ", "Shift+A", "j", "m", "z")
    assert (carl.text("#position"), carl.text("#do-approve"), carl.text("#chooser")) == ("2 of 8", "", "")
    assert posts == [] and entries(desk, 0) == []


def test_keys_are_changed_in_the_help_and_collisions_refused(visit, desk):
    anna = visit()
    for key, told in (("r", "The key R already means “Reject"), ("y", "")):
        if not anna.page.is_visible("#help"):
            anna.press("?")
        anna.page.click("#help-keys button >> nth=0")
        anna.press(key)
        assert anna.text("#help-text").startswith(told)
    anna.press("Escape", "a", "y")
    assert entries(desk, 1)[0].verdict == "approve"
    anna.page.evaluate("localStorage.setItem('vitrine-review-keys', '{\"approve\": \"u\"}')")
    anna.page.reload()
    anna.wait("#message", "The usual keys are in use.")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_overflows_on_a_telephone(visit, scheme):
    anna = visit(viewport={"width": 390, "height": 844}, color_scheme=scheme)
    wide = "[...document.querySelectorAll('body *:not(dialog *, .pane *, .strip *)')].filter((e) => "
    wide += "e.getBoundingClientRect().right > innerWidth + 1).map((e) => e.outerHTML.slice(0, 80))"
    for _state in ("deciding", "rejecting"):
        assert anna.page.evaluate("document.documentElement.scrollWidth") <= 390
        assert anna.page.evaluate(wide) == []
        anna.press("r")
    assert anna.text("#send") == "Reject"
