"""What people see and may do at the desk, without HTTP."""

from __future__ import annotations

import json
import threading
import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from night_on_disk import Night

from editcore.delivery.publish import deliver
from editcore.review.desk import Conflict, Desk, Forbidden, Person, Seen
from editcore.review.holds import LASTS, Holds
from editcore.review.line import Filter
from editcore.review.tally import sentences, tally

from .conftest import night_of

ANNA, BERTHA, CARL = Person("anna", "approver"), Person("bertha", "reviewer"), Person("carl", "viewer")


def rows(desk: Desk, who: Person = ANNA, **wanted: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = desk.look(who, Filter(**wanted), 0, 100)["rows"]
    return found


def seen(row: dict[str, Any]) -> Seen:
    return Seen(row["row_id"], row["picture"], row["last"])


def decide(desk: Desk, who: Person, row: dict[str, Any], verdict: str = "approve", **more: Any) -> int:
    reasons = ["edge"] if verdict == "reject" else []
    return desk.decide(
        who, [seen(row)], **{"verdict": verdict, "reasons": reasons, "id": uuid.uuid4().hex, **more}
    )


def test_the_line_by_view_filter_and_order(desk: Desk) -> None:
    all_of_it = desk.look(ANNA, Filter(), 0, 2)
    assert (all_of_it["state"], all_of_it["total"], len(all_of_it["rows"])) == ("ready", 6, 2)
    assert all_of_it["counts"] == {"waiting": 6, "checks": 3, "decided": 0}
    assert all_of_it["recipes"] == ["mug-blue", "warm-studio"]
    assert [row["route"] for row in rows(desk)] == ["review"] * 4 + [
        "rework"
    ] * 2  # what waits for people first
    assert [row["sku"] for row in rows(desk, order="sku")] == [f"MUG-{n}" for n in range(6)]
    assert {row["sku"] for row in rows(desk, recipe="warm-studio")} == {"MUG-1", "MUG-3", "MUG-5"}
    assert [row["sku"] for row in rows(desk, find="mug-3")] == ["MUG-3"]
    assert [row["sku"] for row in rows(desk, view="checks", order="sku")] == ["OUT-0", "OUT-1", "OUT-2"]
    first = rows(desk, order="sku")[0]
    assert first["kinds"] == ["before", "after", "region", "mask", "raw"]
    assert (first["reason"], first["attempt"], first["decision"]) == ("look here", 1, None)
    assert any(score["label"] == "Colour error" for score in first["scores"])


def test_decisions_move_rows_and_undoing_brings_them_back(desk: Desk, output: Path) -> None:
    row = rows(desk, order="sku")[0]
    number = decide(desk, ANNA, row, "reject", note="too blue")
    assert desk.look(ANNA, Filter(), 0, 9)["counts"] == {"waiting": 5, "checks": 3, "decided": 1}
    (decided,) = rows(desk, view="decided")
    assert (decided["sku"], decided["decision"]["note"], decided["decision"]["entry"]) == (
        "MUG-0",
        "too blue",
        1,
    )
    assert (desk.unapplied(), Desk(str(output)).unapplied()) == (1, 1)
    assert desk.undo(ANNA, number, uuid.uuid4().hex) == (2, [row["row_id"]])
    assert rows(desk, order="sku")[0]["last"] == 2
    assert rows(desk, view="decided") == []


def test_two_people_cannot_decide_on_one_picture(desk: Desk, output: Path) -> None:
    other = Desk(str(output))  # a second page over the same output
    row = rows(desk)[0]
    decide(desk, ANNA, row)
    with pytest.raises(Conflict, match="anna has decided on it meanwhile") as refused:
        decide(other, BERTHA, row, "reject")
    assert refused.value.rows == [row["row_id"]]
    assert rows(other, view="decided")[0]["decision"]["by"] == "anna"
    with pytest.raises(Forbidden, match="anna decided that; approvers may undo"):
        other.undo(BERTHA, 1, uuid.uuid4().hex)
    again = rows(other, view="decided")[0]
    assert decide(other, BERTHA, again, "reject") == 2  # she saw what anna said
    with pytest.raises(Conflict, match="bertha has decided on it meanwhile"):
        desk.undo(ANNA, 1, uuid.uuid4().hex)


def test_many_people_at_once(tmp_path: Path) -> None:
    night_of(tmp_path / "out", waiting=60, size=24)
    desk = Desk(str(tmp_path / "out"))
    line, over = rows(desk), threading.Event()

    def work(number: int) -> list[int]:
        person = Person(f"reviewer-{number}", "reviewer")
        return [decide(desk, person, row) for row in line[number::4]]

    def watch(number: int) -> int:
        looks = 0
        while not over.is_set():
            desk.look(CARL, Filter(view="decided"), 0, 50), desk.unapplied(), desk.journal.book.again()
            looks += 1
        return looks

    with ThreadPoolExecutor(6) as pool:
        watching = [pool.submit(watch, number) for number in range(2)]
        numbers = [number for done in pool.map(work, range(4)) for number in done]
        over.set()
        assert all(one.result() for one in watching)
    assert sorted(numbers) == list(range(1, 61))
    assert desk.look(CARL, Filter(), 0, 1)["counts"] == {"waiting": 0, "checks": 3, "decided": 60}


def test_what_is_on_somebody_s_screen_is_theirs(desk: Desk) -> None:
    row = rows(desk)[0]
    assert desk.hold(ANNA, row["row_id"]) is None
    assert desk.hold(BERTHA, row["row_id"]) == "anna"
    assert rows(desk, BERTHA)[0]["held_by"] == "anna"
    assert rows(desk, ANNA)[0]["held_by"] is None
    with pytest.raises(Conflict, match="anna is looking at this picture"):
        decide(desk, BERTHA, row)
    desk.hold(ANNA, rows(desk)[1]["row_id"])  # she went on
    assert decide(desk, BERTHA, row) == 1


def test_holds_end_by_themselves() -> None:
    time = [0.0]
    holds = Holds(lambda: time[0])
    holds.take("x", "anna")
    time[0] = LASTS - 1
    assert holds.by_other("x", "bertha") == "anna"
    time[0] = LASTS + 1
    assert holds.take("x", "bertha") is None


def test_viewers_look_and_reviewers_do_not_approve_all(desk: Desk) -> None:
    row = rows(desk, CARL)[0]
    with pytest.raises(Forbidden, match="carl is viewer here; this takes the role reviewer"):
        decide(desk, CARL, row)
    with pytest.raises(Forbidden, match="bertha is reviewer here"):
        desk.approve_all(BERTHA, Filter(), 6, 0, uuid.uuid4().hex, 1.0)


def test_all_that_a_filter_shows_in_one_decision(desk: Desk) -> None:
    wanted, name = Filter(recipe="mug-blue"), uuid.uuid4().hex
    with pytest.raises(Conflict, match="there are 3 pictures now"):
        desk.approve_all(ANNA, wanted, 2, 0, name, 1.0)
    desk.hold(BERTHA, rows(desk, recipe="mug-blue")[0]["row_id"])
    assert desk.approve_all(ANNA, wanted, 3, 0, name, 1.0) == (1, 2)
    assert desk.approve_all(ANNA, wanted, 3, 0, name, 1.0) == (1, 2)  # sent again
    assert desk.look(ANNA, wanted, 0, 9)["counts"] == {"waiting": 1, "checks": 3, "decided": 2}
    assert len(desk.undo(ANNA, 1, uuid.uuid4().hex)[1]) == 2


def test_a_picture_is_made_again_four_times_at_most(tmp_path: Path) -> None:
    night = Night(tmp_path / "out")
    night.add("MUG-1", route="review", attempt=4)
    night.add("MUG-2", route="review", attempt=3)
    night.commit()
    deliver(str(night.root), f"runs/{night.run.name}")
    desk = Desk(str(night.root))
    spent, left = rows(desk, order="sku")
    with pytest.raises(ValueError, match="made 4 times, which is the most"):
        decide(desk, ANNA, spent, "reject", again=True)
    assert decide(desk, ANNA, spent, "reject") == 1
    assert decide(desk, ANNA, left, "reject", again=True, words="navy") == 2
    assert desk.journal.book.again() == {left["row_id"]: "navy"}


def test_another_delivery_is_noticed_and_another_picture_is_not_decided_on(desk: Desk, output: Path) -> None:
    row = rows(desk)[0]
    success = output / "_SUCCESS"
    told = success.read_text()
    success.unlink()  # a delivery is being made
    assert rows(desk)[0] == row
    success.write_text(json.dumps({**json.loads(told), "run": "2026-02-01"}))
    assert desk.shown().night == "2026-02-01"
    with pytest.raises(Conflict, match="There is another picture now"):
        decide(desk, ANNA, row)


def test_nights_delivered_before_anybody_could_decide(output: Path) -> None:
    old = pq.read_table(output / "manifest.parquet").drop_columns(["routed", "routed_because", "attempt"])
    pq.write_table(old, output / "manifest.parquet")
    (row, *_) = rows(Desk(str(output)), order="sku")
    assert (row["route"], row["reason"], row["attempt"]) == ("review", "look here", 1)


def test_before_the_first_night(tmp_path: Path) -> None:
    shown = Desk(str(tmp_path)).look(ANNA, Filter(), 0, 10)
    assert (shown["state"], shown["rows"], shown["counts"]["waiting"]) == ("empty", [], 0)


def test_what_reviews_say_about_a_night(desk: Desk) -> None:
    def said() -> list[str]:
        return sentences(tally(desk.output, desk.shown().night, desk.journal.book))

    assert said() == ["6 pictures wait for people, 0 are decided"]
    line, checks = rows(desk, order="sku"), rows(desk, view="checks", order="sku")
    decide(desk, ANNA, line[0], seconds=2.0)
    decide(desk, ANNA, line[1], seconds=4.0)
    decide(desk, ANNA, line[2], "reject", again=True, seconds=9.0)
    decide(desk, ANNA, checks[0])
    decide(desk, ANNA, checks[1], "reject")
    desk.undo(ANNA, decide(desk, ANNA, line[3]), uuid.uuid4().hex)
    assert said() == [
        "3 pictures wait for people, 3 are decided",
        "approved 2 of 3 (67%), 2 of them at the first attempt; 1 rejected ones are to be made again",
        "spot checks of what went out by itself: 1 of 2 rejected (50%)",
        "reasons: edge or halo 2",
        "a picture was looked at for 2.0 s (median)",
    ]
