"""The night in which nothing happened, for others to be compared with."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml
from catalogue import PROFILE, write_campaign, write_pictures
from timeless import files, finish

BATCH = 1


@dataclass(frozen=True)
class Undisturbed:
    """A finished night: ten rows in two shards, six of them pictures, four of them bad files."""

    home: Path
    files: dict[str, bytes]
    seconds: float

    def campaign(self, home: Path, **changes: object) -> Path:
        """A campaign file in ``home`` for the same night; ``changes`` replace fields."""
        home.mkdir(parents=True, exist_ok=True)
        source, profile = {"folder": str(self.home / "photos")}, str(self.home / "standin.yaml")
        return write_campaign(home, **{"source": source, "profile": profile, "shard_size": 5, **changes})


@pytest.fixture(scope="session")
def undisturbed(code_stands_still: None, tmp_path_factory: pytest.TempPathFactory) -> Undisturbed:
    home = tmp_path_factory.mktemp("undisturbed")
    write_pictures(home / "photos", good=2)
    (home / "weights.safetensors").write_bytes(b"the weights of that night")
    weights = [str(home / "weights.safetensors")]
    (home / "standin.yaml").write_text(
        yaml.safe_dump({**PROFILE, "options": {"batch_size": BATCH}, "weights": weights})
    )
    night = Undisturbed(home, {}, 0.0)
    finish(night.campaign(home / "first"))  # everything is imported now
    return Undisturbed(home, files(home / "first" / "out"), finish(night.campaign(home / "second")))
