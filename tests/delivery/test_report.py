"""The report's text: escaped, self-contained, bounded, and saying what the manifest says."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from editcore.delivery.contact_sheet import Pair, contact_sheet, main
from editcore.delivery.pictures import shrink, tint_region
from editcore.delivery.publish import deliver
from editcore.delivery.ranking import rank_rows, spread_choice


class Page(HTMLParser):
    """Tags with their attributes, and the text a reader sees."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text, self._hidden = "", ""
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        self._hidden = tag if tag in ("script", "style") else ""

    def handle_endtag(self, tag):
        self._hidden = ""

    def handle_data(self, data):
        self.text += "" if self._hidden else data + " "

    def all(self, tag: str, kind: str = "") -> list[dict[str, str | None]]:
        return [
            attrs
            for name, attrs in self.tags
            if name == tag and (not kind or kind in (attrs.get("class") or "").split())
        ]


def report_of(night, **settings) -> Page:
    deliver(str(night.root), f"runs/{night.run.name}", settings)
    return Page((night.root / "report.html").read_text("utf-8"))


def test_text_from_outside_stays_text(night):
    page = report_of(night, title='<img src=x onerror="alert(1)">')
    assert len(page.all("script")) == 1
    assert all("onerror" not in attrs for _, attrs in page.tags)
    assert '<script>alert("x")</script>' in page.text  # shown to the reader as written
    assert not [attrs for _, attrs in page.tags if any(name.startswith("on") for name in attrs)]


def test_nothing_is_loaded_from_outside(night):
    page = report_of(night)
    sources = [attrs["src"] for _, attrs in page.tags if attrs.get("src")]
    assert sources and all(source.startswith("data:image/webp;base64,") for source in sources)
    links = [attrs["href"] for attrs in page.all("a")]
    assert links and not [link for link in links if ":" in link or link.startswith("/")]
    assert "default-src 'none'" in next(a["content"] for a in page.all("meta") if "http-equiv" in a)


def test_counts_accounting_failures_and_warnings_are_told(night):
    text = re.sub(r"\s+", " ", report_of(night).text)
    assert "9 planned = 6 ok + 0 skipped + 3 failed" in text
    assert "the books balance" in text
    assert "The model does not know 'glorp'." in text
    for told in ("truncated", "empty_file", "RuntimeError", "It broke.", "BAD-2", "edits per second"):
        assert told in text


def test_a_card_has_all_four_pictures_and_its_reason(night):
    page = report_of(night)
    assert len(page.all("article")) == 6
    for kind in ("before", "after", "mask", "raw"):
        assert len(page.all("figure", kind)) == 6
    assert "look here" in page.text
    assert "identical" in page.text


def test_the_page_says_when_a_kept_pixel_moved(new_night):
    night = new_night()
    night.add("MUG-1", kept_max_diff=3, kept_psnr=48.13)
    text = report_of(night.commit()).text
    assert "differ by up to 3" in text and "48.1 dB" in text and "identical" not in text


def test_missing_pictures_leave_a_gap_not_an_error(night):
    for row in night.rows:
        (night.run / row["raw_path"]).unlink()
    page = report_of(night)
    assert len(page.all("article")) == 6 and not page.all("figure", "raw")


def test_the_number_of_full_rows_is_bounded_and_the_table_has_all(night):
    page = report_of(night, report_rows=2)
    assert len(page.all("article")) == 2
    assert len(page.all("tr", "item")) == 9
    assert len(page.all("button", "thumb")) == 5
    assert sum("disabled" in attrs for attrs in page.all("button", "thumb")) == 3


def test_an_empty_night_and_a_night_of_failures_still_have_a_page(new_night):
    night = new_night()
    night.fail("BAD", "ingest", "bad_input", "empty_file", "No content.")
    text = report_of(night.commit()).text
    assert "No content." in text and "1 planned = 0 ok + 0 skipped + 1 failed" in re.sub(r"\s+", " ", text)


def frame(*rows: tuple[str, str, float]) -> pd.DataFrame:
    table = pd.DataFrame(rows, columns=["route", "recipe_id", "chroma_error"])
    return table.assign(row_id=[f"{k:04d}" for k in range(len(table))], outcome="ok")


def test_the_most_doubtful_come_first_within_what_waits_for_a_person():
    rows = frame(("publish", "a", 90.0), ("review", "a", 1.0), ("review", "a", 50.0), ("rework", "a", 99.0))
    assert rank_rows(rows) == [2, 1, 3, 0]


def test_the_choice_is_spread_over_routes_and_recipes():
    rows = frame(
        *[("publish", "a", float(k)) for k in range(50)], ("publish", "b", 0.0), ("review", "a", 0.0)
    )
    assert spread_choice(rows, rank_rows(rows), 3) == [51, 49, 50]
    assert spread_choice(rows, rank_rows(rows), 0) == []


def test_tint_marks_the_region_and_only_the_region():
    grey = Image.new("RGB", (40, 20), (90, 90, 90))
    region = Image.fromarray(np.repeat(np.array([[0] * 20 + [255] * 20], np.uint8), 20, axis=0))
    tinted = np.asarray(tint_region(grey, region)).astype(int)
    assert (np.ptp(tinted[:, :15], axis=2) == 0).all()
    assert (tinted[:, 25:, 0] - tinted[:, 25:, 2] > 40).all()


@pytest.mark.parametrize(
    "size, expected", [((4000, 2000), (100, 50)), ((50, 20), (50, 20)), ((9000, 1), (100, 1))]
)
def test_shrink_keeps_proportions_and_never_enlarges(size, expected):
    assert shrink(Image.new("RGB", size), 100).size == expected


def test_contact_sheet_places_before_left_of_after():
    pair = Pair(Image.new("RGB", (80, 80), "red"), Image.new("RGB", (80, 40), "blue"), "make it blue " * 50)
    sheet = contact_sheet([pair, pair, pair], columns=2, cell=80, title="Night")
    colours = np.asarray(sheet).reshape(-1, 3)
    columns_of = {
        name: np.nonzero((np.asarray(sheet) == value).all(axis=2))[1].min()
        for name, value in (("red", (255, 0, 0)), ("blue", (0, 0, 255)))
    }
    assert (colours == (255, 0, 0)).all(axis=1).sum() == 3 * 80 * 80
    assert (colours == (0, 0, 255)).all(axis=1).sum() == 3 * 80 * 40
    assert columns_of["red"] < columns_of["blue"]


def test_contact_sheet_command_draws_a_night(night, tmp_path):
    main([str(night.root), "--to", str(tmp_path / "docs" / "sheet.png"), "--pairs", "4", "--cell", "60"])
    with Image.open(tmp_path / "docs" / "sheet.png") as sheet:
        assert np.ptp(np.asarray(sheet)) > 100
    with pytest.raises(SystemExit):
        main([str(tmp_path / "nowhere")])
