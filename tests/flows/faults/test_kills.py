"""SIGKILL between every two writes, and at random moments: the next run ends with an undisturbed night's files, to the
byte.

``VITRINE_KILLS`` says how many random kills (100), ``VITRINE_SEED`` which ones (0). A night is killed again and again,
until one run is quicker than its moment.
"""

from __future__ import annotations

import os
import random
import signal
from collections import Counter
from pathlib import Path

import pytest
from timeless import PATIENCE, begin, different, files, finish
from undisturbed import BATCH, Undisturbed

from editcore.shardwork import LANES

pytestmark = [pytest.mark.faults, pytest.mark.timeout(3600)]
KILLS, SEED = int(os.environ.get("VITRINE_KILLS", "100")), os.environ.get("VITRINE_SEED", "0")
HANDS = 20
WORKERS = 2
SPARE = 200
"""Numbers of writes to try; a night of ten rows has fewer."""


def test_killed_at_every_write(tmp_path: Path, undisturbed: Undisturbed) -> None:
    """Before it, with half of it written; also before every removal."""
    for number in range(SPARE):
        campaign = undisturbed.campaign(tmp_path / str(number))
        process = begin(campaign, (number, "torn"))
        process.join(PATIENCE)
        assert process.exitcode in (0, -signal.SIGKILL)
        if alive := process.exitcode == 0:
            break
        finish(campaign)
        assert different(files(campaign.parent / "out"), undisturbed.files) == [], f"killed at write {number}"
    assert alive and number > 40


@pytest.mark.parametrize("hand", range(HANDS))
def test_killed_at_random_moments(hand: int, tmp_path: Path, undisturbed: Undisturbed) -> None:
    moments = random.Random(f"{SEED}-{hand}")
    kills = night = 0
    while kills < -(-KILLS // HANDS):
        night += 1
        campaign, log = undisturbed.campaign(tmp_path / str(night)), tmp_path / f"{night}.log"
        told = []
        while True:
            told.append(moment := moments.uniform(0, undisturbed.seconds))
            process = begin(campaign, STANDIN_LOG=str(log))
            process.join(moment)
            process.kill()
            process.join()
            if process.exitcode == 0:
                break
            assert process.exitcode == -signal.SIGKILL
            kills += 1
        after = f"VITRINE_SEED={SEED}, hand {hand}, night {night}, killed after {told[:-1]} s"
        assert different(files(campaign.parent / "out"), undisturbed.files) == [], after
        edits = Counter(log.read_text().split())
        assert len(edits) == 6, after
        assert edits.total() - 6 <= (len(told) - 1) * BATCH * LANES * WORKERS, after
