"""A job that is killed again and again ends as one that never was."""

from pathlib import Path

import pytest
from job import PART
from torture import UNDER_WAY, torture


@pytest.mark.slow
def test_a_job_killed_again_and_again_loses_and_doubles_nothing(tmp_path: Path) -> None:
    toll = torture(tmp_path, documents=300, kills=12, seed=7)
    assert (toll.kills, toll.lost, toll.twice) == (12, 0, 0)
    assert toll.worst <= PART + UNDER_WAY


@pytest.mark.slow
def test_a_job_killed_between_chores_that_are_killed_too(tmp_path: Path) -> None:
    toll = torture(tmp_path, documents=200, kills=16, seed=3, chores=["compact", "repair", "retry", "supersede"])
    assert (toll.lost, toll.twice) == (0, 0) and toll.kills >= 16
