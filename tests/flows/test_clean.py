"""Old nights go, and whatever a kept night shows or carries stays."""

from __future__ import annotations

from pathlib import Path

import pytest
from catalogue import RECIPES, write_pictures
from PIL import Image
from test_night import go, log
from typer.testing import CliRunner
from web_server import Server, body, picture

from editcore import manifest, storage
from editcore.lease import lease
from editcore.spare import needed_nights
from flows import cli

__all__ = ["log"]


def vitrine(*arguments: object) -> tuple[int, str]:
    answer = CliRunner().invoke(cli.app, [str(argument) for argument in arguments])
    return answer.exit_code, answer.output


def test_nights_that_nobody_needs_go(tmp_path: Path, log: Path) -> None:
    out = tmp_path / "out"
    write_pictures(tmp_path / "photos", good=1)
    names = []
    for colour in ("red", "green", "blue"):
        Image.new("RGB", (40, 40), colour).save(tmp_path / "photos" / f"{colour}.png")
        if names:
            (tmp_path / "photos" / "red.png").unlink(missing_ok=True)
            Image.new("RGB", (40, 40), (len(names), 0, 0)).save(tmp_path / "photos" / "changed.png")
        names.append(go(tmp_path, recipes=RECIPES[:1]).night)
    (out / "runs" / "half-planned").mkdir()
    delivered = {file: file.read_bytes() for file in out.rglob("*__*.png")}

    code, said = vitrine("clean", out, "--keep", 1, "--dry-run")
    assert (code, len(list((out / "runs").iterdir()))) == (0, 4)
    assert "would remove 1 nights: half-planned" in said, "each of the others made a picture that is shown"
    with lease(str(out)):
        assert vitrine("clean", out)[0] == cli.Exit.REFUSED
    assert vitrine("clean", out, "--keep", 0)[0] == cli.Exit.BAD_CAMPAIGN

    (tmp_path / "photos" / "mug-0.png").unlink()
    Image.new("RGB", (40, 40), "white").save(tmp_path / "photos" / "green.png")
    for file in (tmp_path / "photos").glob("weiß*"):
        file.unlink()
    for name in ("notes.jpg", "empty.png"):
        (tmp_path / "photos" / name).unlink()
    last = go(tmp_path, recipes=RECIPES[:1])
    assert vitrine("clean", out, "--keep", 1)[0] == 0
    assert [night.name for night in needed_nights(str(out), 1)] == [names[2], last.night]
    assert {file.name for file in (out / "runs").iterdir()} == {names[2], last.night}
    there = {file: data for file, data in delivered.items() if file.exists() and "green" not in file.name}
    assert len(there) == 2 and all(file.read_bytes() == data for file, data in there.items())
    rows = manifest.merged(last.path).to_pylist()
    for row in rows:
        place = row["image_path"]
        assert (out / place if place.startswith("runs/") else Path(last.path) / place).exists()
    assert go(tmp_path, recipes=RECIPES[:1]).state == "nothing to do"


@pytest.mark.parametrize("keep", [1, 2])
def test_copies_of_the_web_stay_with_the_nights_made_from_them(
    keep: int, web: Server, tmp_path: Path, log: Path
) -> None:
    web.pages["/a.png"], web.pages["/b.png"] = body(picture("red")), body(picture("blue"))
    (tmp_path / "list.txt").write_text("\n".join([web.url("/a.png"), web.url("/b.png")]))
    source = {"urls": "list.txt", "download": {"allow": ["127.0.0.0/8"]}}
    go(tmp_path, source=source, recipes=RECIPES[:1])
    web.pages["/b.png"] = body(picture("green"))
    go(tmp_path, source=source, recipes=RECIPES[:1])
    out = str(tmp_path / "out")
    copies = [e for e in storage.walk(f"{out}/downloads") if e["inner"] != "index.parquet"]
    assert len(copies) == 3
    assert vitrine("clean", out, "--keep", keep)[0] == 0
    left = [e for e in storage.walk(f"{out}/downloads") if e["inner"] != "index.parquet"]
    assert len(left) == 3, "the first night is kept: it made a picture that is shown"
    web.pages["/a.png"] = body(picture("white"))
    go(tmp_path, source=source, recipes=RECIPES[:1])
    assert vitrine("clean", out, "--keep", keep)[0] == 0
    left = [e for e in storage.walk(f"{out}/downloads") if e["inner"] != "index.parquet"]
    assert len(left) == {1: 3, 2: 4}[keep]
