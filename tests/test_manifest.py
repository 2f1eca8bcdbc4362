from __future__ import annotations

import io
import uuid
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from editcore import manifest, storage
from editcore.columns import COLUMNS, STEPS, schema
from editcore.scoring.columns import NAMES


def row(number: int, **more: Any) -> dict[str, Any]:
    key = {"row_id": f"{number:016x}", "item_id": f"item-{number}", "recipe_id": "navy", "shard": number // 2}
    return key | more


def ok(number: int, **more: Any) -> dict[str, Any]:
    return row(number, outcome="ok", code="", message="", attempts=1, **more)


@pytest.fixture(params=["local", "memory"])
def run(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A planned night of four rows in two shards."""
    path = str(tmp_path) if request.param == "local" else f"memory://{uuid.uuid4().hex}"
    for shard in (0, 1):
        manifest.commit(path, "plan", shard, [row(n, sku="s", words="w") for n in (2 * shard, 2 * shard + 1)])
    return path


def finish(run: str, steps: tuple[str, ...] = STEPS) -> None:
    for step in steps:
        for shard in (0, 1):
            manifest.commit(run, step, shard, [ok(2 * shard), ok(2 * shard + 1)])


def rewrite(run: str, step: str, shard: int, rows: list[dict[str, Any]]) -> None:
    """What no process does: a committed part with other rows."""
    storage.remove(manifest.part_path(run, step, shard))
    manifest.commit(run, step, shard, rows)


def test_a_committed_part_stays_and_its_counts_are_the_answer(run: str) -> None:
    first = manifest.commit(run, "edit", 0, [ok(0), ok(1)], seconds=1.0)
    manifest.keep(run, "edit", 0, 0, [ok(0)])
    bad = [row(n, outcome="model_error", code="e", message="m", attempts=1) for n in (0, 1)]
    assert manifest.commit(run, "edit", 0, bad, seconds=9.0) == first == manifest.footer(run, "edit", 0)
    assert [record["outcome"] for record in manifest.read_part(run, "edit", 0)] == ["ok", "ok"]
    assert manifest.kept(run, "edit", 0) == []


def test_every_column_is_documented_once_and_scores_are_the_scorers() -> None:
    names = [column.name for column in COLUMNS]
    assert len(names) == len(set(names))
    assert all(column.about and not column.about.endswith(".") for column in COLUMNS)
    assert {c.name for c in COLUMNS if c.step == "score"} == set(NAMES)


def test_committed_part_has_the_schema_and_its_counts_in_the_footer(run: str) -> None:
    manifest.commit(run, "score", 1, [ok(2, lpips=0.25), ok(3)], seconds=1.5)
    assert manifest.committed(run, "score") == {1}
    assert manifest.footer(run, "score", 1) == {"rows": 2, "seconds": 1.5, "ok": 2}
    assert [r["lpips"] for r in manifest.read_part(run, "score", 1)] == [0.25, None]
    assert manifest.read_step(run, "score").schema == schema("score").remove_metadata()


def test_a_column_nobody_documented_is_refused(run: str) -> None:
    with pytest.raises(ValueError, match=r"\['sharpness'\].*COLUMNS"):
        manifest.commit(run, "score", 0, [ok(0, sharpness=1.0)])


def test_kept_batches_survive_and_torn_ones_count_as_absent(run: str) -> None:
    manifest.keep(run, "edit", 0, 0, [ok(0, engine="e")])
    manifest.keep(run, "edit", 0, 1, [ok(1, engine="e")])
    folder = storage.join(run, "edit", "part-00000.kept")
    whole = storage.read_bytes(storage.join(folder, "000001.arrow"))
    for torn in (whole[:-20], whole[:10], b""):
        storage.put(storage.join(folder, "000001.arrow"), torn)
        assert [r["row_id"] for r in manifest.kept(run, "edit", 0)] == [row(0)["row_id"]]
    assert manifest.committed(run, "edit") == set()
    manifest.commit(run, "edit", 0, [ok(0), ok(1)])
    assert manifest.kept(run, "edit", 0) == []


def test_books_balance_only_when_every_row_is_there_once(run: str) -> None:
    finish(run)
    books = manifest.account(run)
    assert (books.planned, books.ok, books.balanced) == (4, 4, True)
    rewrite(run, "score", 1, [ok(2)])  # row 3 lost
    assert not manifest.account(run).balanced
    rewrite(run, "score", 1, [ok(2), ok(3), ok(3)])  # row 3 doubled
    assert not manifest.account(run).balanced


def test_merged_keeps_the_first_failure(run: str) -> None:
    finish(run)
    bad = row(1, outcome="bad_input", code="empty_file", message="The file has no content.", attempts=1)
    skip = row(1, outcome="skipped", code="empty_file", message="The file has no content.", attempts=0)
    rewrite(run, "ingest", 0, [ok(0), bad])
    for step in STEPS[1:]:
        rewrite(run, step, 0, [ok(0), skip])
    rows = manifest.merged(run).to_pylist()
    assert [(r["outcome"], r["failed_step"]) for r in rows[:2]] == [("ok", ""), ("bad_input", "ingest")]
    books = manifest.account(run)
    assert (books.ok, books.skipped, books.failed) == (3, 0, 1)
    assert books.codes == {"bad_input/empty_file": 1}


def test_merged_of_an_unfinished_night_has_nulls(run: str) -> None:
    finish(run, ("ingest",))
    merged = manifest.merged(run)
    assert merged.num_rows == 4
    assert merged["route"].null_count == 4
    assert pa.types.is_string(merged.schema.field("outcome").type)


def test_parts_written_before_a_column_existed_leave_it_empty(run: str) -> None:
    finish(run)
    for shard in (0, 1):
        path = manifest.part_path(run, "segment", shard)
        old = pq.read_table(io.BytesIO(storage.read_bytes(path))).drop_columns(["mask_disagreement"])
        sink = io.BytesIO()
        pq.write_table(old, sink)
        storage.put(path, sink.getvalue())
    assert manifest.merged(run)["mask_disagreement"].to_pylist() == [None] * 4
    assert manifest.account(run).balanced
