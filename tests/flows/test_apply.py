"""Decisions applied: what lies in the folders afterwards, what the next night makes again, and a kill in between."""

from __future__ import annotations

import json
import threading
import time
import uuid
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet as pq
import pytest
from catalogue import RECIPES
from test_incremental import edits
from test_night import go, log

from editcore import storage
from editcore.decisions import Journal
from editcore.manifest import Damaged
from editcore.night import NightRefused
from editcore.review.desk import Desk, Person, Seen
from editcore.review.line import Filter
from flows import apply as applying
from flows.apply import apply_decisions
from flows.night import NightFailed, Report
from flows.review import HandOver, hand_over_of

__all__ = ["log"]
ANNA = Person("anna", "approver")
DOUBTED: dict[str, Any] = {"recipes": RECIPES[:1], "thresholds": {"min_region_change": 50}}
"""Everything goes to people: the stand-in's edits change less than that."""


def night(home: Path, name: str = "tonight", **changes: Any) -> Report:
    return go(home, name=name, **{**DOUBTED, **changes})


def decide(home: Path, sku: str, verdict: str, **more: Any) -> int:
    desk = Desk(str(home / "out"))
    found = desk.look(ANNA, Filter(view=more.pop("view", "waiting"), find=sku), 0, 10)["rows"]
    seen = [Seen(row["row_id"], row["picture"], row["last"]) for row in found if row["sku"] == sku]
    reasons = ["edge", "other"] if verdict == "reject" else []
    fields = {"verdict": verdict, "reasons": reasons, "id": uuid.uuid4().hex, **more}
    return desk.decide(ANNA, seen, **fields)


def apply(home: Path) -> Report:
    return apply_decisions(str(home / "out"), lambda line: None)


def files(home: Path, folder: str) -> set[str]:
    return {name.split("__")[0] for name in storage.listing(str(home / "out" / folder), ".png")}


def manifest_of(home: Path) -> pd.DataFrame:
    return pq.read_table(home / "out" / "manifest.parquet").to_pandas().set_index("sku")


def success(home: Path) -> dict[str, Any]:
    return dict(json.loads((home / "out" / "_SUCCESS").read_text()))


def test_approved_pictures_go_out_and_rejected_ones_do_not(tmp_path: Path, log: Path) -> None:
    night(tmp_path)
    made = edits(log)
    assert (made, files(tmp_path, "publish")) == (6, set())
    decide(tmp_path, "mug-0", "approve", note="lovely")
    decide(tmp_path, "mug-1", "reject", note="too dark")
    said: list[str] = []
    assert go(tmp_path, said, name="tonight", **DOUBTED).state == "nothing to do"
    assert (
        said[-1]
        == "people have decided on pictures since: deliver it as they did with `vitrine apply OUTPUT`"
    )
    report = apply(tmp_path)
    assert (report.state, report.good, report.summary["decided"]) == (
        "finished",
        True,
        {"approve": 1, "reject": 1},
    )
    assert (files(tmp_path, "publish"), files(tmp_path, "review"), edits(log)) == ({"mug-0"}, set(), 0)
    rows = manifest_of(tmp_path)
    assert rows.loc["mug-0", ["route", "routed", "decision", "decided_by"]].tolist() == [
        *("publish", "rework", "approve", "anna")
    ]
    assert rows.loc["mug-0", "reason"] == "Approved by anna. lovely"
    assert rows.loc["mug-1", "reason"] == "Rejected by anna: edge or halo, other. too dark"
    assert rows.loc["mug-1", "decision_reasons"] == "edge other"
    assert rows.loc["mug-2", "decision"] is pd.NA or pd.isna(rows.loc["mug-2", "decision"])
    assert rows.loc["mug-0", "routed_because"].startswith("Next to nothing happened")
    kept = tmp_path / "out" / rows.loc["mug-0", "delivered_path"]
    assert (
        kept.read_bytes()
        == (tmp_path / "out" / "runs" / "tonight" / rows.loc["mug-0", "image_path"]).read_bytes()
    )
    assert success(tmp_path)["decisions"] == 2
    audit = pq.read_table(tmp_path / "out" / "decisions" / "decisions.parquet").to_pylist()
    assert [(line["by"], line["verdict"], line["undone"]) for line in audit] == [
        ("anna", "approve", False),
        ("anna", "reject", False),
    ]
    assert apply(tmp_path).state == "nothing to do"
    assert night(tmp_path).state == "nothing to do"  # the night's own identity is what it was


