"""The page over HTTP: who comes in, what a post needs, what the answers say."""

from __future__ import annotations

import io
import uuid
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from PIL import Image

from editcore.campaign import CampaignError
from editcore.review.app import HEADERS, build
from editcore.review.desk import Desk
from editcore.review.door import LinkDoor, ProxyDoor, load_people

from .conftest import SECRET, Quiet, application, headers


def client(desk: Desk, name: str = "anna") -> TestClient:
    return TestClient(application(desk), headers=headers(name))


def token(page: TestClient) -> dict[str, str]:
    from editcore.review.door import Tokens

    text = page.get("/").text
    start = text.index('"token": "') + len('"token": "')
    assert Tokens
    return {"X-Vitrine-Token": text[start : start + 64]}


def row_of(page: TestClient, place: int = 0) -> dict[str, Any]:
    found: dict[str, Any] = page.get("/queue", params={"order": "sku"}).json()["rows"][place]
    return found


def decision(row: dict[str, Any], **more: Any) -> dict[str, Any]:
    seen = {name: row[name] for name in ("row_id", "picture", "last")}
    return {"id": uuid.uuid4().hex, "verdict": "approve", "rows": [seen], "seconds": 2.5, **more}


def test_strangers_and_forged_names_stay_outside(desk: Desk) -> None:
    outside = TestClient(application(desk))
    assert outside.get("/health").text == "ok\n"
    for forged in (
        {},
        {"X-Forwarded-User": "anna"},
        {**headers("anna"), "X-Vitrine-Proxy": "wrong"},
        headers("mallory"),
    ):
        for path in ("/", "/queue", "/state", "/pictures/x/after?picture=y"):
            answer = outside.get(path, headers=forged)
            assert answer.status_code == 401, path
            assert (
                HEADERS.items() <= dict(answer.headers.items()).items()
                or answer.headers["Content-Security-Policy"]
            )
        assert outside.post("/decisions", json={}, headers=forged).status_code == 401


def test_a_page_that_started_again_takes_what_was_under_way(desk: Desk, output: Path) -> None:
    page = client(desk)
    right, row = token(page), row_of(page)
    again = client(Desk(str(output)))
    assert again.post("/decisions", json=decision(row), headers=right).json() == {"entry": 1, "unapplied": 1}


def test_a_post_needs_the_page_s_token_and_a_length(desk: Desk) -> None:
    page = client(desk)
    row = row_of(page)
    assert page.post("/decisions", json=decision(row)).status_code == 403
    assert (
        "reload"
        in page.post("/decisions", json=decision(row), headers=token(client(desk, "bertha"))).json()["detail"]
    )
    right = token(page)
    assert page.post("/decisions", content=iter([b"{}"]), headers=right).status_code == 411
    assert page.post("/decisions", content=b" " * (9 << 20), headers=right).status_code == 413
    assert desk.journal.book.last == 0


def test_decide_undo_and_what_the_answers_say(desk: Desk) -> None:
    page = client(desk)
    right, row = token(page), row_of(page)
    sent = decision(row, verdict="reject", reasons=["edge"], again=True, words="make it navy")
    for _ in range(2):  # an answer that was lost
        assert page.post("/decisions", json=sent, headers=right).json() == {"entry": 1, "unapplied": 1}
    late = page.post("/decisions", json=decision(row), headers=right)
    assert (late.status_code, late.json()["rows"]) == (409, [row["row_id"]])
    wrong = page.post("/decisions", json=decision(row_of(page), verdict="reject"), headers=right)
    assert (wrong.status_code, wrong.json()["detail"]) == (
        422,
        "found a rejection without a reason, expected at least one",
    )
    wrong = page.post("/decisions", json=decision(row_of(page), colour="red"), headers=right)
    assert (wrong.status_code, wrong.json()["detail"]) == (422, "colour: Extra inputs are not permitted")
    undone = page.post("/undo", json={"id": uuid.uuid4().hex, "entry": 1}, headers=right).json()
    assert undone == {"entry": 2, "unapplied": 0, "rows": [row["row_id"]]}
    viewer = client(desk, "carl")
    assert viewer.post("/decisions", json=decision(row_of(page)), headers=token(viewer)).status_code == 403
    assert viewer.post("/apply", json={}, headers=token(viewer)).status_code == 403
    assert page.get("/state").json() == {"journal": 2, "unapplied": 0, "applying": False, "text": ""}


