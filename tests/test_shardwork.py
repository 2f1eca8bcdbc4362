from __future__ import annotations

import errno
import json
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from editcore import attempts, manifest, shardwork, storage
from editcore.attempts import Memory
from editcore.columns import Row
from editcore.figures import Figures
from editcore.images import BadImage
from editcore.shardwork import NightStopped, StormWatch, work_shard

LIMITS = {"attempts": 3, "storm_window": 8, "storm_share": 0.5}


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attempts, "BACK_OFF", 0.0)


@pytest.fixture
def run(tmp_path: Path) -> str:
    """A night of one shard with ten rows."""
    path = str(tmp_path)
    rows = [{"row_id": str(n), "item_id": f"i{n}", "recipe_id": "r", "shard": 0} for n in range(10)]
    manifest.commit(path, "plan", 0, rows)
    info = {"night": "n", "planned": 10, "fingerprint": {"settings": {"limits": LIMITS}}}
    storage.put(storage.join(path, "run.json"), json.dumps(info).encode())
    shardwork.reset(path)
    return path


def work_of(seen: list[str], fail: Callable[[str, int], Exception | None]) -> Any:
    """Work that logs rows and raises what ``fail(row_id, batch size)`` gives."""

    def work(batch: list[Row]) -> Sequence[Row | Exception]:
        for row in batch:
            if error := fail(row["row_id"], len(batch)):
                raise error
        seen.extend(row["row_id"] for row in batch)
        return [{"width": 1} for _ in batch]

    return work


def outcomes(run: str) -> list[tuple[str, str, int]]:
    return [(r["outcome"], r["code"], r["attempts"]) for r in manifest.read_part(run, "ingest", 0)]


def test_one_bad_row_costs_its_batch_nothing(run: str) -> None:
    def fail(row_id: str, size: int) -> Exception | None:
        return BadImage("corrupt", "The PNG file is damaged.") if row_id == "5" else None

    counts = work_shard(run, "ingest", 0, work_of([], fail), 4)
    assert counts["ok"], counts["bad_input"] == (9, 1)
    assert [row[0] for row in outcomes(run)] == ["ok"] * 5 + ["bad_input"] + ["ok"] * 4
    assert outcomes(run)[5][1] == "corrupt"


def test_a_full_disk_is_no_row_s_fault(run: str) -> None:
    seen: list[str] = []

    def fail(row_id: str, size: int) -> Exception | None:
        return OSError(errno.ENOSPC, "No space left on device") if row_id == "5" else None

    with pytest.raises(OSError, match="No space left on device; make room"):
        work_shard(run, "ingest", 0, work_of(seen, fail), 2)
    assert seen == ["0", "1", "2", "3"], "and the rows after it are not tried"
    work_shard(run, "ingest", 0, work_of(seen, lambda *_: None), 2)
    assert outcomes(run) == [("ok", "", 1)] * 10
    assert len(seen) == 10


def test_what_speaks_against_a_batch_is_asked_before_each(run: str) -> None:
    seen: list[str] = []
    shardwork.before_batches[run] = lambda: "taken over" if len(seen) >= 4 else ""
    with pytest.raises(shardwork.NightStopped, match="taken over"):
        work_shard(run, "ingest", 0, work_of(seen, lambda *_: None), 2)
    assert (seen, shardwork.halted(run)) == (["0", "1", "2", "3"], "taken over")
    shardwork.reset(run)
    assert work_shard(run, "ingest", 0, work_of(seen, lambda *_: None), 2)["ok"] == 10


def test_retryable_rows_are_tried_again_and_not_for_ever(run: str) -> None:
    tries: dict[str, int] = {}

    def fail(row_id: str, size: int) -> Exception | None:
        tries[row_id] = tries.get(row_id, 0) + 1
        if row_id == "2":
            return ConnectionError("the store said 503")
        return TimeoutError("slow") if row_id == "7" and tries["7"] < 2 else None

    work_shard(run, "ingest", 0, work_of([], fail), 1)
    assert outcomes(run)[2] == ("retryable", "storage", 3)
    assert outcomes(run)[7] == ("ok", "", 2)
    assert tries["2"] == 3


def test_a_batch_too_big_for_memory_is_done_row_by_row(run: str) -> None:
    seen: list[str] = []
    work_shard(run, "ingest", 0, work_of(seen, lambda _, n: MemoryError() if n > 1 else None), 5)
    assert seen == [str(n) for n in range(10)]
    assert {row[0] for row in outcomes(run)} == {"ok"}


def test_a_failed_row_flows_on_as_skipped_with_its_code(run: str) -> None:
    fail = {"3": BadImage("empty_file", "The file has no content.")}
    work_shard(run, "ingest", 0, work_of([], lambda row, _: fail.get(row)), 2)
    seen: list[str] = []

    def segment(batch: list[Row]) -> list[Row]:
        seen.extend(row["row_id"] for row in batch)
        assert all(row["width"] == 1 for row in batch), "columns of earlier steps are there"
        return [{"mask_area": 0.5} for _ in batch]

    work_shard(run, "segment", 0, segment, 3)
    record = manifest.read_part(run, "segment", 0)[3]
    assert (record["outcome"], record["code"], record["attempts"]) == ("skipped", "empty_file", 0)
    assert "3" not in seen