def test_decisions_outlive_the_night_and_end_with_the_picture(tmp_path: Path, log: Path) -> None:
    night(tmp_path)
    decide(tmp_path, "mug-0", "approve")
    decide(tmp_path, "mug-1", "reject")
    (tmp_path / "photos" / "mug-4.png").unlink()
    night(tmp_path, "next")  # delivers what was decided, too
    assert (edits(log), files(tmp_path, "publish")) == (6, {"mug-0"})
    assert manifest_of(tmp_path).loc["mug-1", "decision"] == "reject"
    photo = tmp_path / "photos" / "mug-0.png"
    photo.write_bytes((tmp_path / "photos" / "mug-2.png").read_bytes() + b"\0")
    night(tmp_path, "third")
    assert files(tmp_path, "publish") == set()  # nobody has seen what was made of the new photo


def test_a_spot_check_that_fails_is_taken_out(
    tmp_path: Path, log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("editcore.review.shown.SPOT_CHECKS", 0.9999)
    night(tmp_path, thresholds={"min_region_change": 5})
    assert "mug-3" in files(tmp_path, "publish")
    decide(tmp_path, "mug-3", "reject", view="checks")
    apply(tmp_path)
    assert "mug-3" not in files(tmp_path, "publish") and "mug-2" in files(tmp_path, "publish")


def test_what_is_sent_back_is_made_again_next_night_and_only_that(tmp_path: Path, log: Path) -> None:
    night(tmp_path)
    edits(log)
    decide(tmp_path, "mug-0", "reject", again=True, words="make it dark green")
    decide(tmp_path, "mug-1", "reject", again=True)
    before = manifest_of(tmp_path)
    apply(tmp_path)
    report = night(tmp_path, "next")
    rows = manifest_of(tmp_path)
    assert (report.summary["carried"], edits(log)) == (6, 2)  # four good ones and two that cannot be read
    assert rows.loc["mug-0", ["words", "attempt"]].tolist() == ["make it dark green", 2]
    assert rows.loc["mug-1", ["words", "attempt"]].tolist() == ["make it navy blue", 2]
    assert rows.loc["mug-2", "attempt"] == 1
    assert (rows["seed"] != before["seed"]).loc[["mug-0", "mug-1"]].all()  # other noise
    assert rows.loc["mug-0", "decision"] is pd.NA or pd.isna(rows.loc["mug-0", "decision"])  # it waits again
    assert night(tmp_path, "next").state == "nothing to do"
    decide(tmp_path, "mug-0", "reject", again=True)
    night(tmp_path, "third")
    assert manifest_of(tmp_path).loc["mug-0", ["words", "attempt"]].tolist() == ["make it dark green", 3]
    assert edits(log) == 1


def test_an_unfinished_night_ends_as_it_was_planned(
    tmp_path: Path, log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    night(tmp_path, "first")
    (tmp_path / "photos" / "mug-4.png").unlink()
    monkeypatch.setattr("editcore.delivery.publish.render_report", broken)
    with pytest.raises(NightFailed, match="disk on fire"):
        night(tmp_path, "second")
    monkeypatch.undo()
    decide_unseen(tmp_path, again=True)
    assert night(tmp_path, "second").state == "finished"
    assert manifest_of(tmp_path)["attempt"].max() == 1
    night(tmp_path, "third")
    assert manifest_of(tmp_path)["attempt"].max() == 2


def decide_unseen(home: Path, **more: Any) -> None:
    """Reject mug-0 while no delivery is complete, as a page that was open before would."""
    from editcore.decisions import Decide, Subject
    from editcore.decisions.entries import now

    row = manifest_of(home).loc["mug-0"]
    subject = Subject(row_id=row["row_id"], picture=f"runs/first/{row['image_path'].rsplit('first/')[-1]}")
    entry = Decide(
        id=uuid.uuid4().hex,
        by="anna",
        at=now(),
        night="first",
        verdict="reject",
        rows=[subject],
        reasons=["edge"],
        **more,
    )
    Journal.read(str(home / "out")).append(entry, lambda book: None)


def broken(*given: Any, **named: Any) -> str:
    raise OSError("disk on fire")


@pytest.mark.parametrize("command", ["apply", "run"])
def test_a_kill_while_applying_leaves_a_night_that_is_delivered_by_whoever_comes(
    tmp_path: Path, log: Path, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    night(tmp_path)
    decide(tmp_path, "mug-0", "approve")
    with monkeypatch.context() as patch:
        patch.setattr("editcore.delivery.publish.render_report", broken)
        with pytest.raises(NightFailed, match="disk on fire"):
            apply(tmp_path)
    assert not (tmp_path / "out" / "_SUCCESS").exists()
    report = apply(tmp_path) if command == "apply" else night(tmp_path)
    assert report.state == "finished" and report.summary["decided"] == {"approve": 1}
    assert files(tmp_path, "publish") == {"mug-0"} and success(tmp_path)["decisions"] == 1


def test_beside_a_night_that_was_only_begun_the_one_shown_is_delivered_also_after_a_kill(
    tmp_path: Path, log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    night(tmp_path, "first")
    night(tmp_path, "second", recipes=RECIPES)
    decide(tmp_path, "mug-0", "approve")
    (tmp_path / "photos" / "mug-4.png").unlink()
    with monkeypatch.context() as patch:
        patch.setattr("flows.night.run_steps", broken)
        with pytest.raises(NightFailed, match="disk on fire"):
            night(tmp_path, "third", recipes=RECIPES)
    with monkeypatch.context() as patch:
        patch.setattr("editcore.delivery.publish.render_report", broken)
        with pytest.raises(NightFailed, match="disk on fire"):
            apply(tmp_path)
    assert apply(tmp_path).night == success(tmp_path)["run"] == "second"
    assert "mug-0" in files(tmp_path, "publish")


def test_a_damaged_mark_of_success_is_named_and_made_anew(tmp_path: Path, log: Path) -> None:
    night(tmp_path)
    decide(tmp_path, "mug-0", "approve")
    mark = tmp_path / "out" / "_SUCCESS"
    mark.write_text("{")
    for work in (apply, night):
        with pytest.raises(
            (Damaged, NightFailed), match=r"_SUCCESS damaged .*; remove it, and `vitrine apply"
        ):
            work(tmp_path)
    mark.unlink()
    apply(tmp_path)
    assert (success(tmp_path)["decisions"], files(tmp_path, "publish")) == (1, {"mug-0"})


def test_nothing_to_apply_to(tmp_path: Path) -> None:
    with pytest.raises(NightRefused, match=r"found no night in .* that is routed to its end"):
        apply(tmp_path)


def test_handing_over_waits_until_people_are_quiet_and_tries_again(
    tmp_path: Path, log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    night(tmp_path)
    clock, answers = [1000.0], iter([NightRefused("busy"), None, None])
    done: list[float] = []

    def work() -> str:
        if error := next(answers):
            raise error
        done.append(clock[0])
        apply(tmp_path)
        return "Published."

    monkeypatch.setattr("flows.review.time.monotonic", lambda: clock[0])
    desk = Desk(str(tmp_path / "out"))
    hand_over = HandOver(desk, "about", work, quiet=120)

    def pass_time(seconds: float) -> tuple[bool, str]:
        clock[0] += seconds
        hand_over.look()
        return hand_over.state()

    assert hand_over.now() == "Everything that was decided is published already."
    decide(tmp_path, "mug-0", "approve")
    hand_over.decided()
    assert pass_time(119) == (False, "")
    decide(tmp_path, "mug-1", "approve")
    hand_over.decided()
    assert pass_time(119) == (False, "")
    assert pass_time(1) == (False, "Not published yet, it will be tried again: busy")
    assert pass_time(599)[1].startswith("Not published yet")
    assert pass_time(1) == (False, "")
    assert (len(done), files(tmp_path, "publish")) == (1, {"mug-0", "mug-1"})
    decide(tmp_path, "mug-2", "approve")  # at another page
    pass_time(0)
    assert pass_time(120) == (False, "") and len(done) == 2
    assert applying.success_of(str(tmp_path / "out"))["decisions"] == 3


def test_without_prefect_the_page_applies_by_itself(
    tmp_path: Path, log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PREFECT_API_URL", raising=False)
    night(tmp_path)
    desk = Desk(str(tmp_path / "out"))
    hand_over = hand_over_of(desk.output, desk, 120)
    assert hand_over.about == "Decisions are published 2 min after the last one."
    decide(tmp_path, "mug-0", "approve")
    assert hand_over.ask() == "Published; of this night's pictures 1 approved."
    assert (files(tmp_path, "publish"), desk.unapplied()) == ({"mug-0"}, 0)


def test_a_fault_while_publishing_is_said_and_the_page_goes_on(
    tmp_path: Path, log: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    night(tmp_path)
    desk = Desk(str(tmp_path / "out"))
    decide(tmp_path, "mug-0", "approve")
    broken_one = HandOver(desk, "about", lambda: str(1 // 0))
    monkeypatch.setattr("flows.review.PATIENCE", 60)
    assert broken_one.ask().startswith("Not published, by a fault that the page's log shows")
    assert "ZeroDivisionError" in broken_one.state()[1] and "1 // 0" in capsys.readouterr().err
    monkeypatch.setattr("flows.review.PATIENCE", 0.2)
    gate = threading.Event()
    slow = HandOver(desk, "about", lambda: "Published." if gate.wait(60) else "")
    assert slow.ask().startswith("It is being done") and slow.state()[0]
    assert slow.ask() == "It is being done."
    gate.set()
    until = time.monotonic() + 30
    while slow.state()[0] and time.monotonic() < until:
        time.sleep(0.01)
    assert slow.state() == (False, "Published.")