def test_approve_all_and_hold(desk: Desk) -> None:
    page, other = client(desk), client(desk, "bertha")
    row = row_of(page)
    assert page.post("/hold", json={"row_id": row["row_id"]}, headers=token(page)).json() == {"held_by": None}
    held = other.post("/hold", json={"row_id": row["row_id"]}, headers=token(other))
    assert (held.status_code, held.json()["held_by"]) == (409, "anna")
    post = {"id": uuid.uuid4().hex, "view": "waiting", "total": 6, "journal": 0}
    assert other.post("/decisions/all", json=post, headers=token(other)).status_code == 403
    assert page.post("/decisions/all", json=post, headers=token(page)).json() == {
        "entry": 1,
        "unapplied": 6,
        "count": 6,
    }


def test_pictures_by_row_kind_and_size(desk: Desk, output: Path) -> None:
    page = client(desk)
    row = row_of(page)
    for kind in row["kinds"]:
        for side, kind_of_file in ((320, "WEBP"), (0, "PNG")):
            answer = page.get(
                f"/pictures/{row['row_id']}/{kind}", params={"picture": row["picture"], "side": side}
            )
            assert Image.open(io.BytesIO(answer.content)).format == kind_of_file
            assert answer.headers["Cache-Control"] == "private, max-age=86400"
    full = page.get(f"/pictures/{row['row_id']}/after", params={"picture": row["picture"], "side": 0}).content
    assert full == (output / row["picture"]).read_bytes()
    for path in (
        f"/pictures/{row['row_id']}/after?picture=runs/other.png",
        f"/pictures/{row['row_id']}/after?picture={row['picture']}&side=5000",
        f"/pictures/ffffffffffffffff/after?picture={row['picture']}",
    ):
        assert page.get(path).status_code == 404
    (output / row["picture"]).unlink()
    gone = page.get(f"/pictures/{row['row_id']}/after", params={"picture": row["picture"], "side": 1600})
    assert (gone.status_code, gone.json()["detail"]) == (404, "The picture 'after' of this row is gone.")


def test_names_from_outside_do_not_become_markup(desk: Desk) -> None:
    text = client(desk).get("/").text
    assert "<script>alert" not in text and "Spring range" in text


def test_the_link_works_once_as_a_key_and_then_by_cookie(desk: Desk) -> None:
    door = LinkDoor("anna", 8090)
    page = TestClient(build(desk, door, Quiet()), follow_redirects=False)  # type: ignore[arg-type]
    assert page.get("/").status_code == page.get("/?key=guess").status_code == 401
    came = page.get(f"/?key={door.key}")
    assert (came.status_code, came.headers["location"]) == (303, "/")
    assert (
        "HttpOnly" in came.headers["set-cookie"] and "samesite=strict" in came.headers["set-cookie"].lower()
    )
    assert page.get("/").status_code == 200
    assert page.get("/queue").json()["total"] == 6


def test_who_may_come_in_is_checked_at_the_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from flows.review import door_of

    people = tmp_path / "people.yaml"
    people.write_text("anna: approver\n'*': viewer\n")
    assert load_people(people) == {"anna": "approver", "*": "viewer"}
    assert isinstance(door_of("127.0.0.1", 8090, None, None), LinkDoor)
    monkeypatch.setenv("VITRINE_PROXY_SECRET", SECRET)
    door = door_of("0.0.0.0", 8090, people, "X-Forwarded-User")
    assert isinstance(door, ProxyDoor)
    stranger = door.who({"X-Forwarded-User": "zoe", "X-Vitrine-Proxy": SECRET}, {})
    assert stranger is not None and stranger.role == "viewer"
    for host, given, header, problem in (
        ("0.0.0.0", None, None, "put a proxy with sign-in before it"),
        ("127.0.0.1", people, None, "--user-header and --people belong together"),
        ("127.0.0.1", tmp_path / "none.yaml", "X", "cannot be read"),
    ):
        with pytest.raises(CampaignError, match=problem):
            door_of(host, 8090, given, header)
    people.write_text("anna: queen\n")
    with pytest.raises(CampaignError, match="found 'anna': 'queen', expected a name and one of viewer"):
        load_people(people)
    people.write_text("anna: viewer\n")
    monkeypatch.setenv("VITRINE_PROXY_SECRET", "short")
    with pytest.raises(CampaignError, match="of 16 or more characters"):
        door_of("0.0.0.0", 8090, people, "X-Forwarded-User")