def test_kept_batches_are_not_done_again_and_failed_rows_in_them_are(run: str) -> None:
    first: list[str] = []

    def dies(row_id: str, size: int) -> Exception | None:
        if row_id == "6":
            raise KeyboardInterrupt  # nothing in the product catches it: as good as a kill
        return RuntimeError("driver lost") if row_id == "1" else None

    with pytest.raises(KeyboardInterrupt):
        work_shard(run, "ingest", 0, work_of(first, dies), 2)
    second: list[str] = []
    work_shard(run, "ingest", 0, work_of(second, lambda *_: None), 2)
    assert second == ["1", "6", "7", "8", "9"]
    assert {row[0] for row in outcomes(run)} == {"ok"}
    third: list[str] = []
    work_shard(run, "ingest", 0, work_of(third, lambda *_: None), 2)
    assert third == []


def test_results_that_do_not_match_the_rows_are_our_error(run: str) -> None:
    work_shard(run, "ingest", 0, lambda batch: [{"width": 1}] * min(3, len(batch)), 5)
    assert {row[0] for row in outcomes(run)} == {"ok"}, "each row alone has one result"
    with pytest.raises(NightStopped, match="found 2 results for 1 rows"):
        work_shard(run, "segment", 0, lambda batch: [{}] * (len(batch) + 1), 5)


def test_an_error_storm_stops_the_night_before_it_is_committed(run: str) -> None:
    work = work_of([], lambda row, _: RuntimeError("no kernel image") if int(row) > 2 else None)
    with pytest.raises(NightStopped, match=r"of the last 8 rows failed with RuntimeError.*no kernel image"):
        work_shard(run, "ingest", 0, work, 2)
    assert manifest.committed(run, "ingest") == set()
    with pytest.raises(NightStopped):
        work_shard(run, "ingest", 0, work_of([], lambda *_: None), 2)
    shardwork.reset(run)
    seen: list[str] = []
    work_shard(run, "ingest", 0, work_of(seen, lambda *_: None), 2)
    assert set(seen) >= {"3", "4", "5", "6", "7", "8", "9"}
    assert {row[0] for row in outcomes(run)} == {"ok"}


def test_customers_bad_pictures_are_no_storm(run: str) -> None:
    work_shard(run, "ingest", 0, work_of([], lambda *_: BadImage("truncated", "It ends early.")), 3)
    assert {row[1] for row in outcomes(run)} == {"truncated"}


def test_storm_needs_a_full_window_and_one_code() -> None:
    from editcore.outcomes import Outcome, Verdict

    def broken(code: str) -> Verdict:
        return Verdict(Outcome.MODEL_ERROR, code, code)

    watch = StormWatch(window=4, share=0.5)
    assert not watch.see([broken("a")] * 3)
    assert not StormWatch(4, 0.5).see([broken("a"), broken("a"), broken("b"), broken("b")])
    assert "3 of the last 4" in StormWatch(4, 0.5).see([Verdict(), *[broken("a")] * 3])


def test_rows_are_done_by_groups_and_the_part_keeps_their_order(run: str) -> None:
    batches: list[list[str]] = []

    def work(batch: list[Row]) -> list[Row]:
        batches.append([row["row_id"] for row in batch])
        return [{"width": int(row["row_id"])} for row in batch]

    work_shard(run, "ingest", 0, work, 3, group=lambda row: "even" if int(row["row_id"]) % 2 == 0 else "odd")
    assert batches == [["0", "2", "4"], ["6", "8"], ["1", "3", "5"], ["7", "9"]]
    assert [row["width"] for row in manifest.read_part(run, "ingest", 0)] == list(range(10))


def test_two_batches_are_in_hand_at_once(run: str) -> None:
    meet = threading.Barrier(2, timeout=60)

    def work(batch: list[Row]) -> list[Row]:
        meet.wait()
        return [{"width": 1} for _ in batch]

    counts = work_shard(run, "ingest", 0, work, 1, lanes=2)
    assert counts["ok"] == 10


def test_an_error_of_the_program_in_one_lane_stops_the_other(run: str) -> None:
    seen: list[str] = []

    def dies(row_id: str, size: int) -> Exception | None:
        if row_id == "0":
            raise KeyboardInterrupt
        return None

    with pytest.raises(KeyboardInterrupt):
        work_shard(run, "ingest", 0, work_of(seen, dies), 1, lanes=2)
    assert len(seen) < 9
    assert manifest.committed(run, "ingest") == set()


def test_memory_is_met_in_steps_and_each_is_counted(run: str) -> None:
    offloaded: list[bool] = []

    def offload() -> bool:
        offloaded.append(True)
        return len(offloaded) == 1

    seen: list[str] = []

    def fail(row_id: str, size: int) -> Exception | None:
        too_big = size > 1 or not offloaded or row_id == "7"
        return RuntimeError("DefaultCPUAllocator: can't allocate memory") if too_big else None

    counts = work_shard(run, "ingest", 0, work_of(seen, fail), 4, memory=Memory(Figures(), offload))
    assert counts["figures"] == {"batches_halved": 2, "models_offloaded": 1, "rows_retried": 1}
    assert (counts["ok"], counts["model_error"]) == (9, 1)
    assert outcomes(run)[7] == ("model_error", "out_of_memory", 2), (
        "alone, as the shard has learnt, and once more"
    )
    assert outcomes(run)[0] == ("ok", "", 4), "4, 2 and 1 rows, and offloaded"
    assert seen == [str(n) for n in range(10) if n != 7]
