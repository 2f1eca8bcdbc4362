"""Settings files, and the command line over all of it."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from editcore.campaign import CampaignError
from editcore.training.pairs.settings import HERE, PairSettings, load_settings


@pytest.mark.parametrize("name", sorted(file.stem for file in HERE.glob("*.yaml")))
def test_settings_of_the_package_load_and_name_their_licence(name: str) -> None:
    assert load_settings(name).name == name and load_settings(name).licence


def test_wrong_settings_are_refused_field_by_field(tmp_path: Path) -> None:
    file = tmp_path / "s.yaml"
    file.write_text("name: x\nlicence: y\nside: 1\nwidth: 3\nsimilarity: {low: 0.9, high: 0.6}\n")
    with pytest.raises(CampaignError) as caught:
        load_settings(str(file))
    assert all(word in str(caught.value) for word in ("side", "width", "similarity", "low < high"))
    with pytest.raises(CampaignError, match="bundled"):
        load_settings("bundeld")


def test_other_weights_are_other_settings() -> None:
    bundled = load_settings("bundled").identity()
    assert len(bundled["clip_weights"]) == 64
    assert "clip_weights" not in load_settings("gpu").identity()


def test_vitrine_pairs_makes_a_data_set_and_resumes(shop: Path, small: PairSettings, tmp_path: Path) -> None:
    import yaml

    from flows.cli import app

    file = tmp_path / "small.yaml"
    file.write_text(yaml.safe_dump(small.model_dump()))
    command = ["pairs", str(shop), "--output", str(tmp_path / "out"), "--settings", str(file)]
    first = CliRunner().invoke(app, command)
    assert first.exit_code == 0, first.output
    assert "10 pictures, 9 usable" in first.output and (tmp_path / "out" / "page.html").exists()
    second = CliRunner().invoke(app, command)
    assert second.exit_code == 0 and second.output.splitlines()[-2:] == first.output.splitlines()[-2:]
    refused = CliRunner().invoke(app, [*command, "--limit", "2"])
    assert refused.exit_code == 3 and "pictures" in refused.output
    inside = CliRunner().invoke(app, ["pairs", str(shop), "--output", str(shop / "out")])
    assert inside.exit_code == 2 and "inside" in inside.output
