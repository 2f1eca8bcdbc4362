"""The preview's page in a real browser; see ``tests/chromium.py`` for when it is skipped."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from chromium import MARKS
from PIL import Image

from editcore.editors.base import Exemplar
from editcore.editors.transfer.change import change_of
from editcore.preview.card import card_of_pair, card_of_words
from editcore.preview.page import RecipePage, Shown, render

pytestmark = MARKS
LONG = "A-VERY-LONG-SKU-WITHOUT-ANY-BREAK-" * 4


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two recipes, one with a pair and two results, one in words that met nothing."""
    home = tmp_path_factory.mktemp("preview")
    before = np.full((96, 128, 3), 240, np.uint8)
    alpha = np.zeros((96, 128), np.uint8)
    alpha[24:-24, 32:-32] = 255
    before[24:-24, 32:-32], after = 120, before.copy()
    after[24:-24, 32:-32] = (180, 60, 40)
    for name, picture in (("before", before), ("after", after)):
        Image.fromarray(picture).save(home / f"{name}.png")
    pair = Exemplar(before, after, alpha, alpha, "k")
    change = change_of(pair)
    row = {
        "outcome": "ok",
        "sku": LONG,
        "recipe_id": "red",
        "words": "",
        "route": "review",
        "reason": f"Because {LONG}",
    }
    row |= {"source_uri": str(home / "before.png"), "image_path": "after.png"}
    failed = {**row, "outcome": "model_error", "message": "It broke.", "image_path": None, "route": None}
    shown = [Shown(card_of_pair(pair, change, ["<script>alert(1)</script>"]), pair, change.region)]
    words = [Shown(card_of_words("make it shinny navy", "product"))]
    recipes = [
        RecipePage(
            "red", "", "product", shown, [row, failed], 40, {"who": "ann@shop", "when": "2026-11-25T20:00"}
        ),
        RecipePage("navy", "make it shinny navy", "product", words, [], 0),
    ]
    html = render(
        "spring", "vitrine preview spring.yaml --approve", recipes, str(home), {"Profile": "bundled"}
    )
    (home / "preview.html").write_text(html, "utf-8")
    return home / "preview.html"


@pytest.mark.parametrize("width, height, scheme", [(390, 844, "light"), (1440, 900, "dark")])
def test_nothing_overflows_nothing_is_asked_for_and_every_picture_opens(
    browser: Any, page: Path, width: int, height: int, scheme: str
) -> None:
    opened = browser.new_page(viewport={"width": width, "height": height}, color_scheme=scheme)
    errors, asked = [], []
    opened.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    opened.on("dialog", lambda dialog: (errors.append(dialog.message), dialog.dismiss()))
    opened.on("request", lambda request: asked.append(request.url))
    opened.goto(page.as_uri())
    assert opened.evaluate("document.documentElement.scrollWidth") <= width
    wide = "[...document.querySelectorAll('body *')].filter((e) => e.getBoundingClientRect().right > innerWidth + 1)"
    assert opened.evaluate(f"{wide}.map((e) => e.outerHTML.slice(0, 80))") == []
    decoded = "Promise.all([...document.images].map((i) => i.decode().then(() => 1)))"
    assert (
        len(opened.evaluate(decoded)) == 3 + 2 + 1
    )  # the pair, a result, and the source of the one that failed
    assert errors == [] and [url for url in asked if not url.startswith(("data:", "file:"))] == []
    told = opened.inner_text("main")
    assert "approved by ann@shop on 2026-11-25" in told and "It broke." in told
    assert "No picture of the source meets this recipe" in told and "did you mean shiny?" in told
    opened.close()
