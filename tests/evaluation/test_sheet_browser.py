"""The sheet in a real browser, answered by keys; see ``tests/chromium.py`` for when it is skipped."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from chromium import MARKS
from madeup import MadeUp, Ruler

from editcore.evaluation.human.sheet import KEY_SUFFIX, build_sheet
from editcore.evaluation.human.tally import unblind
from editcore.evaluation.rows import Row
from editcore.evaluation.run import evaluate

pytestmark = MARKS


@pytest.fixture
def sheet(tmp_path: Path) -> Path:
    rows = [Row(name="painter", editor="madeup:Painter"), Row(name="no edit", profile="none")]
    evaluate(rows, MadeUp(3), Ruler(), str(tmp_path / "out"), 1, say=lambda _: None)  # type: ignore[arg-type]
    build_sheet(str(tmp_path / "out"), ["painter", "no edit"], tmp_path / "sheet.html")
    return tmp_path / "sheet.html"


def opened(context: Any, file: Path, errors: list[str]) -> Any:
    page = context.new_page()
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: errors.append(str(error)))
    asked = lambda request: errors.append(request.url) if request.url.startswith("http") else None  # noqa: E731
    page.on("request", asked)
    page.goto(file.as_uri())
    return page


def export(page: Any, kind: str, folder: Path) -> Path:
    with page.expect_download() as waiting:
        page.click(f"#{kind}")
    file = folder / waiting.value.suggested_filename
    waiting.value.save_as(file)
    return file


def test_keys_answer_and_the_export_is_what_was_pressed(browser: Any, sheet: Path, tmp_path: Path) -> None:
    errors: list[str] = []
    context = browser.new_context(viewport={"width": 1280, "height": 800}, accept_downloads=True)
    page = opened(context, sheet, errors)
    assert page.inner_text("#count") == "1 of 6"
    assert "make it navy" in page.inner_text("#words")
    decoded = (
        "Promise.all([...document.querySelectorAll('.pictures img')].map((i) => i.decode().then(() => 1)))"
    )
    assert page.evaluate(decoded) == [1, 1, 1]
    for key in ("1", "2", "0", "ArrowLeft"):
        page.keyboard.press(key)
    page.keyboard.press("Backspace")  # think again about the fourth: the other side
    assert page.evaluate("document.querySelector('.picked').id") == "left"
    page.keyboard.press("ArrowRight")
    page.fill("#rater", "A. B")
    page.keyboard.press("1")  # typed into the name, no answer
    page.close()

    page = opened(context, sheet, errors)  # the browser was closed in between
    assert page.inner_text("#count") == "5 of 6" and page.input_value("#rater") == "A. B1"
    page.click("#right button")
    page.keyboard.press("ArrowDown")
    assert page.is_visible("#done") and page.inner_text("#count") == "6 of 6 answered"
    page.keyboard.press("1")  # nothing left to answer
    files = [export(page, kind, tmp_path) for kind in ("json", "csv")]
    assert files[0].name.endswith("-A_B1.json")
    given = json.loads(files[0].read_text("utf-8"))
    assert [answer["choice"] for answer in given["answers"]] == [
        "left",
        "right",
        "tie",
        "right",
        "right",
        "tie",
    ]
    key = sheet.with_suffix(KEY_SUFFIX)
    by_json, by_csv = (unblind(key, [file]) for file in files)
    assert by_json.drop(columns="seconds").equals(by_csv.drop(columns="seconds"))
    assert set(by_json["rater"]) == {"A. B1"} and len(by_json) == 6
    assert errors == []
    context.close()


@pytest.mark.parametrize("width, height", [(390, 844), (1440, 900)])
def test_everything_fits(browser: Any, sheet: Path, width: int, height: int) -> None:
    context = browser.new_context(viewport={"width": width, "height": height})
    page = opened(context, sheet, [])
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    left, right = (page.locator(f"#{side}").bounding_box() for side in ("left", "right"))
    assert (
        left["width"] == pytest.approx(right["width"], abs=1) and left["y"] == right["y"]
    )  # no side is favoured
    context.close()
