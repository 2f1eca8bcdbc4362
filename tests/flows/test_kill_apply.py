"""Kill the process at any write while it applies decisions; whoever comes next delivers what people decided."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from catalogue import write_campaign
from killed import counted
from test_apply import DOUBTED, apply, decide, night
from test_kill import MOMENTS, die

from editcore import storage


@pytest.fixture(scope="module")
def decided(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished night of which two pictures are approved and one is rejected; nothing of it is applied."""
    home = tmp_path_factory.mktemp("decided")
    night(home)
    decide(home, "mug-0", "approve")
    decide(home, "mug-1", "reject")
    decide(home, "mug-2", "approve")
    return home


def twin(decided: Path, home: Path) -> Path:
    """A copy of it, with its own name in it."""
    shutil.copytree(decided / "out", home / "out")
    run = home / "out" / "runs" / "tonight" / "run.json"
    run.write_text(run.read_text().replace(f"{decided}/out", f"{home}/out"))
    source = {"folder": str(decided / "photos")}
    return write_campaign(home, source=source, profile=str(decided / "standin.yaml"), **DOUBTED)


def delivered(home: Path) -> dict[str, bytes]:
    """Everything that people and machines take from the output, but for the page with its times."""
    out = home / "out"
    found = {str(file.relative_to(out)): file.read_bytes() for file in out.rglob("*") if file.is_file()}
    return {name: data for name, data in found.items() if not name.startswith("runs/") and name not in TIMED}


TIMED = {"report.html", "checksums.sha256", "_SUCCESS"}


@pytest.fixture(scope="module")
def undisturbed(decided: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, int]:
    """The same applied, and how many writes that took."""
    home = tmp_path_factory.mktemp("undisturbed")
    twin(decided, home)
    with counted() as writes:
        assert apply(home).state == "finished"
    return home, len(writes)


def killed_at(number: int, decided: Path, home: Path, undisturbed: tuple[Path, int]) -> None:
    whole, writes = undisturbed
    assert number < writes
    campaign = twin(decided, home)
    die(campaign, number, MOMENTS[number % 3], "apply")
    nothing_begun = number == 0  # then the night is finished still, and a run has nothing to do
    source = {"folder": str(decided / "photos")}
    report = apply(home) if number % 2 or nothing_begun else night(home, source=source)
    assert report.good
    assert delivered(home) == delivered(whole)
    success = [json.loads((place / "out" / "_SUCCESS").read_text()) for place in (home, whole)]
    assert success[0]["decisions"] == success[1]["decisions"] == 3
    assert not list((home / "out").rglob(f"{storage.TEMPORARY}*"))
    assert apply(home).state == "nothing to do"


@pytest.mark.parametrize("part", range(4))
def test_killed_while_applying(
    part: int, decided: Path, tmp_path: Path, undisturbed: tuple[Path, int]
) -> None:
    killed_at(round(part * (undisturbed[1] - 1) / 3), decided, tmp_path, undisturbed)


@pytest.mark.faults
@pytest.mark.timeout(600)
def test_killed_at_every_write_of_it(decided: Path, tmp_path: Path, undisturbed: tuple[Path, int]) -> None:
    for number in range(undisturbed[1]):
        (tmp_path / str(number)).mkdir()
        killed_at(number, decided, tmp_path / str(number), undisturbed)
