"""A clock that goes back: nights keep the order in which they were planned. (Leases: ``test_lease``.)"""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest
from catalogue import RECIPES, write_campaign, write_pictures

from editcore.campaign import load_campaign, load_thresholds
from editcore.night import NightRefused, find_night, nights
from flows import tonight
from flows.night import Report, reroute, run_night


def go(home: Path) -> Report:
    campaign = write_campaign(home, recipes=RECIPES[:1])
    return run_night(load_campaign(campaign), say=lambda _: None)


@pytest.mark.parametrize("back", [timedelta(seconds=1), timedelta(days=400)])
def test_tonight_comes_after_last_night(
    back: timedelta, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    output = str(tmp_path / "out")
    write_pictures(tmp_path / "photos", good=1)
    first = go(tmp_path)

    class Earlier(datetime):
        @classmethod
        def now(cls, tz: object = None) -> datetime:
            return datetime.now() - back

    monkeypatch.setattr(tonight, "datetime", Earlier)
    (tmp_path / "photos" / "mug-0.png").write_bytes(b"another")
    second = go(tmp_path)
    assert [night.name for night in nights(output)] == [first.night, second.night]
    assert find_night(output).name == second.night
    assert second.summary["carried"] == 3
    assert go(tmp_path).state == "nothing to do"
    (tmp_path / "photos" / "mug-0.png").unlink()
    third = go(tmp_path)
    assert third.summary["deleted_sources"] == 1
    assert [night.name for night in nights(output)][-1] == third.night

    strict = tmp_path / "strict.yaml"
    strict.write_text("min_region_change: 50\n")
    with pytest.raises(NightRefused, match=f"found night {second.night}, but the output shows a later one"):
        reroute(output, second.night, load_thresholds(strict), say=lambda _: None)
    assert reroute(output, None, load_thresholds(strict), say=lambda _: None).night == third.night


def test_nights_of_other_time_zones_are_in_order(tmp_path: Path) -> None:
    """As on the night in which summer time ends: 2:59 comes before 2:01."""
    write_pictures(tmp_path / "photos", good=1)
    first = go(tmp_path)
    (tmp_path / "photos" / "mug-0.png").unlink()
    second = go(tmp_path)
    for report, created in ((first, "2026-10-25T02:59:00+02:00"), (second, "2026-10-25T02:01:00+01:00")):
        file = Path(report.path) / "run.json"
        text = file.read_text()
        was = find_night(str(tmp_path / "out"), report.night).info["created"]
        file.write_text(text.replace(was, created))
    assert find_night(str(tmp_path / "out")).name == second.night
