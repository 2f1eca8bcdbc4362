"""A whole data set from a small shop: accounting, contents, byte-equal resumption, refusal, page."""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest

from editcore import images, storage
from editcore.campaign import CampaignError, Columns, Source
from editcore.night import NightRefused
from editcore.sources.captions import captioned
from editcore.training.pairs import PairStore
from editcore.training.pairs.dataset import SCHEMA
from editcore.training.pairs.make import make
from editcore.training.pairs.run import begin
from editcore.training.pairs.settings import PairSettings
from editcore.training.pairs.store import PairsMissing, tensors

QUIET: Any = {"say": lambda _: None}


@pytest.fixture(scope="module")
def made(
    source: Source, small: PairSettings, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, dict[str, Any]]:
    out = tmp_path_factory.mktemp("made")
    return out, make(begin(source, str(out), small), **QUIET)


def contents(folder: Path) -> dict[str, bytes]:
    return {str(f.relative_to(folder)): f.read_bytes() for f in sorted(folder.rglob("*")) if f.is_file()}


def test_every_picture_and_every_edit_is_accounted_for(made: tuple[Path, dict[str, Any]]) -> None:
    summary = made[1]
    assert summary["pictures"] == 10 and summary["pictures_ok"] == 9
    assert list(summary["pictures_failed"].values()) == [1]
    assert [code.split("/")[0] for code in summary["pictures_failed"]] == ["bad_input"]
    assert summary["duplicates_in_pool"] == 1
    tagger = [name for name in summary["captioners"] if name.startswith("tags:")]
    assert summary["captioners"]["given"] == 8 and [summary["captioners"][name] for name in tagger] == [1]
    assert sum(summary["edits"].values()) == summary["pairs"] + summary["edits_without_target"]
    assert sum(summary["pairs_by_kind"].values()) == summary["pairs"] > 0
    assert summary["candidates_removed"]["self"] >= 9


def test_rows_hold_what_the_schema_says(made: tuple[Path, dict[str, Any]]) -> None:
    folder, summary = made
    tables = [pq.read_table(f) for f in sorted((folder / "pairs").glob("*.parquet"))]
    rows = [row for table in tables for row in table.to_pylist()]
    assert tables[0].schema.equals(SCHEMA) and len(rows) == summary["pairs"]
    assert all(table.num_rows == 4 for table in tables[:-1])
    assert len({row["pair_id"] for row in rows}) == len(rows)
    low, high = summary["similarity_band"]
    for row in rows:
        assert row["source_sha256"] != row["target_sha256"] and row["gain"] > 0
        assert low - 1e-3 <= row["similarity"] <= high + 1e-3
        one, other = (np.array(row[f"{end}_embedding"]) for end in ("source", "target"))
        assert float(one @ other) == pytest.approx(row["similarity"], abs=1e-5)
        prompt = np.array(row["prompt_embedding"])
        assert float(prompt @ other - prompt @ one) == pytest.approx(row["gain"], abs=1e-5)
        assert row["new"] in row["edit_prompt"] and row["old"] in row["source_caption"]
        assert row["new"] in row["target_caption"]  # agreement: word
        assert images.load(row["source"]).rgb.shape == (64, 64, 3)


def test_the_broken_file_and_the_copy_are_in_no_pair(made: tuple[Path, dict[str, Any]]) -> None:
    rows = pq.read_table(made[0] / "pairs", columns=["source_item", "target_item"]).to_pylist()
    ends = {row["target_item"] for row in rows} | {row["source_item"] for row in rows}
    assert "z-broken" not in ends and "z-copy" not in {row["target_item"] for row in rows}


class Died(BaseException):
    """The power went."""


