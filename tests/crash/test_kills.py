"""Three cases of signals.py, on the real vLLM with processes of its own: a SIGTERM to all, and two sudden deaths."""

import random
from pathlib import Path
from signal import SIGKILL, SIGTERM

import pytest
from signals import DOCUMENTS, Case, tried

CASES = [
    (Case((SIGTERM,), "group", "run"), 5),
    (Case((SIGKILL,), "core", "run"), 3),
    (Case((SIGKILL,), "process", "load"), -SIGKILL),
]


@pytest.mark.engine
@pytest.mark.parametrize(("case", "code"), CASES, ids=str)
def test_nothing_is_lost_or_left(tiny: Path, tmp_path: Path, case: Case, code: int) -> None:
    found = tried(case, tmp_path / "run", tiny, random.Random(1))
    assert (found.code, found.left, found.shared) == (code, 0, 0)
    assert (found.paid, found.lost, found.twice, found.then) == (0, 0, 0, 0)
    assert found.settled < DOCUMENTS
