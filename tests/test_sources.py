from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from editcore.campaign import CampaignError, Columns, Recipe, Source
from editcore.sources import list_items


def test_folder_gives_safe_and_distinct_items(tmp_path: Path) -> None:
    for name in ("mugs/red.jpg", "mugs/red.png", "a b.jpg", "Ä.jpg", ".hidden.jpg", "_SUCCESS", "list.csv"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"x")
    items = list_items(Source(folder=str(tmp_path)))
    assert [item.sku for item in items] == ["a b", "mugs/red", "mugs/red", "Ä"]
    names = [item.item_id for item in items]
    assert len({name.casefold() for name in names}) == 4
    assert not any("/" in name or " " in name or name.startswith(".") for name in names)


def test_table_maps_columns_and_keeps_the_others(tmp_path: Path) -> None:
    table = pd.DataFrame(
        {
            "article": ["007", "../../etc/passwd", "007"],
            "photo": ["a.jpg", "s3://bucket/b.jpg", "c.jpg"],
            "matte": ["m.png", None, None],
            "season": ["spring", "autumn", "spring"],
        }
    )
    for name in ("t.csv", "t.parquet"):
        if name.endswith("csv"):
            table.to_csv(tmp_path / name, index=False)
        else:
            table.to_parquet(tmp_path / name)
        columns = Columns(image="photo", sku="article", mask="matte")
        first, second, third = sorted(
            list_items(Source(table=str(tmp_path / name), columns=columns)), key=lambda item: item.uri
        )
        assert (first.sku, first.uri) == ("007", str(tmp_path / "a.jpg"))
        assert first.mask_uri == str(tmp_path / "m.png")
        assert first.extra == {"season": "spring"}
        assert (second.item_id, third.uri) == ("007-2", "s3://bucket/b.jpg") or third.uri.startswith("s3://")
        assert all("/" not in item.item_id for item in (first, second, third))
        assert Recipe(id="a", words="x", where={"season": "spring"}).selects(first.columns)


def test_wrong_columns_are_named_with_the_nearest(tmp_path: Path) -> None:
    pd.DataFrame({"image": ["a"], "sku": ["1"], "season": ["s"]}).to_csv(tmp_path / "t.csv", index=False)
    source = Source(table=str(tmp_path / "t.csv"))
    with pytest.raises(CampaignError, match=r"recipes\[0\]\.where: found no column 'seson'.*season"):
        list_items(source, [Recipe(id="a", words="x", where={"seson": "s"})])
    with pytest.raises(
        CampaignError, match=r"source\.columns\.sku: found no column 'skuu'.*did you mean sku"
    ):
        list_items(Source(table=source.table, columns=Columns(sku="skuu")))
    with pytest.raises(CampaignError, match="found no file"):
        list_items(Source(table=str(tmp_path / "absent.csv")))
    with pytest.raises(CampaignError, match="found no folder"):
        list_items(Source(folder=str(tmp_path / "absent")))