def test_a_killed_run_goes_on_and_ends_byte_for_byte_the_same(
    made: tuple[Path, dict[str, Any]], source: Source, small: PairSettings, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    whole = contents(made[0])
    put, writes = storage.put, 0

    def dies(path: str, data: bytes) -> None:
        nonlocal writes
        writes += 1
        if writes in moments:
            raise Died
        put(path, data)

    monkeypatch.setattr(storage, "put", dies)
    moments, deaths = (
        {2, 9, 30, 38, 40, 45, 49},
        0,
    )  # in the plan, the pool, the edits, the matches, the pairs
    while True:
        try:
            make(begin(source, str(tmp_path), small), **QUIET)
            break
        except Died:
            deaths += 1
    monkeypatch.setattr(storage, "put", put)
    assert deaths >= 6 and contents(tmp_path) == whole


def test_a_finished_run_does_nothing_and_another_is_refused(
    made: tuple[Path, dict[str, Any]], source: Source, small: PairSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, summary = made
    told: list[str] = []
    monkeypatch.setattr(storage, "put", lambda *_: pytest.fail("nothing may be written"))
    assert make(begin(source, str(folder), small), say=told.append) == summary
    assert "nothing to do" in told[0]
    with pytest.raises(NightRefused, match=r"settings\.reuse: was 4, now 1"):
        begin(source, str(folder), small.model_copy(update={"reuse": 1}))
    with pytest.raises(NightRefused, match="pictures"):
        begin(source, str(folder), small, limit=3)


def test_the_store_reads_what_was_written(made: tuple[Path, dict[str, Any]]) -> None:
    folder, summary = made
    store = PairStore(str(folder))
    assert len(store) == summary["pairs"] and store[-1].pair_id == store[len(store) - 1].pair_id
    pair = store[0]
    assert pair.source.shape == (64, 64, 3) and pair.source.dtype == np.uint8
    assert set(np.unique(pair.region)) <= {0, 255}
    union = np.maximum(pair.source_mask, pair.target_mask) > 127
    assert (pair.region[union] == 255).all() and pair.region.sum() > 255 * union.sum()
    ids = [p.pair_id for p in store.epoch(seed=1)]
    assert sorted(ids) == sorted(p.pair_id for p in store) and ids != [p.pair_id for p in store]
    assert ids == [p.pair_id for p in store.epoch(seed=1)]
    with pytest.raises(IndexError):
        store[len(store)]


def test_tensors_are_in_the_ranges_models_want(made: tuple[Path, dict[str, Any]]) -> None:
    batch = tensors(PairStore(str(made[0]), side=32)[:2])
    assert {name: tuple(t.shape) for name, t in batch.items()} == {
        "source_B3HW": (2, 3, 32, 32), "target_B3HW": (2, 3, 32, 32), "region_B1HW": (2, 1, 32, 32),
        "source_mask_B1HW": (2, 1, 32, 32), "target_mask_B1HW": (2, 1, 32, 32),
    }  # fmt: skip
    assert -1 <= float(batch["source_B3HW"].min()) < 0 < float(batch["source_B3HW"].max()) <= 1
    assert set(batch["region_B1HW"].unique().tolist()) <= {0.0, 1.0}


def test_an_empty_store_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(PairsMissing, match="vitrine pairs"):
        PairStore(str(tmp_path))


def test_the_page_stands_alone_and_escapes(made: tuple[Path, dict[str, Any]]) -> None:
    page = (made[0] / "page.html").read_text("utf-8")
    assert "<script" not in page and not re.search(r'(?:src|href)="(?!data:)', page)
    assert "default-src 'none'" in page and page.count("<article>") == min(60, made[1]["pairs"])
    assert "<b>ceramic</b>" not in page
    first = page.split("data:image/jpeg;base64,")[1].split('"')[0]
    import base64

    assert images.load(base64.b64decode(first)).rgb.shape == (192, 192, 3)


def test_captions_come_from_tables_and_from_text_files(shop: Path, tmp_path: Path) -> None:
    by_name = {item.item_id: item.caption for item in captioned(Source(folder=str(shop)))}
    assert by_name["mug-navy"] == "a navy ceramic mug in front of a light grey wall"
    assert by_name["mug-white"] is None and len(by_name) == 10
    (tmp_path / "t.csv").write_text(
        f"image,sku,text\n{shop}/mug-red.png,A1,A red mug. Washable\nnone.png,A2,\n"
    )
    table = Source(table=str(tmp_path / "t.csv"), columns=Columns(caption="text"))
    assert [item.caption for item in captioned(table)] == ["A red mug", None]


def test_a_source_without_pictures_says_so(small: PairSettings, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    with pytest.raises(CampaignError, match="no picture"):
        begin(Source(folder=str(tmp_path / "in")), str(tmp_path / "out"), small)


def test_a_shop_of_one_picture_gives_no_pair_and_no_error(
    shop: Path, small: PairSettings, tmp_path: Path
) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.png").write_bytes((shop / "mug-red.png").read_bytes())
    (tmp_path / "in" / "a.txt").write_text("a red mug")
    summary = make(begin(Source(folder=str(tmp_path / "in")), str(tmp_path / "out"), small), **QUIET)
    assert summary["pairs"] == 0 and summary["edits_without_target"] == sum(summary["edits"].values()) > 0


def test_parts_are_read_back_as_bytes(made: tuple[Path, dict[str, Any]]) -> None:
    data = storage.read_bytes(str(made[0] / "pairs" / "part-00000.parquet"))
    assert pq.read_schema(io.BytesIO(data)).field("gain").metadata[b"about"].startswith(b"CLIP cosine")
