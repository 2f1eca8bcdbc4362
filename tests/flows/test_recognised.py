from __future__ import annotations

from pathlib import Path

import pytest
from catalogue import write_campaign

from editcore.campaign import load_campaign
from flows import night, tonight


def test_a_night_is_recognised_without_making_its_rows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    campaign = load_campaign(write_campaign(tmp_path))
    first = night.run_night(campaign, say=lambda _: None)
    with monkeypatch.context() as patch:
        patch.setattr(tonight, "list_items", lambda *_: pytest.fail("made the rows of a finished night"))
        found = night.finished_already(campaign, None, None, None, lambda _: None)
        assert found and (found.state, found.night) == ("nothing to do", first.night)
        assert night.run_night(campaign, say=lambda _: None).state == "nothing to do"
    other = load_campaign(write_campaign(tmp_path, limits={"max_pixels": 10_000}))
    assert night.finished_already(other, None, None, None, lambda _: None) is None
    (tmp_path / "photos" / "mug-0.png").unlink()
    assert night.finished_already(campaign, None, None, None, lambda _: None) is None
    assert night.run_night(campaign, say=lambda _: None).summary["deleted_sources"] == 1
