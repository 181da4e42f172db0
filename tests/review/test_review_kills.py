"""Killing the server of a review loses nothing that it said was kept."""

import pytest
from review_kills import lost


@pytest.mark.slow
def test_what_was_answered_is_in_the_log(tmp_path):
    kills, answered, missing = lost(tmp_path, 4)
    assert (kills, missing) == (4, 0) and answered > 0
