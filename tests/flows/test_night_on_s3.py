"""A whole night on an object store, in and out: pictures, masks and table there, killed once, and resumed."""

from __future__ import annotations

import io
import json
import uuid
from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from catalogue import write_campaign, write_pictures
from PIL import Image
from test_kill import BATCH, WORKERS, die

from editcore import manifest, storage
from editcore.campaign import load_campaign
from editcore.lease import LeaseHeld, lease
from editcore.review.desk import Desk, Person, Seen
from editcore.review.line import Filter
from editcore.review.pictures import Pictures
from editcore.shardwork import LANES
from flows.apply import apply_decisions
from flows.night import NightFailed, run_night

pytestmark = pytest.mark.s3
QUIET = {"say": lambda _: None}


@pytest.fixture
def shop(bucket: str, tmp_path: Path) -> str:
    """Three pictures of the usual catalogue, a mask, one that is missing, and the table that lists them."""
    write_pictures(tmp_path / "photos", good=2)
    for name in ("mug-0.png", "mug-1.png", "notes.jpg"):
        storage.put(f"{bucket}/in/photos/{name}", (tmp_path / "photos" / name).read_bytes())
    sink = io.BytesIO()
    Image.fromarray(np.pad(np.full((24, 20), 255, np.uint8), ((12, 12), (10, 10)))).save(sink, "PNG")
    storage.put(f"{bucket}/in/mask.png", sink.getvalue())
    table = pd.DataFrame(
        {
            "photo": ["photos/mug-0.png", f"{bucket}/in/photos/mug-1.png", "photos/notes.jpg", "gone.png"],
            "sku": ["0007", "b", "c", "d"],
            "matte": ["mask.png", None, None, None],
            "season": ["spring"] * 4,
        }
    )
    table.to_parquet(sink := io.BytesIO())
    storage.put(f"{bucket}/in/list.parquet", sink.getvalue())
    return bucket


def test_a_night_in_a_bucket_killed_and_resumed(
    shop: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = tmp_path / "edits.log"
    monkeypatch.setenv("STANDIN_LOG", str(log))
    source = {"table": f"{shop}/in/list.parquet", "columns": {"image": "photo", "mask": "matte"}}
    file = write_campaign(tmp_path, source=source, output=f"{shop}/out", shard_size=4)
    die(file, 18, "before")
    assert storage.exists(f"{shop}/out/.lease.json")
    assert not storage.exists(f"{shop}/out/_SUCCESS")

    report = run_night(load_campaign(file), **QUIET)

    books = report.summary
    assert (books["planned"], books["ok"], books["failed"]) == (8, 4, 4)
    assert books["codes"] == {"bad_input/not_an_image": 2, "bad_input/not_found": 2}
    edits = Counter(log.read_text().split())
    assert len(edits) == 4
    assert edits.total() - 4 <= BATCH * LANES * WORKERS
    delivered = pq.read_table(io.BytesIO(storage.read_bytes(f"{shop}/out/manifest.parquet"))).to_pylist()
    assert json.loads(delivered[0]["extra_json"]) == {"season": "spring"}
    masks = {row["sku"]: row["mask_source"] for row in delivered if row["outcome"] == "ok"}
    assert masks == {"0007": "given", "b": "stand-in"}
    for row in delivered:
        if row["delivered_path"]:
            assert storage.describe(f"{shop}/out/{row['delivered_path']}")["size"] == row["delivered_bytes"]
    assert storage.exists(f"{shop}/out/_SUCCESS")
    left = [entry["inner"] for entry in storage.walk(f"{shop}/out")]
    assert not [name for name in left if ".kept" in name or name.startswith(storage.TEMPORARY)]
    assert not storage.exists(f"{shop}/out/.lease.json")
    assert run_night(load_campaign(file), **QUIET).state == "nothing to do"
    assert manifest.account(report.path).balanced


def test_one_night_at_a_time_in_a_bucket(shop: str, tmp_path: Path) -> None:
    campaign = load_campaign(
        write_campaign(tmp_path, source={"folder": f"{shop}/in/photos"}, output=f"{shop}/out")
    )
    with lease(campaign.output), pytest.raises(LeaseHeld):
        run_night(campaign, **QUIET)


def test_a_bucket_that_is_not_there_is_a_sentence(s3: str, tmp_path: Path) -> None:
    campaign = load_campaign(write_campaign(tmp_path, output="s3://vitrine-no-such-bucket/out"))
    with pytest.raises(NightFailed, match=r"a store failed.*no such file or bucket"):
        run_night(campaign, **QUIET)


def test_people_decide_on_a_night_in_a_bucket(shop: str, tmp_path: Path) -> None:
    source = {"table": f"{shop}/in/list.parquet", "columns": {"image": "photo", "mask": "matte"}}
    doubt = {"min_region_change": 50}
    file = write_campaign(tmp_path, source=source, output=f"{shop}/out", thresholds=doubt)
    run_night(load_campaign(file), **QUIET)
    desk, anna = Desk(f"{shop}/out"), Person("anna", "approver")
    good, bad, *_ = desk.look(anna, Filter(order="sku"), 0, 10)["rows"]
    found = desk.row(good["row_id"], good["picture"])
    assert found
    for kind in ("before", "after"):
        assert Image.open(io.BytesIO(Pictures().of(*found, kind, 320)[0])).size == (40, 48)
    for row, more in (
        (good, {"verdict": "approve"}),
        (bad, {"verdict": "reject", "reasons": ["edge"], "again": True}),
    ):
        desk.decide(anna, [Seen(row["row_id"], row["picture"], 0)], id=uuid.uuid4().hex, **more)
    assert apply_decisions(f"{shop}/out", **QUIET).summary["decided"] == {"approve": 1, "reject": 1}
    delivered = pq.read_table(io.BytesIO(storage.read_bytes(f"{shop}/out/manifest.parquet"))).to_pylist()
    paths = {row["row_id"]: row["delivered_path"] for row in delivered}
    assert storage.exists(f"{shop}/out/{paths[good['row_id']]}") and paths[bad["row_id"]] is None
    assert desk.unapplied() == 0
    assert (
        run_night(load_campaign(file), **QUIET).summary["edited"] == 1
    )  # what was sent back, and nothing else
