from __future__ import annotations

import os
from pathlib import Path

import pandas as pd
import pytest

from editcore.campaign import Columns, Source
from editcore.sources import list_items
from editcore.sources.contents import read_contents
from editcore.sources.listing import listing_now, listing_of, table_of

LIMIT = 1000


def planned(source: Source) -> str:
    """The listing as a night that is planned now remembers it."""
    return listing_of(source, read_contents(list_items(source), {}, LIMIT), table_of(source), LIMIT)


@pytest.fixture(params=["folder", "table"])
def source(request: pytest.FixtureRequest, tmp_path: Path) -> Source:
    """Three pictures, one too big to be read; the table lists one twice, a missing one, and has an empty cell."""
    photos = tmp_path / "photos"
    (photos / "deep").mkdir(parents=True)
    for name in ("a.jpg", "deep/b.jpg"):
        (photos / name).write_bytes(name.encode())
    (photos / "big.jpg").write_bytes(b"x" * (LIMIT + 1))
    (photos / "mask.txt").write_bytes(b"not listed by the folder")
    if request.param == "folder":
        return Source(folder=str(photos))
    names = [
        "photos/a.jpg",
        "photos/deep/b.jpg",
        "photos/a.jpg",
        "photos/big.jpg",
        "photos/missing.jpg",
        None,
    ]
    masks = [None, "photos/mask.txt", None, None, None, None]
    pd.DataFrame({"image": names, "sku": list("abcdef"), "matte": masks}).to_csv(
        tmp_path / "list.csv", index=False
    )
    return Source(table=str(tmp_path / "list.csv"), columns=Columns(mask="matte"))


def test_a_source_that_did_not_change_lists_what_the_night_remembers(source: Source) -> None:
    assert planned(source) == listing_now(source) != ""


def test_every_change_is_another_listing(source: Source, tmp_path: Path) -> None:
    before, photo = planned(source), tmp_path / "photos" / "a.jpg"
    photo.write_bytes(b"A.jpg")
    os.utime(photo, (1, 1))
    changed = listing_now(source)
    photo.unlink()
    deleted = listing_now(source)
    photo.write_bytes(b"A.jpg and more")
    if source.table:
        with open(source.table, "a") as stream:
            stream.write("photos/a.jpg,g,\n")
    else:
        (tmp_path / "photos" / "new.jpg").write_bytes(b"new")
    assert len({before, changed, deleted, listing_now(source)}) == 4


def test_a_picture_that_could_not_be_read_or_lies_on_the_web_is_looked_at_again(source: Source) -> None:
    rows = read_contents(list_items(source), {}, LIMIT)
    readable = next(row for row in rows if row["sha256"])
    readable["sha256"] = ""
    assert listing_of(source, rows, "", LIMIT) == ""
    readable |= {"sha256": "x", "uri": "https://shop.example/a.jpg"}
    assert listing_of(source, rows, "", LIMIT) == ""
